// Tests the loop when everything works: what is committed, in which order, and how it is verified.
#include "trimtab/controller/control_loop.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "trimtab/controller/testing/control_loop_fixture.h"

namespace trimtab {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Json = nlohmann::json;

class ControlLoopTest : public ControlLoopFixture {};

TEST_F(ControlLoopTest, KeepsWhatThePolicyKeepsAndWritesItDown) {
  const Decision decision = Step();
  EXPECT_FALSE(decision.held);
  EXPECT_THAT(decision.troubles, IsEmpty());
  EXPECT_THAT(decision.observation.gaps, IsEmpty());
  EXPECT_TRUE(actuator.applied.empty());
  ASSERT_EQ(journal.entries.size(), 1U);
  const Json commitment = Json::parse(journal.entries[0].commitment);
  EXPECT_EQ(commitment["action"], "keep");
  EXPECT_FALSE(journal.entries[0].acts);
  EXPECT_TRUE(commitment["scaleDownAllowed"].get<bool>());
  const Json observation = Json::parse(journal.entries[0].observation);
  EXPECT_DOUBLE_EQ(observation["applicationLoad"].get<double>(), 100);
  EXPECT_DOUBLE_EQ(observation["measuredTailLatencySeconds"].get<double>(), 0.2);
  EXPECT_DOUBLE_EQ(observation["microservices"][1]["arrivalRate"].get<double>(), 100);
  EXPECT_EQ(observation["microservices"][1]["microservice"], "m1");
  EXPECT_EQ(Json::parse(journal.entries[0].plan)["feasible"], true);
  EXPECT_EQ(loop->record().decisions, 1);
  EXPECT_EQ(loop->record().commits, 0);
}

TEST_F(ControlLoopTest, WritesADecisionDownBeforeItActs) {
  Ask(Sized(3), Sized(2));
  journal.error = absl::UnavailableError("disk full");
  Step();
  EXPECT_TRUE(actuator.applied.empty());
  journal.error = absl::OkStatus();
  Step();
  EXPECT_EQ(Desired(0), Sized(3));
  EXPECT_EQ(Json::parse(journal.entries.at(0).commitment)["action"], "commit");
  EXPECT_TRUE(journal.entries[0].acts);
  ASSERT_EQ(journal.outcomes.size(), 1U);
  EXPECT_EQ(journal.outcomes[0].kind, OutcomeKind::kApplied);
  EXPECT_EQ(Json::parse(journal.outcomes[0].body)["raises"]["accepted"].size(), 1U);
}

TEST_F(ControlLoopTest, LowersOnlyOnceTheRaisesAreEffective) {
  actuator.slow_start = true;
  Ask(Sized(4), Sized(1));
  int waits = 0;
  clock.on_wait = [&] {
    EXPECT_EQ(Desired(0), Sized(4));
    EXPECT_EQ(Desired(1), Sized(2)) << "lowered before the raise was effective";
    if (++waits == 5) actuator.FinishStarts();
  };
  const Instant begin = clock.now;
  const Decision decision = loop->RunOnce();
  EXPECT_EQ(clock.now, begin + seconds(5));
  EXPECT_EQ(Desired(1), Sized(1));
  ASSERT_TRUE(decision.lowers.has_value());
  EXPECT_TRUE(decision.lowers->Complete());
  EXPECT_EQ(loop->record().commits, 1);
}

TEST_F(ControlLoopTest, AMixedChangePassesThroughTheLargerOfBoth) {
  Ask(Sized(3, 200, 300), Sized(2));
  Step();
  ASSERT_EQ(actuator.applied.size(), 2U);
  EXPECT_EQ(actuator.applied[0].to, Sized(3, 400, 300));
  EXPECT_EQ(actuator.applied[1].to, Sized(3, 200, 300));
}

TEST_F(ControlLoopTest, NothingIsLoweredWhileReplicasStart) {
  actuator.slow_start = true;
  Ask(Sized(4), Sized(2));
  Step();
  Ask(Sized(4), Sized(1));
  const Decision starting = Step();
  EXPECT_FALSE(policy.scale_down_allowed);
  EXPECT_EQ(Desired(1), Sized(2));
  EXPECT_EQ(starting.safe->limits.at(0).limit, SafetyLimit::kStarting);
  // Raises go on meanwhile.
  Ask(Sized(5), Sized(2));
  Step();
  EXPECT_EQ(Desired(0), Sized(5));
  actuator.FinishStarts();
  Ask(Sized(5), Sized(1));
  Step();
  EXPECT_EQ(Desired(1), Sized(1));
}

TEST_F(ControlLoopTest, StabilisationDelaysALower) {
  options.safety.scale_down_stabilisation = seconds(60);
  Make();
  Ask(Sized(2), Sized(1));
  Steps(4);  // at 0, 15, 30, 45 s
  EXPECT_EQ(Desired(1), Sized(2));
  Step();
  EXPECT_EQ(Desired(1), Sized(1));
}

TEST_F(ControlLoopTest, MeetingTheSlaAfterwardsVerifiesACommit) {
  Ask(Sized(3), Sized(2));
  Step();
  // Effective when it is next looked at, at 15 s; the window ends 5 s before now: full at 80 s.
  Steps(5);
  EXPECT_EQ(journal.outcomes.size(), 1U);
  Step();
  ASSERT_EQ(journal.outcomes.size(), 2U);
  EXPECT_EQ(journal.outcomes[1].decision, 1);
  EXPECT_EQ(journal.outcomes[1].kind, OutcomeKind::kVerified);
  const Json verified = Json::parse(journal.outcomes[1].body);
  EXPECT_TRUE(verified["met"].get<bool>());
  EXPECT_DOUBLE_EQ(verified["measuredTailLatencySeconds"].get<double>(), 0.2);
  EXPECT_DOUBLE_EQ(verified["predictedTailLatencySeconds"].get<double>(), 0.25);
  EXPECT_EQ(loop->record().reversions, 0);
  EXPECT_THAT(loop->record().prepare_rounds, ElementsAre(1));
}

TEST_F(ControlLoopTest, MissingTheSlaAfterwardsIsAReversionAndPreparesAgain) {
  traces.tail = milliseconds(400);
  Ask(Sized(3), Sized(2));
  Steps(6);
  const int calls = policy.calls;
  EXPECT_EQ(loop->record().reversions, 0);
  // The decision that finds the miss plans with the measured tail at once.
  Step();
  EXPECT_EQ(loop->record().reversions, 1);
  EXPECT_EQ(policy.calls, calls + 1);
  EXPECT_EQ(policy.measured, Latency(400));
  Ask(Sized(4), Sized(2));
  Step();
  traces.tail = milliseconds(200);
  Steps(8);
  EXPECT_EQ(loop->record().reversions, 1);
  EXPECT_THAT(loop->record().prepare_rounds, ElementsAre(0, 1));
}

TEST_F(ControlLoopTest, PredictionsAreCorrectedTowardsTheMeasuredTail) {
  policy.predicted = 100;  // measured are 200
  Steps(30);
  EXPECT_GT(policy.tail_correction, 1.8);
  EXPECT_LE(policy.tail_correction, 2.0);
}

TEST_F(ControlLoopTest, ACorrectPredictionStaysUncorrected) {
  Steps(30);
  EXPECT_NEAR(policy.tail_correction, 1.0, 1e-9);
}

TEST_F(ControlLoopTest, ANewCallGraphForgetsTheCorrection) {
  // Traces of one span have no pairs, so the watch needs a second service to see another graph.
  class TwoSpans : public FakeTraces {
   public:
    absl::Status Read(Instant now, const std::function<void(const Span&)>& sink) override {
      return FakeTraces::Read(now, [&](const Span& root) {
        Span call = root;
        call.id = 2;
        call.parent = 1;
        call.service = callee;
        call.duration = root.duration / 2;
        sink(call);
        sink(root);
      });
    }
    std::string callee = "m1";
  } graph;
  auto made = ControlLoop::Create({.application = application,
                                   .clock = clock,
                                   .traces = graph,
                                   .metrics = metrics,
                                   .actuator = actuator,
                                   .policy = policy,
                                   .journal = journal},
                                  options);
  loop = *std::move(made);
  policy.predicted = 100;
  Steps(30);
  ASSERT_GT(policy.tail_correction, 1.8);
  graph.callee = "new-cache";
  policy.predicted = 200;
  // 200 traces a look, 10 a second: two looks are over within four decisions.
  Steps(5);
  EXPECT_EQ(loop->record().graph_changes, 1);
  EXPECT_LT(policy.tail_correction, 1.2);
}

TEST_F(ControlLoopTest, ADryRunChangesNothingAndSaysWhatItWouldDo) {
  options.mode = CommitMode::kDryRun;
  Make();
  Ask(Sized(3), Sized(1));
  const Decision decision = Step();
  EXPECT_TRUE(actuator.applied.empty());
  EXPECT_EQ(decision.raises->accepted.size(), 1U);
  EXPECT_EQ(decision.lowers->accepted.size(), 1U);
  EXPECT_EQ(loop->record().commits, 0);
  EXPECT_TRUE(Json::parse(journal.outcomes.at(0).body)["dryRun"].get<bool>());
}

TEST_F(ControlLoopTest, RunDecidesEveryIntervalAndEndsOnTime) {
  const Instant begin = clock.now;
  const ControlRecord& record = loop->Run(begin + seconds(60));
  EXPECT_EQ(record.decisions, 4);  // at 0, 15, 30, 45 s
  EXPECT_EQ(record.late, 0);
  EXPECT_EQ(clock.now, begin + seconds(60));
  EXPECT_EQ(journal.entries[3].at, begin + seconds(45));
}

TEST_F(ControlLoopTest, RunLeavesOutWhatALateDecisionOverran) {
  const Instant begin = clock.now;
  policy.make = [&](const PlanningInput& input) {
    if (policy.calls == 1) clock.now += seconds(20);  // a very slow plan
    Plan plan;
    plan.target = input.desired;
    return plan;
  };
  const ControlRecord& record = loop->Run(begin + seconds(60));
  EXPECT_EQ(record.decisions, 3);  // at 0, 30, 45 s
  EXPECT_EQ(record.late, 1);
  EXPECT_EQ(journal.entries[1].at, begin + seconds(30));
}

TEST_F(ControlLoopTest, RunEndsWhenTheClockIsStopped) {
  clock.stopped = true;
  EXPECT_EQ(loop->Run(clock.now + seconds(60)).decisions, 0);
}

TEST_F(ControlLoopTest, PlanningTimeComesFromTheStopwatchAlone) {
  int readings = 0;
  stopwatch = [&readings] {
    ++readings;
    return milliseconds(readings * readings);
  };
  Make();
  Steps(2);
  // Readings 1, 4, 9, 16 and 25, 36, 49, 64 ms, planning from the second to the third: 5 and 13 ms.
  EXPECT_THAT(loop->record().planning_times, ElementsAre(milliseconds(5), milliseconds(13)));
  EXPECT_EQ(loop->record().PlanningTime(kP50), milliseconds(5));
  EXPECT_EQ(loop->record().PlanningTime(kP99), milliseconds(13));
  EXPECT_THAT(journal.entries[0].commitment, ::testing::Not(HasSubstr("planning")));
}

TEST_F(ControlLoopTest, EveryPhaseIsTimed) {
  int readings = 0;
  stopwatch = [&readings] {
    ++readings;
    return milliseconds(readings * readings);
  };
  Make();
  Decision decision = Step();  // 1, 4, 9, 16 ms
  EXPECT_EQ(decision.collecting_time, milliseconds(3));
  EXPECT_EQ(decision.planning_time, milliseconds(5));
  EXPECT_EQ(decision.recording_time, milliseconds(7));
  EXPECT_EQ(decision.committing_time, milliseconds(0)) << "nothing was to be done";
  Ask(Sized(3), Sized(2));
  decision = Step();  // 25, 36, 49, 64, 81 ms
  EXPECT_EQ(decision.committing_time, milliseconds(17));
}

TEST(ControlOptionsTest, NamesEveryViolationOfEveryPart) {
  ControlOptions options;
  options.sla.latency = Latency(0);
  options.interval = seconds(0);
  options.bias.weight = 3;
  options.safety.largest_raise = 0;
  const std::string words = options.Validate().ToString();
  EXPECT_THAT(words, HasSubstr("SLA is 0 ms, must be positive"));
  EXPECT_THAT(words, HasSubstr("interval is 0s, must be positive"));
  EXPECT_THAT(words, HasSubstr("weight is 3"));
  EXPECT_THAT(words, HasSubstr("largest raise is 0"));
}

}  // namespace
}  // namespace trimtab
