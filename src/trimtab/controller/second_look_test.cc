// Tests what the loop does with what it sees between raises and lowers, and with what others
// change.
#include "trimtab/controller/second_look.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/controller/testing/control_loop_fixture.h"

namespace trimtab {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// The first microservice is raised and waits for its replicas, the second is to be lowered.
class SecondLookTest : public ControlLoopFixture {
 protected:
  SecondLookTest() {
    actuator.slow_start = true;
    Ask(Sized(4), Sized(1));
  }

  // Decides; while the loop waits for the raise, `meanwhile` happens and the raise is done.
  Decision StepWith(const std::function<void()>& meanwhile) {
    clock.on_wait = [&] {
      meanwhile();
      actuator.FinishStarts();
    };
    Decision decision = Step();
    clock.on_wait = nullptr;
    return decision;
  }
  void ExpectCancelled(const Decision& decision, const std::string& why) {
    EXPECT_TRUE(decision.raises->Complete());
    EXPECT_EQ(Desired(0), Sized(4));
    EXPECT_EQ(Desired(1).container, Sized(2).container);
    EXPECT_FALSE(decision.lowers.has_value());
    ASSERT_THAT(decision.troubles, ::testing::SizeIs(1));
    EXPECT_EQ(decision.troubles[0].what, Degradation::kLowersCancelled);
    EXPECT_THAT(decision.troubles[0].words, HasSubstr(why));
    EXPECT_THAT(decision.troubles[0].words, HasSubstr("nothing is lowered"));
  }
};

TEST_F(SecondLookTest, LowersFollowWhenNothingSpeaksAgainstThem) {
  const Decision decision = StepWith([] {});
  EXPECT_THAT(decision.troubles, IsEmpty());
  EXPECT_EQ(Desired(1), Sized(1));
}

TEST_F(SecondLookTest, MetricsThatCannotBeReadAgainCancelTheLowers) {
  ExpectCancelled(StepWith([this] { metrics.error = absl::UnavailableError("no route"); }),
                  "no route");
}

TEST_F(SecondLookTest, WhatTheSourceCouldNotReadAgainCancelsTheLowers) {
  const Decision decision = StepWith([this] { metrics.gap = "query node-cpu-seconds: 503"; });
  ExpectCancelled(decision, "query node-cpu-seconds: 503");
}

// m1-0 was known before; that the new pods m0-2 and m0-3 have no samples is expected.
TEST_F(SecondLookTest, WhatIsMissingNowCancelsTheLowersButForNewPods) {
  Decision decision = StepWith([this] { metrics.silent_pods = {"m0-2", "m0-3"}; });
  EXPECT_THAT(decision.troubles, IsEmpty());
  EXPECT_EQ(Desired(1), Sized(1));
  metrics.silent_pods.clear();
  Ask(Sized(5), Sized(1, 300));
  decision = StepWith([this] { metrics.silent_pods = {"m1-0"}; });
  ASSERT_TRUE(Has(decision, Degradation::kLowersCancelled));
  EXPECT_THAT(decision.troubles[0].words, HasSubstr("m1-0: no "));
  EXPECT_EQ(Desired(1), Sized(1));
}

TEST_F(SecondLookTest, AChangeBySomeoneElseMeanwhileCancelsTheLowers) {
  const Decision decision = StepWith([this] { actuator.states[1].desired = Sized(7); });
  ExpectCancelled(decision, "m1: 2 x 400 millicores");
}

// 120 MiB would be left of 200, and its containers have come to use 150 MB.
TEST_F(SecondLookTest, AWorkingSetThatFitsNoMoreCancelsTheLowers) {
  Ask(Sized(4), Sized(2, 400, 120));
  ExpectCancelled(StepWith([this] { metrics.memory = 1.5e8; }),
                  "m1-0 uses 150000000 bytes of memory, and would be left 125829120");
}

// The replicas of m0 that the loop waited for have become ready just now.
TEST_F(SecondLookTest, ContainersThatWarmUpCancelTheLowers) {
  const Decision decision = StepWith([this] { metrics.ready_since = clock.Now(); });
  ExpectCancelled(decision, "m0: containers warm up");
}

TEST_F(SecondLookTest, SpansLostMeanwhileCancelTheLowers) {
  ExpectCancelled(StepWith([this] { traces.lost.dropped = 1; }), "spans were lost");
}

class ForeignChangeTest : public ControlLoopFixture {
 protected:
  ForeignChangeTest() {
    options.safety.scale_down_stabilisation = seconds(60);
    Make();
    Steps(5);  // the first stabilisation window
  }
};

TEST_F(ForeignChangeTest, NothingIsWrittenInTheCycleThatSeesIt) {
  Ask(Sized(4), Sized(2));
  actuator.states[0].desired = Sized(3);
  actuator.FinishStarts();
  const Decision decision = Step();
  ASSERT_TRUE(Has(decision, Degradation::kForeignChange));
  EXPECT_EQ(decision.troubles[0].words,
            "m0: 2 x 400 millicores and 209715200 bytes were asked for, and someone else asks for "
            "3 x 400 millicores and 209715200 bytes");
  EXPECT_TRUE(decision.held);
  ASSERT_TRUE(decision.plan.has_value());  // it plans from what it sees
  EXPECT_EQ(decision.desired[MicroserviceId(0)], Sized(3));
  EXPECT_TRUE(actuator.applied.empty());
  // The next one writes again, from the new state.
  Step();
  EXPECT_THAT(actuator.applied, ElementsAre(::testing::Field(&AllocationChange::from, Sized(3))));
  EXPECT_EQ(Desired(0), Sized(4));
}

TEST_F(ForeignChangeTest, NothingIsLoweredForOneStabilisationWindow) {
  Ask(Sized(2), Sized(1));
  Steps(4);
  EXPECT_EQ(Desired(1), Sized(1)) << "the fixture lowers without a foreign change";
  actuator.states[0].desired = Sized(6);
  actuator.FinishStarts();
  Step();  // sees it
  for (int i = 0; i < 3; ++i) {
    Step();
    EXPECT_FALSE(policy.scale_down_allowed);
    EXPECT_EQ(Desired(0), Sized(6));
  }
  Step();  // 60 s later
  EXPECT_TRUE(policy.scale_down_allowed);
  EXPECT_EQ(Desired(0), Sized(2));
}

TEST_F(ForeignChangeTest, WhatTheLoopItselfAskedForIsNoForeignChange) {
  Ask(Sized(4), Sized(2));
  EXPECT_THAT(Step().troubles, IsEmpty());
  EXPECT_THAT(Step().troubles, IsEmpty());
}

// Somebody else scales while this loop only recommends: that is what is expected of him.
TEST_F(ForeignChangeTest, ARecommendationGoesOn) {
  options.mode = CommitMode::kDryRun;
  Make();
  Step();
  actuator.states[0].desired = Sized(3);
  actuator.FinishStarts();
  Ask(Sized(5), Sized(2));
  const Decision decision = Step();
  EXPECT_FALSE(decision.held);
  EXPECT_EQ(decision.raises->accepted.size(), 1U);
}

}  // namespace
}  // namespace trimtab
