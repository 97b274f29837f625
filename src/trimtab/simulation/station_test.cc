#include "trimtab/simulation/station.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "trimtab/simulation/event_loop.h"
#include "trimtab/simulation/simulated_samples.h"
#include "trimtab/simulation/tail_estimate.h"
#include "trimtab/simulation/testing/scenarios.h"
#include "trimtab/simulation/testing/three_tiers.h"

namespace trimtab {
namespace {

// A container that throttles, with a thread limit, a wait, page faults and a slow-down.
ClusterScenario OneContainer(int threads) {
  MicroserviceSpec spec =
      PlainMicroservice("a", {Cpu(Lognormal{Latency(5), 1}),
                              Wait(Exponential{Latency(2)}),
                              {BranchStep{0.25, {Cpu(Exponential{Latency(3)})}, {}, {}}}});
  spec.threads = threads;
  spec.parallelism = 4;
  spec.initial = {1, {Millicores(500), Mebibytes(60)}};
  spec.memory.heap = Mebibytes(40);
  spec.memory.file_pages = Mebibytes(40);
  spec.memory.pages_per_request = 10;
  spec.sensitivity.memory_bandwidth = {0.5, 0.2};
  ClusterScenario scenario = PlainCluster({spec});
  scenario.hosts[0].cpu = Cores(8);
  return scenario;
}

Interference Shares(double cpu, double capacity, double bandwidth, double network) {
  Interference interference = Interference::None();
  interference.Set(InterferenceKind::kCpu, Ratio(cpu));
  interference.Set(InterferenceKind::kMemoryCapacity, Ratio(capacity));
  interference.Set(InterferenceKind::kMemoryBandwidth, Ratio(bandwidth));
  interference.Set(InterferenceKind::kNetworkBandwidth, Ratio(network));
  return interference;
}

class StationAgainstLoop : public testing::TestWithParam<int> {};

// Both are run long; each P95 has the relative error that its estimate states, the difference the
// root of the sum of their squares; 4.5 of it, and at most 6 % in all.
TEST_P(StationAgainstLoop, AgreesWithTheEventLoop) {
  const ClusterScenario scenario = OneContainer(GetParam());
  constexpr double kRate = 40;  // at speed 1/1.2: (5 + 0.75) ms * 1.2 * 40 = 0.28 of 0.5 cores
  const Interference interference = Shares(0.1, 0, 0.6, 0);

  EventLoopOptions options;
  options.seed = 31;
  options.load = StepSeries::Constant(kRate);
  auto loop = EventLoop::Create(scenario, options, [](EventKind) {});
  ASSERT_TRUE(loop.ok());
  (*loop)->contention().SetAnomaly(0, Contention::From(interference));
  Container& container = (*loop)->state().containers[0];
  (*loop)->RunUntil(60 * kSecond);
  container.own_latency.Clear();
  std::vector<LogHistogram> batches;
  const double used = container.cpu.UsedAt((*loop)->state().now);
  for (int b = 1; b <= 20; ++b) {
    (*loop)->RunUntil((60 + b * 2000) * kSecond);
    batches.push_back(container.own_latency);
    container.own_latency.Clear();
  }
  const TailEstimate in_loop = EstimateTail(batches);
  const double utilization =
      (container.cpu.UsedAt((*loop)->state().now) - used) / (40'000.0 * kSecond) / 0.5;

  const auto samples = SimulatedSamples::Create(scenario);
  ASSERT_TRUE(samples.ok());
  const auto alone = (*samples)->Measure(
      StationSetting{MicroserviceId(0), scenario.microservices[0].initial.container,
                     RequestsPerSecond(kRate), interference},
      {0.0001, 1'600'000}, 32);
  ASSERT_TRUE(alone.ok()) << alone.status();
  EXPECT_EQ(alone->requests, 1'600'000);
  const double error = std::hypot(in_loop.relative_standard_error, alone->relative_standard_error);
  EXPECT_LT(4.5 * error, 0.06);
  EXPECT_NEAR(alone->tail / in_loop.tail, 1, 4.5 * error);
  // Demand of a request has a CV below 1.2: relative error 1.2 / sqrt(1,600,000) = 0.1 %, four and
  // a half of both.
  EXPECT_NEAR(alone->utilization / utilization, 1, 0.0065);
}

INSTANTIATE_TEST_SUITE_P(Threads, StationAgainstLoop, testing::Values(0, 16));

TEST(StationTest, SameSeedGivesTheSameLatencies) {
  const ClusterScenario scenario = OneContainer(0);
  const CompiledPrograms programs = CompiledPrograms::Compile(scenario);
  const StationParameters parameters{0, {Millicores(500), Mebibytes(60)}, 30, {}, 8, 1e12, {1.0},
                                     {}};
  Station one(scenario, programs, parameters, 5);
  Station two(scenario, programs, parameters, 5);
  Station other(scenario, programs, parameters, 6);
  one.Run(6000);
  two.Run(2000);
  two.Run(4000);  // going on is the same as running at once
  other.Run(6000);
  EXPECT_EQ(one.latencies(), two.latencies());
  EXPECT_NE(one.latencies(), other.latencies());
}

// The estimate of the error, over 40 independent runs, is that of the labels' actual spread within
// a factor of two: it is pessimistic under Latin hypercube streams, never blind. The spread of 40
// values is known to 1 / sqrt(80) = 11 %.
TEST(StationTest, TheErrorEstimateIsOfTheSizeOfTheError) {
  const auto samples = SimulatedSamples::Create(OneContainer(0));
  ASSERT_TRUE(samples.ok());
  double sum = 0;
  double squares = 0;
  double estimated = 0;
  constexpr int kRuns = 40;
  for (std::uint64_t seed = 0; seed < kRuns; ++seed) {
    const auto label = (*samples)->Measure(StationSetting{MicroserviceId(0),
                                                          {Cores(4), Mebibytes(100)},
                                                          RequestsPerSecond(100),
                                                          Interference::None()},
                                           {0.0001, 6000}, seed);
    ASSERT_TRUE(label.ok()) << label.status();
    sum += label->tail.count();
    squares += label->tail.count() * label->tail.count();
    estimated += label->relative_standard_error / kRuns;
  }
  const double mean = sum / kRuns;
  const double spread = std::sqrt(squares / kRuns - mean * mean) / mean;
  EXPECT_GT(estimated, spread / 1.5);
  EXPECT_LT(estimated, spread * 3);
}

TEST(StationTest, StopsAsSoonAsTheErrorIsSmallEnough) {
  const auto samples = SimulatedSamples::Create(OneContainer(0));
  const StationSetting setting{
      MicroserviceId(0), {Cores(4), Mebibytes(100)}, RequestsPerSecond(20), Interference::None()};
  EXPECT_EQ((*samples)->Measure(setting, {0.5, 20'000}, 1)->requests, 2000);
  EXPECT_EQ((*samples)->Measure(setting, {1e-6, 20'000}, 1)->requests, 20'000);
}

TEST(SimulatedSamplesTest, RefusesWhatCannotRun) {
  const auto samples = SimulatedSamples::Create(OneContainer(0));
  const auto measure = [&](Millicores cpu, Bytes memory, double rate) {
    return (*samples)->Measure(
        StationSetting{
            MicroserviceId(0), {cpu, memory}, RequestsPerSecond(rate), Interference::None()},
        {}, 1);
  };
  EXPECT_TRUE(measure(Cores(1), Mebibytes(50), 20).ok());
  EXPECT_EQ(measure(Cores(1), Mebibytes(30), 20).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(measure(Millicores(100), Mebibytes(50), 200).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(measure(Cores(1), Mebibytes(50), 0).status().code(),
            absl::StatusCode::kInvalidArgument);
}

// Mean demand 5 + 0.25 * 3 = 5.75 ms. With 60 of 80 MiB half of the file pages are missing: 5
// faults of 13 us. Bandwidth 0.6 is 0.4 above the floor: speed 1 / 1.2.
TEST(SimulatedSamplesTest, CpuPerRequestCountsFaultsAndContention) {
  const auto samples = SimulatedSamples::Create(OneContainer(0));
  const auto cpu = [&](Bytes memory, double bandwidth) {
    return InSeconds(*(*samples)->CpuPerRequest(MicroserviceId(0), {Cores(1), memory},
                                                Shares(0, 0, bandwidth, 0))) *
           1e3;
  };
  EXPECT_NEAR(cpu(Mebibytes(80), 0), 5.75, 1e-6);
  EXPECT_NEAR(cpu(Mebibytes(60), 0), 5.815, 1e-6);
  EXPECT_NEAR(cpu(Mebibytes(80), 0.6), 6.9, 1e-5);
}

// Every setting behaves as its representative does, up to the shift: the labels are the same bytes.
TEST(SimulatedSamplesTest, EquivalentSettingsHaveTheSameLabel) {
  ClusterScenario scenario = OneContainer(0);
  scenario.microservices[0].endpoints[0].transfer = std::chrono::microseconds(200);
  const auto samples = SimulatedSamples::Create(scenario);
  const StationSetting setting{MicroserviceId(0),
                               {Cores(1), Mebibytes(300)},
                               RequestsPerSecond(50),
                               Shares(0.4, 0.5, 0.1, 0.65)};
  const StationEquivalent same = (*samples)->Equivalent(setting);
  EXPECT_EQ(same.representative.container.memory, Mebibytes(80));
  EXPECT_EQ(same.representative.interference, Interference::None());
  // Stretch 1 / (1 - 0.35 / 0.7) = 2: 200 us more.
  EXPECT_NEAR(same.shift.count(), 0.2, 1e-9);
  const auto label = (*samples)->Measure(setting, {}, 3);
  const auto representative = (*samples)->Measure(same.representative, {}, 3);
  ASSERT_TRUE(label.ok() && representative.ok());
  EXPECT_NEAR((representative->tail + same.shift) / label->tail, 1, 1e-6);
  const StationEquivalent again = (*samples)->Equivalent(same.representative);
  EXPECT_EQ(again.representative.container, same.representative.container);
  EXPECT_EQ(again.representative.interference, same.representative.interference);
  EXPECT_EQ(again.shift, Latency(0));
}

// visits: front 1, middle 1, store 1 + 1 + 0.3 = 2.3.
TEST(SimulatedSamplesTest, VisitsFollowTheCallTree) {
  const auto samples = SimulatedSamples::Create(ThreeTiers());
  EXPECT_DOUBLE_EQ((*samples)->Traits(MicroserviceId(0)).visits_per_request, 1);
  EXPECT_DOUBLE_EQ((*samples)->Traits(MicroserviceId(1)).visits_per_request, 1);
  EXPECT_DOUBLE_EQ((*samples)->Traits(MicroserviceId(2)).visits_per_request, 2.3);
  EXPECT_TRUE((*samples)->Traits(MicroserviceId(0)).asynchronous);
  EXPECT_FALSE((*samples)->Traits(MicroserviceId(1)).asynchronous);
}

// The scenario's own allocation, free of interference.
TreeSetting AsDeployed(const ClusterScenario& scenario, double application_load) {
  const std::size_t count = scenario.microservices.size();
  TreeSetting setting;
  setting.allocation = Allocation(count);
  for (std::size_t m = 0; m < count; ++m) {
    setting.allocation[MicroserviceId(m)] = scenario.microservices[m].initial;
  }
  setting.application_load = RequestsPerSecond(application_load);
  setting.interference.assign(count, Interference::None());
  return setting;
}

TEST(SimulatedSamplesTest, AWholeTreeLabelsEveryContainer) {
  const ClusterScenario scenario = ThreeTiers();
  const auto samples = SimulatedSamples::Create(scenario);
  TreeSetting setting = AsDeployed(scenario, 100);
  const auto sample = (*samples)->Measure(setting, {0.05, 20'000}, 7);
  ASSERT_TRUE(sample.ok()) << sample.status();
  ASSERT_EQ(sample->containers.size(), 3U);
  EXPECT_EQ(sample->containers[0].size(), 2U);
  EXPECT_EQ(sample->containers[1].size(), 3U);
  double middle = 0;
  for (const ContainerLabel& label : sample->containers[1]) {
    middle += label.container_load.value();
    EXPECT_TRUE(label.label.whole_tree);
    EXPECT_GT(label.label.tail.count(), 0);
    // 100 / 3 visits/s of 4 ms over 0.3 cores are 44 %; a lognormal of CV 1.5 over at least 600
    // visits leaves 6 % of error, and the random choice of replicas 4 %.
    EXPECT_NEAR(label.label.utilization, 0.444, 0.12);
  }
  // A Poisson count of at least 2,000 has a relative error of 2.2 %.
  EXPECT_NEAR(middle, 100, 10);
  EXPECT_GT(sample->end_to_end_tail, sample->containers[1][0].label.tail);
  // The same seed gives the same bytes.
  const auto again = (*samples)->Measure(setting, {0.05, 20'000}, 7);
  EXPECT_EQ(again->end_to_end_tail, sample->end_to_end_tail);
  setting.application_load = RequestsPerSecond(1000);
  EXPECT_EQ((*samples)->Measure(setting, {}, 7).status().code(),
            absl::StatusCode::kInvalidArgument);
}

// The visits and utilisations of the test above, all latencies of a microservice together; their
// P95 is that of the labels, which come of the same histograms.
TEST(SimulatedSamplesTest, AWholeTreeGivesTheLatenciesOfEveryMicroservice) {
  const ClusterScenario scenario = ThreeTiers();
  const auto samples = SimulatedSamples::Create(scenario);
  TreeSetting setting = AsDeployed(scenario, 100);
  const auto drawn = (*samples)->Draw(setting, 20'000, 7);
  ASSERT_TRUE(drawn.ok()) << drawn.status();
  ASSERT_EQ(drawn->size(), 3U);
  const TreeLatencies& middle = (*drawn)[1];
  EXPECT_EQ(middle.containers, 3);
  // A Poisson count of 20,000 has a relative error of 0.7 %.
  EXPECT_NEAR(static_cast<double>(middle.draws.seconds.size()), 20'000, 4 * 141);
  EXPECT_NEAR(middle.container_load, 100 / 3.0, 4 * 0.24);
  EXPECT_NEAR(middle.draws.utilization, 0.444, 0.03);

  // Over five seeds: one P95 of 20,000 correlated latencies is known to about a tenth, a mean of
  // five to a twentieth.
  double drawn_tail = 0;
  double label_tail = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    auto draws = (*samples)->Draw(setting, 20'000, seed);
    const auto label = (*samples)->Measure(setting, {0.001, 60'000}, seed + 100);
    ASSERT_TRUE(draws.ok() && label.ok());
    std::vector<double>& seconds = (*draws)[1].draws.seconds;
    std::ranges::sort(seconds);
    drawn_tail += 1e3 * seconds[seconds.size() * 95 / 100] / 5;
    for (const ContainerLabel& each : label->containers[1])
      label_tail += each.label.tail.count() / 15;
  }
  EXPECT_NEAR(drawn_tail, label_tail, 0.2 * label_tail);

  const auto again = (*samples)->Draw(setting, 20'000, 7);
  EXPECT_EQ(again->at(2).draws.seconds, drawn->at(2).draws.seconds);
}

// front waits 25 ms and then for two calls of 10 ms side by side; back waits 5 ms and then for
// both. No call covers 25 and 5 ms; 50 - 10 - 10 - 15 are 15 ms, and 15 - 10 - 10 is nothing that
// is kept.
TEST(SimulatedSamplesTest, PlainSubtractionTakesParallelCallsTwice) {
  ClusterScenario scenario = PlainCluster(
      {PlainMicroservice(
           "front", {Wait(Deterministic{Latency(25)}), Call({"b", "c"}, true), Call({"back"})}),
       PlainMicroservice("back", {Wait(Deterministic{Latency(5)}), Call({"b", "c"}, true)}),
       PlainMicroservice("b", {Wait(Deterministic{Latency(10)})}),
       PlainMicroservice("c", {Wait(Deterministic{Latency(10)})})});
  const auto samples = SimulatedSamples::Create(scenario);
  ASSERT_TRUE(samples.ok()) << samples.status();
  const auto drawn = (*samples)->Draw(AsDeployed(scenario, 100), 5'000, 7);
  ASSERT_TRUE(drawn.ok()) << drawn.status();
  // A binomial count: 500 of 5,000 requests, with a deviation of 21.
  EXPECT_NEAR(static_cast<double>((*drawn)[0].plain_seconds.size()), 500, 4 * 21 + 5);
  for (const double seconds : (*drawn)[0].plain_seconds) EXPECT_NEAR(seconds, 0.015, 1e-9);
  EXPECT_NEAR((*drawn)[0].draws.seconds[0], 0.025, 1e-3);
  EXPECT_TRUE((*drawn)[1].plain_seconds.empty());
  EXPECT_NEAR((*drawn)[1].draws.seconds[0], 0.005, 1e-4);
  ASSERT_FALSE((*drawn)[2].plain_seconds.empty());
  EXPECT_NEAR((*drawn)[2].plain_seconds[0], 0.010, 1e-9);
}

// 300 requests/s of 4 ms need 1.2 cores of the 0.9 there are: a label would mean nothing, latencies
// of a queue that builds up are still told.
TEST(SimulatedSamplesTest, LatenciesAreDrawnAboveTheCapacityToo) {
  const ClusterScenario scenario = ThreeTiers();
  const auto samples = SimulatedSamples::Create(scenario);
  TreeSetting setting = AsDeployed(scenario, 300);
  EXPECT_TRUE(absl::IsInvalidArgument((*samples)->Measure(setting, {0.05, 2'000}, 7).status()));
  const auto drawn = (*samples)->Draw(setting, 3'000, 7);
  ASSERT_TRUE(drawn.ok()) << drawn.status();
  EXPECT_GT((*drawn)[1].draws.utilization, 0.95);
}

}  // namespace
}  // namespace trimtab
