#include "trimtab/simulation/request_process.h"

#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/simulation/request_graphs.h"
#include "trimtab/simulation/simulated_cluster.h"
#include "trimtab/simulation/station.h"
#include "trimtab/simulation/testing/scenarios.h"
#include "trimtab/simulation/traffic.h"
#include "trimtab/tracing/trace_analysis.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

ConditionSpec AtLeast(const char* state, std::int64_t least) {
  ConditionSpec condition;
  condition.state = state;
  condition.at_least = least;
  return condition;
}
ProgramStep When(ConditionSpec condition, std::vector<ProgramStep> then) {
  BranchStep branch;
  branch.when = {std::move(condition)};
  branch.then = std::move(then);
  return {std::move(branch)};
}
ProgramStep Repeat(const char* argument, double times, double plus,
                   std::vector<ProgramStep> steps) {
  return {RepeatStep{{argument, times, plus}, std::move(steps)}};
}

// A shop: `book` takes a ticket, `cancel` gives one back, `look` only reads. Every request asks for
// the seat of each of `distance` sections while tickets are left.
ClusterScenario Shop(std::int64_t tickets) {
  ClusterScenario scenario = PlainCluster(
      {PlainMicroservice(
           "shop", {Cpu(Deterministic{Latency(0.1)}),
                    When(AtLeast("tickets", 1), {Repeat("distance", 2, 1, {Call({"seat"})})})}),
       PlainMicroservice("seat", {Cpu(Deterministic{Latency(0.1)}), Call({"store"}, false, 0.5)}),
       PlainMicroservice("store", {Cpu(Deterministic{Latency(0.1)})})});
  scenario.entries = {{"look", "shop", "serve", 0.7, {}, {}},
                      {"book", "shop", "serve", 0.2, {}, {{"tickets", -1, {}}}},
                      {"cancel", "shop", "serve", 0.1, {}, {{"tickets", 1, {}}}}};
  ArgumentSpec distance;
  distance.name = "distance";
  distance.first = 1;
  distance.last = 3;
  distance.classes = {1, 3};
  scenario.arguments = {distance};
  StateSpec state;
  state.name = "tickets";
  state.initial = tickets;
  state.most = tickets;
  scenario.states = {state};
  return scenario;
}

TEST(RequestProcessTest, BookingsTakeAndCancellationsReturn) {
  const ClusterScenario scenario = Shop(40);
  ASSERT_TRUE(scenario.Validate().ok()) << scenario.Validate();
  RequestProcess process(scenario, StepSeries::Constant(100), 1);
  std::int64_t left = 40;
  bool was_sold_out = false;
  for (int i = 0; i < 2000; ++i) {
    const Request request = process.Next();
    // A request sees the tickets as it finds them.
    EXPECT_EQ(process.Holds(request.kind, 0), left > 0) << i;
    if (request.entry == 1 && left > 0) --left;
    if (request.entry == 2 && left < 40) ++left;
    EXPECT_EQ(process.Left(0), left) << i;
    was_sold_out |= left == 0;
  }
  EXPECT_TRUE(was_sold_out);
}

TEST(RequestProcessTest, AFutureBeginsWithTheStateAsItIs) {
  const ClusterScenario scenario = Shop(40);
  RequestProcess process(scenario, StepSeries::Constant(100), 1);
  while (process.Left(0) > 10) process.Next();
  const SimNanos now = process.Next().time;
  const std::int64_t left = process.Left(0);
  RequestProcess future(scenario, StepSeries::Constant(100), 2);
  std::set<SimNanos> first;
  for (const std::uint64_t seed : {7U, 8U, 7U}) {
    future.StartFrom(process, seed);
    EXPECT_EQ(future.Left(0), left);
    const Request request = future.Next();
    EXPECT_GT(request.time, now);
    first.insert(request.time);
    // It sells on; what it came from does not.
    std::int64_t expected = left;
    if (request.entry == 1 && expected > 0) --expected;
    if (request.entry == 2 && expected < 40) ++expected;
    EXPECT_EQ(future.Left(0), expected);
    EXPECT_EQ(process.Left(0), left);
  }
  EXPECT_EQ(first.size(), 2U);  // one for each seed
}

TEST(RequestProcessTest, TheFirstPossibleEffectIsDone) {
  ClusterScenario scenario = Shop(5);
  StateSpec second = scenario.states[0];
  second.name = "more";
  scenario.states.push_back(second);
  scenario.entries = {{"book", "shop", "serve", 1, {}, {{"tickets", -1, {}}, {"more", -2, {}}}}};
  ASSERT_TRUE(scenario.Validate().ok());
  RequestProcess process(scenario, StepSeries::Constant(100), 1);
  for (int i = 0; i < 6; ++i) process.Next();
  EXPECT_EQ(process.Left(0), 0);
  EXPECT_EQ(process.Left(1), 3);
  for (int i = 0; i < 6; ++i) process.Next();
  EXPECT_EQ(process.Left(1), 1);  // two more would not be there
}

TEST(RequestProcessTest, RestockingFollowsTheClockCellByCell) {
  ClusterScenario scenario = Shop(5);
  scenario.states[0].argument = "distance";  // three cells
  scenario.states[0].restock =
      RestockSpec{std::chrono::seconds(100), std::chrono::seconds(40), std::chrono::seconds(30), 4};
  ASSERT_TRUE(scenario.Validate().ok());
  StateCells cells(scenario.states[0], 3);
  for (std::size_t cell = 0; cell < 3; ++cell) cells.At(cell, 0) = 0;
  constexpr SimNanos kSecond = 1'000'000'000;
  // The cells are due at 40, 50 and 60 s, and each 100 s later again.
  EXPECT_EQ(cells.Total(39 * kSecond), 0);
  EXPECT_EQ(cells.Total(40 * kSecond), 4);
  EXPECT_EQ(cells.At(1, 49 * kSecond), 0);
  EXPECT_EQ(cells.Total(50 * kSecond), 8);
  cells.At(0, 60 * kSecond) = 1;
  EXPECT_EQ(cells.Total(139 * kSecond), 9);
  EXPECT_EQ(cells.CountAtLeast(2, 139 * kSecond), 2);
  EXPECT_EQ(cells.Total(140 * kSecond), 12);
  // A cell that nobody looked at for long is restocked once.
  cells.At(0, 150 * kSecond) = 0;
  EXPECT_EQ(cells.At(0, 839 * kSecond), 4);
  cells.At(0, 839 * kSecond) = 2;
  EXPECT_EQ(cells.At(0, 840 * kSecond), 4);
}

TEST(RequestProcessTest, MixesChangeAtOnceOrGradually) {
  ArgumentSpec spec;
  spec.name = "distance";
  spec.last = 2;
  spec.mixes = {{Duration(0), {1, 0}, 0}, {std::chrono::seconds(100), {0, 1}, 0}};
  constexpr SimNanos kSecond = 1'000'000'000;
  EXPECT_THAT(ArgumentDraw(spec, 1).SharesAt(99 * kSecond), testing::ElementsAre(1, 0));
  EXPECT_THAT(ArgumentDraw(spec, 1).SharesAt(100 * kSecond), testing::ElementsAre(0, 1));
  spec.gradual = true;
  EXPECT_DOUBLE_EQ(ArgumentDraw(spec, 1).SharesAt(25 * kSecond)[1], 0.25);
  EXPECT_DOUBLE_EQ(ArgumentDraw(spec, 1).SharesAt(900 * kSecond)[1], 1);
  spec.period = std::chrono::seconds(200);
  EXPECT_DOUBLE_EQ(ArgumentDraw(spec, 1).SharesAt(150 * kSecond)[1], 0.5);
  EXPECT_DOUBLE_EQ(ArgumentDraw(spec, 1).SharesAt(425 * kSecond)[1], 0.25);
  // Zipf weights 1, 1/2, 1/3 sum to 11/6.
  ArgumentSpec zipf;
  zipf.name = "route";
  zipf.last = 3;
  zipf.mixes = {{Duration(0), {}, 1}};
  EXPECT_NEAR(ArgumentDraw(zipf, 1).SharesAt(0)[1], 3.0 / 11, 1e-12);
  // Draws follow the shares: three standard errors of 10,000 draws of 1/4 are 0.013.
  ArgumentDraw draw(spec, 7);
  int second = 0;
  for (int i = 0; i < 10'000; ++i) second += draw.Draw(25 * kSecond) == 2 ? 1 : 0;
  EXPECT_NEAR(second / 10'000.0, 0.25, 0.013);
}

TEST(RequestProcessTest, ClassesAreAllThatIsKeptOfAnArgument) {
  const ClusterScenario scenario = Shop(40);
  RequestProcess process(scenario, StepSeries::Constant(100), 1);
  std::set<std::string> texts;
  for (int i = 0; i < 200; ++i) texts.insert(process.ArgumentClasses(process.Next().kind));
  EXPECT_THAT(texts, testing::ElementsAre("distance=1", "distance=2-3"));
  // 3 repeat counts with tickets and without.
  EXPECT_LE(process.kinds().size(), 6U);
}

TEST(RequestProcessTest, WithoutArgumentsAndStateThereIsOneKind) {
  const ClusterScenario scenario = PlainCluster(
      {PlainMicroservice("a", {Repeat("", 1, 2, {Call({"b"})})}), PlainMicroservice("b", {})});
  ASSERT_TRUE(scenario.Validate().ok()) << scenario.Validate();
  RequestProcess process(scenario, StepSeries::Constant(100), 1);
  const Request request = process.Next();
  EXPECT_EQ(process.kinds().size(), 1U);
  EXPECT_EQ(process.Repeats(request.kind, 0), 2);
  EXPECT_DOUBLE_EQ(TrafficOf(scenario)[1].visits, 2);
}

// Shares of multiplicity classes of the process alone, and of the spans of a whole run in which
// every request is traced.
std::map<ClassId, double> SharesAlone(const ClusterScenario& scenario, double rate, int seconds,
                                      std::uint64_t seed) {
  RequestProcess process(scenario, StepSeries::Constant(rate), seed);
  RequestGraphs graphs(scenario, process, ClassKey::kMultiplicity, seed);
  std::map<ClassId, double> shares;
  double sum = 0;
  for (Request request = process.Next(); request.time < SimNanos{seconds} * 1'000'000'000;
       request = process.Next()) {
    shares[graphs.ClassOf(request)] += 1;
    ++sum;
  }
  for (auto& [id, share] : shares) share /= sum;
  return shares;
}

std::map<ClassId, double> SharesOfRun(const ClusterScenario& scenario, double rate, int seconds,
                                      std::uint64_t seed, std::set<std::string>& tags) {
  SimulatedClusterOptions options;
  options.seed = seed;
  options.load = StepSeries::Constant(rate);
  options.span_share = 1;
  auto cluster = SimulatedCluster::Create(scenario, options);
  EXPECT_TRUE(cluster.ok()) << cluster.status();
  NameTable names;
  TraceAnalysis analysis(names);
  for (int second = 1; second <= seconds; ++second) {
    (*cluster)->clock().WaitUntil(Instant(std::chrono::seconds(second)));
    EXPECT_TRUE((*cluster)
                    ->traces()
                    .Read((*cluster)->clock().Now(),
                          [&](const Span& span) {
                            if (span.parent == 0) tags.insert(span.argument_classes);
                            const TracedSpan traced = Interned(span, names);
                            analysis.Accept({&traced, 1});
                          })
                    .ok());
  }
  analysis.Finish();
  std::map<ClassId, double> shares;
  double sum = 0;
  for (const InferredClass& of : analysis.trees().Classes(ClassKey::kMultiplicity)) {
    shares[of.id] = static_cast<double>(of.traces);
    sum += shares[of.id];
  }
  for (auto& [id, share] : shares) share /= sum;
  return shares;
}

TEST(RequestProcessTest, ClassSharesAloneAreThoseOfAWholeRun) {
  const ClusterScenario scenario = Shop(100);
  constexpr int kSeconds = 400;
  constexpr double kRate = 50;  // 20,000 requests
  std::set<std::string> tags;
  const auto run = SharesOfRun(scenario, kRate, kSeconds, 5, tags);
  const auto alone = SharesAlone(scenario, kRate, kSeconds, 5);
  EXPECT_THAT(tags, testing::ElementsAre("distance=1", "distance=2-3"));
  // Calls of the store are drawn apart: 4 + 6 + 8 classes with tickets, 1 without.
  EXPECT_EQ(run.size(), 19U);
  EXPECT_EQ(alone.size(), 19U);
  // Four standard errors of the difference of two independent shares of 20,000 requests; the last
  // 2 s of the run have not been reported yet, half a per cent of it.
  for (const auto& [id, share] : run) {
    const double error = std::sqrt(2 * share * (1 - share) / 20'000);
    ASSERT_TRUE(alone.contains(id)) << id.ToString();
    EXPECT_NEAR(alone.at(id), share, 4 * error + 0.005 * share) << id.ToString();
  }
}

TEST(RequestProcessTest, PoliciesSeeTheSameKinds) {
  // What is sold does not depend on how fast it is served: a tenth of the CPU, the same classes.
  ClusterScenario slow = Shop(100);
  for (MicroserviceSpec& spec : slow.microservices) spec.initial.container.cpu = Millicores(100);
  for (ProgramStep& step : slow.microservices[1].endpoints[0].program) {
    if (auto* call = std::get_if<CallStep>(&step.step)) call->probability = 1;
  }
  ClusterScenario fast = slow;
  for (MicroserviceSpec& spec : fast.microservices) spec.initial.container.cpu = Cores(8);
  std::set<std::string> tags;
  const auto of_slow = SharesOfRun(slow, 10, 300, 5, tags);
  const auto of_fast = SharesOfRun(fast, 10, 300, 5, tags);
  EXPECT_EQ(of_slow, of_fast);
}

TEST(RequestProcessTest, TrafficIsThatOfTheStart) {
  // With tickets, 1 + 2 x distance calls of the seat: 5 on average; half of them ask the store.
  // The standard error of the mean distance over 20,000 requests is 0.006.
  const std::vector<MicroserviceTraffic> traffic = TrafficOf(Shop(100));
  EXPECT_NEAR(traffic[1].visits, 5, 0.05);
  EXPECT_NEAR(traffic[2].visits, 2.5, 0.025);
  EXPECT_NEAR(traffic[0].cpu_nanos, 1e5, 1);
  ASSERT_EQ(traffic[0].kinds.size(), 1U);
  EXPECT_EQ(traffic[0].kinds[0].size(), 9U);  // three operations, three distances
  // Sold out from the start: nothing is called.
  ClusterScenario sold_out = Shop(100);
  sold_out.states[0].initial = 0;
  EXPECT_EQ(TrafficOf(sold_out)[1].visits, 0);
}

TEST(RequestProcessTest, AStationRepeatsAsTheKindsThatVisitItDo) {
  // One call takes 1 ms of CPU 1 + 2 x distance times: 3, 5 or 7 ms, a third each, at no load.
  ClusterScenario scenario = Shop(100);
  scenario.microservices[0].endpoints[0].program = {
      Repeat("distance", 2, 1, {Cpu(Deterministic{Latency(1)})})};
  const CompiledPrograms programs = CompiledPrograms::Compile(scenario);
  const MicroserviceTraffic traffic = TrafficOf(scenario)[0];
  EXPECT_NEAR(traffic.cpu_nanos, 5e6, 0.03e6);
  Station station(scenario, programs,
                  {0, {Cores(8), Mebibytes(60)}, 0.1, {}, 8, 1e12, {1.0}, traffic.kinds}, 1);
  station.Run(3000);
  std::map<int, int> counts;
  for (const float nanos : station.latencies())
    ++counts[static_cast<int>(std::lround(nanos * 1e-6))];
  // Two tasks overlap with a probability of 0.1/s x 5 ms: some 2 of 3,000 take another time.
  EXPECT_GE(counts[3] + counts[5] + counts[7], 2'985);
  // Four standard errors of 3,000 draws of a third.
  for (const int milliseconds : {3, 5, 7}) EXPECT_NEAR(counts[milliseconds], 1000, 104);
}

TEST(RequestModelCheckTest, NamesPlaceValueAndBound) {
  const auto error_of = [](auto change) {
    ClusterScenario scenario = Shop(10);
    change(scenario);
    return std::string(scenario.Validate().message());
  };
  EXPECT_THAT(error_of([](auto& s) { s.arguments[0].last = 0; }),
              HasSubstr("argument 'distance': goes from 1 to 0, must be 1 to 10000 values"));
  EXPECT_THAT(error_of([](auto& s) { s.arguments[0].mixes[0].weights = {1, 2}; }),
              HasSubstr("mix 0 has 2 weights that sum to 3, must be 3"));
  EXPECT_THAT(error_of([](auto& s) { s.arguments[0].classes = {2}; }),
              HasSubstr("classes must be ascending, from 1 on, and end with 3"));
  EXPECT_THAT(error_of([](auto& s) { s.arguments[0].mixes.push_back({Duration(0), {}, 0}); }),
              HasSubstr("mix 1 is at 0s, must be after the one before it"));
  EXPECT_THAT(error_of([](auto& s) { s.states[0].initial = 11; }),
              HasSubstr("state 'tickets': initial is 11, must be between 0 and 10"));
  EXPECT_THAT(error_of([](auto& s) { s.states[0].argument = "route"; }),
              HasSubstr("state 'tickets': argument 'route' is not declared"));
  EXPECT_THAT(error_of([](auto& s) { s.states[0].restock = RestockSpec{}; }),
              HasSubstr("state 'tickets': restocked every 0s, must be above 0"));
  EXPECT_THAT(error_of([](auto& s) { s.states[0].name = "seats"; }),
              HasSubstr("branch: state 'tickets' is not declared"));
  EXPECT_THAT(error_of([](auto& s) { s.entries[1].effects[0].change = -11; }),
              HasSubstr("effect on 'tickets': changes it by -11, must be 1 to 10 either way"));
  EXPECT_THAT(error_of([](auto& s) { s.arguments.clear(); }),
              HasSubstr("repeat: argument 'distance' is not declared"));
  EXPECT_THAT(error_of([](auto& s) {
                auto& program = s.microservices[0].endpoints[0].program;
                program = {Repeat("", 1, 2, {Repeat("", 1, 2, {Call({"seat"})})})};
              }),
              HasSubstr("a repeat stands inside another, must be in an endpoint of its own"));
  EXPECT_THAT(error_of([](auto& s) {
                auto& program = s.microservices[2].endpoints[0].program;
                program = {Repeat("", 1, 2, {Call({"shop"})})};
              }),
              HasSubstr("is called by itself"));
}

}  // namespace
}  // namespace trimtab
