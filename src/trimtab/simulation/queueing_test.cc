// Queueing theory as an oracle of the event loop: each law below is exact for the model simulated.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "trimtab/simulation/event_loop.h"
#include "trimtab/simulation/testing/scenarios.h"
#include "trimtab/simulation/testing/three_tiers.h"

namespace trimtab {
namespace {

constexpr int kBatches = 30;

struct MeanEstimate {
  double mean = 0;            // of the time in the first microservice, in ms
  double standard_error = 0;  // from 30 batches
};

std::unique_ptr<EventLoop> MakeLoop(const ClusterScenario& scenario, double rate,
                                    std::uint64_t seed) {
  EventLoopOptions options;
  options.seed = seed;
  options.load = StepSeries::Constant(rate);
  auto loop = EventLoop::Create(scenario, options, [](EventKind) {});
  EXPECT_TRUE(loop.ok()) << loop.status();
  return std::move(*loop);
}

// A tenth of the run is warm-up; the rest is cut into batches, whose means are nearly independent
// as each is hundreds of busy periods long.
MeanEstimate Estimate(EventLoop& loop, double requests, double rate) {
  const auto batch = static_cast<SimNanos>(requests / rate / kBatches * 1e9);
  SimNanos end = 3 * batch;
  loop.RunUntil(end);
  const FlowStatistics& flow = loop.state().replica_sets[0].flow;
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < kBatches; ++i) {
    const double sojourn = flow.sojourn_nanos;
    const auto departures = static_cast<double>(flow.departures);
    loop.RunUntil(end += batch);
    const double mean =
        (flow.sojourn_nanos - sojourn) / (static_cast<double>(flow.departures) - departures) * 1e-6;
    sum += mean;
    squares += mean * mean;
  }
  const double mean = sum / kBatches;
  return {mean, std::sqrt((squares / kBatches - mean * mean) / (kBatches - 1))};
}

// 4.5 standard errors: with 29 degrees of freedom one test in 10,000 would fail by chance, and the
// seeds are fixed. The error itself is bounded, so that the test cannot pass by being blunt.
void ExpectMean(const MeanEstimate& estimate, double theory, double most_relative_error) {
  EXPECT_NEAR(estimate.mean, theory, 4.5 * estimate.standard_error);
  EXPECT_LT(estimate.standard_error / theory, most_relative_error);
}

// Sharing: M/G/1-PS has mean S / (1 - rho) whatever the law (Kleinrock, Queueing Systems II, 4.4).
using SharingCase = std::tuple<std::string, Distribution, double>;
class ProcessorSharingTest : public testing::TestWithParam<SharingCase> {};

TEST_P(ProcessorSharingTest, MeanIsDemandOverIdleShare) {
  const auto& [name, law, utilization] = GetParam();
  const ClusterScenario scenario = PlainCluster({PlainMicroservice("a", {Cpu(law)})});
  const double demand = MeanOf(law).count();
  const double rate = utilization / demand * 1000;
  const auto loop = MakeLoop(scenario, rate, 11);
  ExpectMean(Estimate(*loop, 1'000'000, rate), demand / (1 - utilization),
             utilization > 0.8 ? 0.03 : 0.012);
}

// A hyper-exponential law of CV 3 and mean 5 ms: 10 % of the demands have mean a, the others b,
// with 0.1 a + 0.9 b = 5 and 2 (0.1 a^2 + 0.9 b^2) = 250: a = 35, b = 5/3.
Distribution HyperExponential() {
  EmpiricalLaw table;
  const auto tail = [](double x) { return 0.1 * std::exp(-x / 35) + 0.9 * std::exp(-x * 3 / 5); };
  for (double x = 0; x < 600; x += x < 30 ? 0.05 : 1) {
    table.points.push_back({1 - tail(x), Latency(x)});
  }
  table.points.push_back({1, Latency(600)});
  return table;
}

INSTANTIATE_TEST_SUITE_P(
    FiveLaws, ProcessorSharingTest,
    testing::Values(SharingCase{"Deterministic", Deterministic{Latency(5)}, 0.6},
                    SharingCase{"Exponential", Exponential{Latency(5)}, 0.3},
                    SharingCase{"ExponentialHeavy", Exponential{Latency(5)}, 0.9},
                    SharingCase{"Lognormal", Lognormal{Latency(5), 1.5}, 0.6},
                    SharingCase{"TwoPoint", TwoPoint{Latency(1), Latency(21), 0.2}, 0.6},
                    SharingCase{"HyperExponential", HyperExponential(), 0.6}),
    [](const auto& test) { return std::get<0>(test.param); });

// The mean time in an M/M/c queue (Erlang C), service time 1.
double ErlangTime(int servers, double utilization) {
  const double offered = servers * utilization;
  double blocking = 1;  // Erlang B by recursion
  for (int k = 1; k <= servers; ++k) blocking = offered * blocking / (k + offered * blocking);
  const double waiting = blocking / (1 - utilization * (1 - blocking));
  return 1 + waiting / (servers * (1 - utilization));
}

class ThreadsTest : public testing::TestWithParam<int> {};

TEST_P(ThreadsTest, AsManyThreadsAsCoresAreErlangsQueue) {
  const int servers = GetParam();
  MicroserviceSpec spec = PlainMicroservice("a", {Cpu(Exponential{Latency(5)})});
  spec.threads = servers;
  spec.parallelism = servers;
  const ClusterScenario scenario = PlainCluster({spec});
  const double rate = servers * 0.7 / 5 * 1000;
  const auto loop = MakeLoop(scenario, rate, 12);
  ExpectMean(Estimate(*loop, 300'000, rate), 5 * ErlangTime(servers, 0.7), 0.012);
}

INSTANTIATE_TEST_SUITE_P(Servers, ThreadsTest, testing::Values(1, 2, 4, 16));

// No queue anywhere: the mean is the sum of the means, and Poisson arrivals see nothing of it.
TEST(WaitTest, InfiniteServersTakeWaitPlusDemand) {
  MicroserviceSpec spec =
      PlainMicroservice("a", {Cpu(Exponential{Latency(2)}), Wait(Lognormal{Latency(20), 1})});
  spec.parallelism = 10'000;
  const ClusterScenario scenario = PlainCluster({spec});
  const auto loop = MakeLoop(scenario, 1000, 13);
  ExpectMean(Estimate(*loop, 200'000, 1000), 22, 0.004);
}

// A host of one core makes one container of any parallelism an M/M/1-PS queue.
TEST(HostTest, SaturatedHostWithOneContainerIsProcessorSharing) {
  MicroserviceSpec spec = PlainMicroservice("a", {Cpu(Exponential{Latency(5)})});
  spec.parallelism = 64;
  spec.initial.container.cpu = Cores(1);
  ClusterScenario scenario = PlainCluster({spec});
  scenario.hosts[0].cpu = Cores(1);
  const auto loop = MakeLoop(scenario, 120, 14);
  ExpectMean(Estimate(*loop, 200'000, 120), 5 / (1 - 0.6), 0.015);
}

// Two equal containers on two cores: min(jobs, 2) cores are busy whatever the split, so the number
// of jobs is that of M/M/2, and so by Little's law is the mean time.
TEST(HostTest, TwoEqualContainersOnTwoCoresHaveTheMeanOfTwoServers) {
  MicroserviceSpec spec = PlainMicroservice("a", {Cpu(Exponential{Latency(5)})});
  spec.parallelism = 64;
  spec.initial = {2, {Cores(4), Mebibytes(100)}};
  ClusterScenario scenario = PlainCluster({spec});
  scenario.hosts[0].cpu = Cores(8);
  const auto loop = MakeLoop(scenario, 280, 15);
  loop->contention().SetAnomaly(0, {.cpu = 0.75});  // leaves two, so that no quota is met
  ExpectMean(Estimate(*loop, 300'000, 280), 5 * ErlangTime(2, 0.7), 0.012);
}

// Waits without a queue: a fork to two exponential waits of mean 1 takes max = 1.5 on average, one
// after the other takes 2.
TEST(TreeTest, ForkTakesTheMaximumAndSequenceTheSum) {
  for (const bool parallel : {true, false}) {
    const ClusterScenario scenario =
        PlainCluster({PlainMicroservice("root", {Call({"left", "right"}, parallel)}),
                      PlainMicroservice("left", {Wait(Exponential{Latency(1)})}),
                      PlainMicroservice("right", {Wait(Exponential{Latency(1)})})});
    const auto loop = MakeLoop(scenario, 1000, 16);
    ExpectMean(Estimate(*loop, 150'000, 1000), parallel ? 1.5 : 2.0, 0.004);
  }
}

// A fork over queues is at least as long as its longest branch and at most as long as their sum.
TEST(TreeTest, ForkOverQueuesLiesBetweenItsBounds) {
  const ClusterScenario scenario =
      PlainCluster({PlainMicroservice("root", {Call({"left", "right"}, true)}),
                    PlainMicroservice("left", {Cpu(Exponential{Latency(5)})}),
                    PlainMicroservice("right", {Cpu(Exponential{Latency(3)})})});
  const auto loop = MakeLoop(scenario, 120, 17);
  const MeanEstimate root = Estimate(*loop, 100'000, 120);
  const double left = 5 / (1 - 0.6);
  const double right = 3 / (1 - 0.36);
  EXPECT_GT(root.mean, left - 4.5 * root.standard_error);
  EXPECT_LT(root.mean, left + right + 4.5 * root.standard_error);
}

// Little's law holds to the nanosecond for every microservice on every run: the time integral of
// the population is the time spent by those who left plus that of those still there so far.
TEST(TreeTest, LittlesLawHoldsForEveryMicroservice) {
  const ClusterScenario scenario = ThreeTiers();
  const auto loop = MakeLoop(scenario, 150, 18);
  loop->RunUntil(600 * kSecond);
  for (ReplicaSet& set : loop->state().replica_sets) {
    set.flow.Change(loop->state().now, 0);
    // Those still there: at most a few dozen of some 90,000.
    EXPECT_NEAR(set.flow.sojourn_nanos / set.flow.population_nanos, 1.0, 0.001);
    EXPECT_GT(set.flow.departures, 80'000U);
  }
}

TEST(TreeTest, EveryArrivalIsAnsweredTimedOutOrInFlight) {
  ClusterScenario scenario = ThreeTiers();
  scenario.entries[0].timeout = std::chrono::milliseconds(60);
  const auto loop = MakeLoop(scenario, 150, 19);
  loop->RunUntil(300 * kSecond);
  std::uint64_t in_flight = 0;
  for (std::uint32_t i = 0; i < loop->state().frames.capacity(); ++i) {
    const Frame& frame = loop->state().frames[i];
    const bool root = frame.state != FrameState::kFree && frame.parent == kNone && !frame.detached;
    in_flight += root ? 1U : 0U;
  }
  const OperationRecord& record = loop->requests().operations()[0];
  EXPECT_GT(record.timeouts, 100U);
  EXPECT_EQ(loop->requests().arrivals(), record.requests + in_flight);
}

TEST(DeterminismTest, SameSeedGivesTheSameLatencies) {
  const ClusterScenario scenario = ThreeTiers();
  const auto one = MakeLoop(scenario, 150, 20);
  const auto same = MakeLoop(scenario, 150, 20);
  const auto other = MakeLoop(scenario, 150, 21);
  for (const auto& loop : {one.get(), same.get(), other.get()}) loop->RunUntil(60 * kSecond);
  EXPECT_EQ(one->requests().digest(), same->requests().digest());
  EXPECT_EQ(one->state().processed_events, same->state().processed_events);
  EXPECT_NE(one->requests().digest(), other->requests().digest());
}

TEST(DeterminismTest, ReadingAndSamplingChangeNoLatency) {
  const ClusterScenario scenario = ThreeTiers();
  const auto plain = MakeLoop(scenario, 150, 22);
  plain->RunUntil(60 * kSecond);

  EventLoopOptions options;
  options.seed = 22;
  options.load = StepSeries::Constant(150);
  options.span_share = 0.3;
  auto sampled = EventLoop::Create(scenario, options, [](EventKind) {});
  ASSERT_TRUE(sampled.ok());
  double used = 0;
  for (SimNanos t = 0; t <= 60 * kSecond; t += 37'000'001) {
    (*sampled)->state().events.Push(t, EventKind::kScrape, 0);
  }
  for (SimNanos t = 0; t <= 60 * kSecond; t += kSecond / 3) {
    (*sampled)->RunUntil(t);
    for (const Container& c : (*sampled)->state().containers) used += c.cpu.UsedAt(t);
  }
  (*sampled)->RunUntil(60 * kSecond);
  EXPECT_GT(used, 0);
  EXPECT_FALSE((*sampled)->spans().records().empty());
  EXPECT_EQ(plain->requests().digest(), (*sampled)->requests().digest());
}

}  // namespace
}  // namespace trimtab
