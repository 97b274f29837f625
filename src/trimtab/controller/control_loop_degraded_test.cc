// Tests each degraded mode: what fails, that the last allocation stays, and that the reason is in
// the journal and in the record. docs/controller.md has the table.
#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/controller/control_loop.h"
#include "trimtab/controller/testing/control_loop_fixture.h"

namespace trimtab {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ControlLoopDegradedTest : public ControlLoopFixture {
 protected:
  // Nothing was changed, and the reason stands where people look for it.
  void ExpectHeld(const Decision& decision, Degradation what, const std::string& words) {
    EXPECT_TRUE(decision.held);
    EXPECT_TRUE(Has(decision, what)) << DegradationName(what);
    EXPECT_TRUE(actuator.applied.empty());
    EXPECT_EQ(loop->record().count(what), 1);
    EXPECT_EQ(loop->record().held, 1);
    ASSERT_FALSE(journal.entries.empty());
    EXPECT_THAT(journal.entries.back().commitment, HasSubstr(R"("action":"hold")"));
    EXPECT_THAT(journal.entries.back().commitment, HasSubstr(words));
  }
};

TEST_F(ControlLoopDegradedTest, MetricSourceDown) {
  Ask(Sized(1), Sized(4));
  metrics.error = absl::UnavailableError("connection refused");
  ExpectHeld(Step(), Degradation::kMetricsDown, "UNAVAILABLE: connection refused");
  EXPECT_EQ(policy.calls, 0);
  // Back again: it decides as before.
  metrics.error = absl::OkStatus();
  Step();
  EXPECT_EQ(Desired(1), Sized(4));
}

TEST_F(ControlLoopDegradedTest, OneMissingMetricForbidsLowersAndNotRaises) {
  Ask(Sized(1), Sized(4));
  metrics.lose_request_counter = true;
  Step();
  EXPECT_FALSE(policy.scale_down_allowed);
  EXPECT_THAT(policy.gaps, Contains("m0-0: no request counter within 40s"));
  EXPECT_EQ(Desired(0), Sized(2));
  EXPECT_EQ(Desired(1), Sized(4));
  EXPECT_THAT(journal.entries[0].commitment, HasSubstr("missing-metrics"));
}

TEST_F(ControlLoopDegradedTest, TracesDownForbidLowersAndVerification) {
  Ask(Sized(1), Sized(4));
  traces.error = absl::UnavailableError("no route to host");
  const Decision decision = Step();
  EXPECT_FALSE(decision.held);
  EXPECT_TRUE(Has(decision, Degradation::kTracesDown));
  EXPECT_FALSE(policy.measured.has_value());
  EXPECT_EQ(Desired(0), Sized(2));
  EXPECT_EQ(Desired(1), Sized(4));  // raises need no traces
  Steps(10);
  EXPECT_EQ(loop->record().reversions, 0);
  EXPECT_THAT(loop->record().prepare_rounds, ::testing::IsEmpty());
  EXPECT_EQ(loop->record().count(Degradation::kTracesDown), 11);
  EXPECT_THAT(journal.entries[0].observation, HasSubstr("traces: UNAVAILABLE: no route to host"));
  EXPECT_EQ(policy.tail_correction, 1);
}

TEST_F(ControlLoopDegradedTest, ALostSpanForbidsLowersAndNotRaises) {
  Ask(Sized(3), Sized(1));
  traces.lost.dropped = 1;
  const Decision decision = Step();
  EXPECT_FALSE(policy.scale_down_allowed);
  EXPECT_THAT(policy.gaps, ElementsAre("traces: lost 0s ago: spans dropped 1"));
  EXPECT_EQ(Desired(0), Sized(3));
  EXPECT_EQ(Desired(1), Sized(2));
  EXPECT_FALSE(decision.held);
  // The window, of 60 s that ended 5 s ago, begins behind the loss in the sixth decision.
  Steps(4);
  EXPECT_EQ(Desired(1), Sized(2));
  Step();
  EXPECT_EQ(Desired(1), Sized(1));
}

// The source hands out 10 traces a second, as many as the entry counts; then the entry counts 12.
TEST_F(ControlLoopDegradedTest, TracesThatDisagreeWithTheCounterForbidLowers) {
  traces.lost.received = 1;
  metrics.load = 10;
  Steps(6);
  EXPECT_THAT(policy.gaps, IsEmpty());
  metrics.load = 12;
  Steps(8);
  Ask(Sized(3), Sized(1));
  Step();
  EXPECT_THAT(policy.gaps, ElementsAre(HasSubstr("requests traced within")));
  EXPECT_EQ(Desired(0), Sized(3));
  EXPECT_EQ(Desired(1), Sized(2));
}

TEST_F(ControlLoopDegradedTest, DeployedStateUnknown) {
  Ask(Sized(1), Sized(4));
  actuator.state_error = absl::UnavailableError("api server is down");
  ExpectHeld(Step(), Degradation::kStateUnknown, "api server is down");
}

TEST_F(ControlLoopDegradedTest, AWorldOfAnotherSizeIsNotTouched) {
  actuator.states.pop_back();
  ExpectHeld(Step(), Degradation::kStateUnknown, "the world has 1 microservices");
}

TEST_F(ControlLoopDegradedTest, ARefusedRaiseLeavesTheLowersOut) {
  Ask(Sized(1), Sized(4));
  actuator.apply_errors[1] = absl::InvalidArgumentError("no host has 400m cpu free");
  const Decision decision = Step();
  EXPECT_TRUE(Has(decision, Degradation::kChangeRefused));
  EXPECT_TRUE(Has(decision, Degradation::kRaisesIneffective));
  EXPECT_EQ(Desired(0), Sized(2));
  EXPECT_EQ(Desired(1), Sized(2));
  EXPECT_EQ(loop->record().commits, 0);
  EXPECT_THAT(journal.outcomes.at(0).body, HasSubstr("no host has 400m cpu free"));
}

TEST_F(ControlLoopDegradedTest, AHalfWayFailureKeepsTheRaisesThatWereAccepted) {
  Ask(Sized(3), Sized(4));
  actuator.apply_errors[1] = absl::UnavailableError("connection reset");
  const Decision decision = Step();
  EXPECT_EQ(Desired(0), Sized(3));
  EXPECT_EQ(Desired(1), Sized(2));
  EXPECT_EQ(decision.Reached()[MicroserviceId(0)], Sized(3));
  EXPECT_EQ(loop->record().commits, 1);
  EXPECT_EQ(loop->record().count(Degradation::kChangeRefused), 1);
  // The next decision starts from what was reached.
  actuator.apply_errors.clear();
  const Decision next = Step();
  EXPECT_EQ(next.desired[MicroserviceId(0)], Sized(3));
  EXPECT_EQ(Desired(1), Sized(4));
}

TEST_F(ControlLoopDegradedTest, AStalePlanIsNotForced) {
  policy.make = [this](const PlanningInput& input) {
    actuator.states[0].desired = Sized(9);  // someone else, while we were planning
    Plan plan;
    plan.target = input.desired;
    plan.target[MicroserviceId(0)] = Sized(3);
    plan.target[MicroserviceId(1)] = Sized(3);
    return plan;
  };
  const Decision decision = Step();
  EXPECT_TRUE(Has(decision, Degradation::kStalePlan));
  EXPECT_EQ(Desired(0), Sized(9));
  EXPECT_EQ(Desired(1), Sized(2));  // planned for a world that is no more
  EXPECT_THAT(journal.outcomes.at(0).body, HasSubstr("stale-plan"));
}

TEST_F(ControlLoopDegradedTest, RaisesThatStayIneffectiveLeaveTheLowersOut) {
  actuator.slow_start = true;
  Ask(Sized(4), Sized(1));
  const Instant begin = clock.now;
  const Decision decision = loop->RunOnce();
  EXPECT_EQ(clock.now, begin + options.interval);  // no longer than until the next decision
  EXPECT_TRUE(Has(decision, Degradation::kRaisesIneffective));
  EXPECT_FALSE(decision.lowers.has_value());
  EXPECT_EQ(Desired(0), Sized(4));
  EXPECT_EQ(Desired(1), Sized(2));
  EXPECT_THAT(journal.outcomes.at(0).body, HasSubstr("raises not effective within 15s"));
}

TEST_F(ControlLoopDegradedTest, PolicyError) {
  policy.make = [](const PlanningInput&) { return absl::InternalError("singular matrix"); };
  ExpectHeld(Step(), Degradation::kPolicyFailed, "singular matrix");
  EXPECT_EQ(journal.entries[0].plan, "null");
}

TEST_F(ControlLoopDegradedTest, APlanWithNaN) {
  policy.make = [](const PlanningInput& input) {
    Plan plan;
    plan.target = input.desired;
    plan.target[MicroserviceId(0)] = Sized(1);
    plan.predicted_tail_latency = Latency(std::numeric_limits<double>::quiet_NaN());
    return plan;
  };
  ExpectHeld(Step(), Degradation::kPlanInvalid, "the predicted tail latency is not finite");
}

TEST_F(ControlLoopDegradedTest, APlanWithNaNInAStep) {
  policy.make = [](const PlanningInput& input) {
    Plan plan;
    plan.target = input.desired;
    plan.steps.resize(2);
    plan.steps[1].tail_after = Latency(std::numeric_limits<double>::infinity());
    return plan;
  };
  ExpectHeld(Step(), Degradation::kPlanInvalid, "the tail latency of step 2 is not finite");
}

TEST_F(ControlLoopDegradedTest, APlanThatNamesAnUnknownMicroservice) {
  policy.make = [](const PlanningInput& input) {
    Plan plan;
    plan.target = input.desired;
    plan.steps.resize(1);
    plan.steps[0].microservice = MicroserviceId(2);
    return plan;
  };
  ExpectHeld(Step(), Degradation::kPlanInvalid, "step 1 names an unknown microservice");
}

TEST_F(ControlLoopDegradedTest, APlanForAnotherApplication) {
  policy.make = [](const PlanningInput&) {
    Plan plan;
    plan.target = Allocation(1, Sized(1));
    return plan;
  };
  ExpectHeld(Step(), Degradation::kPlanInvalid, "plan for 1 microservices");
}

TEST_F(ControlLoopDegradedTest, JournalDown) {
  Ask(Sized(3), Sized(2));
  journal.error = absl::UnavailableError("disk full");
  const Decision decision = Step();
  EXPECT_TRUE(decision.held);
  EXPECT_TRUE(Has(decision, Degradation::kJournalDown));
  EXPECT_TRUE(actuator.applied.empty());
  EXPECT_EQ(loop->record().count(Degradation::kJournalDown), 1);
}

TEST_F(ControlLoopDegradedTest, AnOutcomeThatCannotBeWrittenIsCounted) {
  Ask(Sized(3), Sized(2));
  journal.outcome_error = absl::UnavailableError("disk full");
  Step();
  EXPECT_EQ(Desired(0), Sized(3));  // the decision itself was durable
  EXPECT_EQ(loop->record().count(Degradation::kJournalDown), 1);
}

TEST_F(ControlLoopDegradedTest, AClockThatJumpsForbidsLowersForOneWindow) {
  Step();
  clock.now += minutes(10);
  Ask(Sized(1), Sized(4));
  const Decision jumped = Step();
  EXPECT_TRUE(Has(jumped, Degradation::kClockJumped));
  EXPECT_FALSE(jumped.held);
  EXPECT_EQ(Desired(0), Sized(2));
  EXPECT_EQ(Desired(1), Sized(4));  // raises go on
  EXPECT_FALSE(policy.measured.has_value());
  EXPECT_THAT(policy.gaps, Contains("clock: no full window since it jumped"));
  // 5 s to settle and 60 s of window: lowered at 75 s.
  Steps(4);
  EXPECT_EQ(Desired(0), Sized(2));
  Step();
  EXPECT_EQ(Desired(0), Sized(1));
  EXPECT_EQ(loop->record().count(Degradation::kClockJumped), 1);
}

TEST_F(ControlLoopDegradedTest, AClockThatRunsBackwardsIsAJump) {
  Step();
  clock.now -= minutes(5);
  Ask(Sized(1), Sized(2));
  EXPECT_TRUE(Has(Step(), Degradation::kClockJumped));
  EXPECT_EQ(Desired(0), Sized(2));
}

TEST_F(ControlLoopDegradedTest, NaNInTheMetricsIsMissingNotZero) {
  metrics.load = std::numeric_limits<double>::quiet_NaN();
  Ask(Sized(1), Sized(2));
  const Decision decision = Step();
  EXPECT_FALSE(decision.observation.application_load.has_value());
  EXPECT_FALSE(policy.scale_down_allowed);
  EXPECT_EQ(Desired(0), Sized(2));
}

TEST_F(ControlLoopDegradedTest, AnInfeasiblePlanIsCarriedOutAndCounted) {
  policy.make = [](const PlanningInput& input) {
    Plan plan;
    plan.feasible = false;
    plan.target = input.desired;
    plan.target[MicroserviceId(0)] = Sized(5);
    return plan;
  };
  Step();
  EXPECT_EQ(Desired(0), Sized(5));
  EXPECT_EQ(loop->record().infeasible, 1);
}

}  // namespace
}  // namespace trimtab
