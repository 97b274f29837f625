// One AppScaler between its resource and a fake world: what is acted on, what is told, what is not
// lowered.
#include "trimtab/operator/app_loop.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/operator/testing/app_loop_fixture.h"

namespace trimtab {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class AppLoopTest : public AppLoopFixture {};

TEST_F(AppLoopTest, ARaiseIsJournaledIntendedAndDone) {
  Ask(Sized(3), Sized(2));
  ASSERT_TRUE(Cycle());
  EXPECT_EQ(Desired(0), Sized(3));
  ASSERT_THAT(journal.entries, SizeIs(1));
  const auto status = stored.Status();
  EXPECT_EQ(TextAt(status, {"lastDecision", "summary"}), "m0 2 x 400m/200Mi -> 3 x 400m/200Mi");
  EXPECT_EQ(TextAt(status, {"mode"}), "Apply");
  EXPECT_EQ(ValueAt(status, {"commit"}), nullptr) << "it is over";
  EXPECT_EQ(Condition("Ready"), "True/Reconciled");
  EXPECT_THAT(stored.event_reasons(), Contains("ScaledUp"));
}

TEST_F(AppLoopTest, TheIntentStandsInJournalAndStatusBeforeTheFirstWriteAndBeforeTheFirstCut) {
  Ask(Sized(2), Sized(1));
  PassFreezes();
  std::vector<std::string> steps;  // of status.commit, at each change
  world.actuator_.on_apply = [&](const AllocationChange&) {
    EXPECT_EQ(TextAt(stored.Status(), {"commit", "id"}), std::to_string(journal.entries.size()));
    steps.push_back(TextAt(stored.Status(), {"commit", "step"}));
  };
  Ask(Sized(3), Sized(1));
  Cycle();
  EXPECT_THAT(steps, ElementsAre("Raise", "Lower"));
  EXPECT_EQ(ValueAt(stored.Status(), {"commit"}), nullptr) << "it is over";
}

TEST_F(AppLoopTest, WithoutAPlaceForTheIntentNothingIsWritten) {
  Cycle();
  Ask(Sized(3), Sized(2));
  stored.FailStatus(500);
  Cycle();
  EXPECT_THAT(world.actuator_.applied, IsEmpty());
  stored.FailStatus(0);
  Cycle();
  EXPECT_EQ(Desired(0), Sized(3));
}

TEST_F(AppLoopTest, WithoutTheJournalNothingIsWritten) {
  Ask(Sized(3), Sized(2));
  journal.error = absl::UnavailableError("disk full");
  Cycle();
  EXPECT_THAT(world.actuator_.applied, IsEmpty());
  EXPECT_EQ(Condition("Ready"), "False/NoData");
}

TEST_F(AppLoopTest, NothingIsLoweredForOneWindowAfterAStart) {
  Ask(Sized(2), Sized(1));
  for (int i = 0; i < 12; ++i) Cycle();  // 60 s: the stabilisation window
  EXPECT_THAT(world.actuator_.applied, IsEmpty());
  Cycle();
  EXPECT_EQ(Desired(1), Sized(1));
  // The same process anew.
  Ask(Sized(1), Sized(1));
  Restart();
  for (int i = 0; i < 12; ++i) Cycle();
  EXPECT_EQ(Desired(0), Sized(2));
}

TEST_F(AppLoopTest, RecommendOfResourceOrProcessWritesNothingButStatus) {
  Ask(Sized(3), Sized(2));
  stored.Edit([](auto& object) { object["spec"]["mode"] = "Recommend"; });
  Cycle();
  EXPECT_EQ(Condition("ScalingActive"), "False/RecommendOnly");
  EXPECT_THAT(stored.event_reasons(), Contains("Recommendation"));
  EXPECT_EQ(stored.Status()["workloads"][0]["desired"]["replicas"], 3);
  stored.Edit([](auto& object) { object["spec"]["mode"] = "Apply"; });
  options.may_apply = false;
  Restart();
  Cycle();
  EXPECT_THAT(world.actuator_.applied, IsEmpty());
  EXPECT_EQ(TextAt(stored.Status(), {"mode"}), "Recommend");
  EXPECT_EQ(world.tended, 0);
}

TEST_F(AppLoopTest, APauseDecidesNothingAndSaysWhy) {
  Ask(Sized(3), Sized(2));
  stored.Edit([](auto& object) {
    object["metadata"]["annotations"] = {{"trimtab.dev/paused", "true"},
                                         {"trimtab.dev/paused-reason", "load test"}};
  });
  Cycle();
  EXPECT_THAT(world.actuator_.applied, IsEmpty());
  EXPECT_THAT(journal.entries, IsEmpty());
  EXPECT_EQ(Condition("Paused"), "True/Paused");
  EXPECT_THAT(stored.Status().dump(), HasSubstr("load test"));
}

TEST_F(AppLoopTest, ARivalStopsApplyInItsCycleAndTheRuleIsPrinted) {
  Ask(Sized(3), Sized(2));
  world.rivals = {{"RivalAutoscaler", "HPA 'web' scales m0: delete it"}};
  Cycle();
  EXPECT_THAT(world.actuator_.applied, IsEmpty());
  EXPECT_EQ(Condition("Conflict"), "True/RivalAutoscaler");
  EXPECT_EQ(Condition("ScalingActive"), "False/RivalAutoscaler");
  EXPECT_THAT(stored.Status().dump(), HasSubstr("delete it"));
  EXPECT_THAT(stored.event_reasons(), Contains("RivalAutoscaler"));
  world.rivals.clear();
  Cycle();
  EXPECT_EQ(Desired(0), Sized(3));
}

TEST_F(AppLoopTest, ARivalThatAppearsInACommitEndsIt) {
  Ask(Sized(3), Sized(3));
  policy.make = [this, make = policy.make](const PlanningInput& input) {
    world.rivals = {{"RivalAutoscaler", "HPA"}};  // after the cycle has begun
    return make(input);
  };
  Cycle();
  EXPECT_THAT(world.actuator_.applied, IsEmpty());
}

TEST_F(AppLoopTest, WhatSomebodyElseChangedIsReplannedAndNotLoweredForOneWindow) {
  PassFreezes();
  Ask(Sized(2), Sized(2));
  Cycle();
  world.actuator_.states[0].desired = Sized(6);
  world.actuator_.states[0].ready = 6;
  Ask(Sized(7), Sized(1));
  Cycle();
  EXPECT_THAT(world.actuator_.applied, IsEmpty()) << "no write in that cycle";
  EXPECT_EQ(Condition("AbleToScale"), "False/ChangedByOthers");
  EXPECT_EQ(Condition("ScalingActive"), "True/StabilizationWindow");
  EXPECT_THAT(stored.event_reasons(), Contains("ChangedByOthers"));
  Cycle();
  EXPECT_EQ(Desired(0), Sized(7)) << "raises go on";
  EXPECT_EQ(Desired(1), Sized(2)) << "nothing is lowered";
  for (int i = 0; i < 12; ++i) Cycle();
  EXPECT_EQ(Desired(1), Sized(1));
}

TEST_F(AppLoopTest, DeletedPausedOrRecommendInACommitRaisesFinishAndCutsAreCancelled) {
  const std::function<void()> ends[] = {
      [this] { stored.Delete(); },
      [this] {
        stored.Edit([](auto& object) {
          object["metadata"]["annotations"] = {{"trimtab.dev/paused", "true"}};
        });
      },
      [this] { stored.Edit([](auto& object) { object["spec"]["mode"] = "Recommend"; }); }};
  for (const auto& end : ends) {
    const MicroserviceAllocation before = Desired(0);
    const MicroserviceAllocation more = Sized(before.replicas + 1);
    Ask(before, Sized(1));
    PassFreezes();
    Ask(more, Sized(1));
    world.actuator_.on_apply = [&](const AllocationChange&) { end(); };
    Cycle();
    EXPECT_EQ(Desired(0), more);
    EXPECT_EQ(Desired(1), Sized(2)) << "the cut is cancelled";
    world.actuator_.on_apply = nullptr;
    stored.Reset();
    Restart();
  }
}

TEST_F(AppLoopTest, ANewLeaderFinishesRaisesAndTakesBackCuts) {
  stored.Edit([](auto& object) {
    object["status"]["commit"] = *JsonFromText(R"({"id":"7","step":"Lower","changes":[
      {"name":"m0","from":{"replicas":2,"cpu":"400m","memory":"200Mi"},
       "to":{"replicas":4,"cpu":"400m","memory":"200Mi"}},
      {"name":"m1","from":{"replicas":3,"cpu":"400m","memory":"200Mi"},
       "to":{"replicas":1,"cpu":"400m","memory":"200Mi"}}]})");
  });
  Restart();
  Cycle();
  EXPECT_EQ(Desired(0), Sized(4)) << "the raise is finished";
  EXPECT_EQ(Desired(1), Sized(3)) << "the cut, half done, is taken back";
  EXPECT_EQ(ValueAt(stored.Status(), {"commit"}), nullptr);
}

TEST_F(AppLoopTest, ANewLeaderLeavesAloneWhatSomebodyElseChangedSince) {
  world.actuator_.states[0].desired = Sized(9);
  world.actuator_.states[0].ready = 9;
  stored.Edit([](auto& object) {
    object["status"]["commit"] = *JsonFromText(R"({"id":"7","step":"Raise","changes":[
      {"name":"m0","from":{"replicas":2,"cpu":"400m","memory":"200Mi"},
       "to":{"replicas":4,"cpu":"400m","memory":"200Mi"}}]})");
  });
  Restart();
  Cycle();
  EXPECT_EQ(Desired(0), Sized(9));
}

TEST_F(AppLoopTest, AnUnfinishedRecoveryIsTriedAgain) {
  stored.Edit([](auto& object) {
    object["status"]["commit"] = *JsonFromText(R"({"id":"7","step":"Raise","changes":[
      {"name":"m0","from":{"replicas":2,"cpu":"400m","memory":"200Mi"},
       "to":{"replicas":4,"cpu":"400m","memory":"200Mi"}}]})");
  });
  world.actuator_.apply_errors[0] = absl::UnavailableError("down");
  Restart();
  Cycle();
  EXPECT_NE(ValueAt(stored.Status(), {"commit"}), nullptr);
  world.actuator_.apply_errors.clear();
  Cycle();
  EXPECT_EQ(Desired(0), Sized(4));
}

TEST_F(AppLoopTest, AnUnfinishedCommitIsNotForgottenWhereItCannotBeLookedAt) {
  stored.Edit([](auto& object) {
    object["status"]["commit"] = *JsonFromText(R"({"id":"7","step":"Lower","changes":[
      {"name":"m1","from":{"replicas":3,"cpu":"400m","memory":"200Mi"},
       "to":{"replicas":1,"cpu":"400m","memory":"200Mi"}}]})");
  });
  // Only the first look fails: the decision of the same cycle sees what is there.
  int looks = 0;
  world.actuator_.on_state = [&] {
    world.actuator_.state_error =
        ++looks == 1 ? absl::UnavailableError("not now") : absl::OkStatus();
  };
  Restart();
  Ask(Sized(4), Sized(2));
  Cycle();
  EXPECT_GT(looks, 1);
  EXPECT_THAT(world.actuator_.applied, IsEmpty());
  EXPECT_EQ(TextAt(stored.Status(), {"commit", "id"}), "7");
  Cycle();
  EXPECT_EQ(Desired(1), Sized(3)) << "the cut is taken back";
}

TEST_F(AppLoopTest, SpansOfAPausedApplicationAreNotKept) {
  stored.Edit(
      [](auto& object) { object["metadata"]["annotations"] = {{"trimtab.dev/paused", "true"}}; });
  Cycle();
  Cycle();
  int left = 0;
  ASSERT_TRUE(traces.Read(clock.now - options.control.interval, [&](const Span&) { ++left; }).ok());
  EXPECT_EQ(left, 0) << "the loop took them";
}

TEST_F(AppLoopTest, AStatusThatDoesNotChangeIsNotWritten) {
  for (int i = 0; i < 16; ++i) Cycle();
  const int before = stored.status_writes();
  for (int i = 0; i < 20; ++i) Cycle();
  EXPECT_EQ(stored.status_writes(), before);
}

TEST_F(AppLoopTest, AStatusThatWasWipedComesBack) {
  PassFreezes();
  stored.Edit([](auto& object) { object.erase("status"); });
  Cycle();
  EXPECT_EQ(Condition("Ready"), "True/Reconciled");
}

TEST_F(AppLoopTest, EventsComeOnceAMinuteAndReason) {
  traces.tail = std::chrono::milliseconds(900);  // 300 ms are promised
  for (int i = 0; i < 17; ++i) Cycle();          // 85 s
  const auto reasons = stored.event_reasons();
  EXPECT_EQ(std::ranges::count(reasons, "ObjectiveMissed"), 2);
}

TEST_F(AppLoopTest, ATemplateThatChangedDropsItsSizesAndFreezes) {
  PassFreezes();
  ASSERT_TRUE(sizes->Put({{.kind = "Deployment", .name = "m0", .container = "app"}}).ok());
  world.settle = [](const std::vector<PodSize>&) { return std::vector<PodSize>(); };
  Ask(Sized(2), Sized(1));
  Cycle();
  EXPECT_THAT(sizes->Sizes(), IsEmpty());
  EXPECT_EQ(Desired(1), Sized(2));
}

TEST_F(AppLoopTest, SizesAreStillKnownWhenTheResourceIsDeletedInACommit) {
  Cycle();
  stored.Delete();
  EXPECT_TRUE(sizes->Put({{.kind = "Deployment", .name = "m0", .container = "app"}}).ok());
  EXPECT_THAT(sizes->Sizes(), SizeIs(1));
}

TEST_F(AppLoopTest, AContradictionIsAConditionAndNothingShrinks) {
  PassFreezes();
  Ask(Sized(1), Sized(1));
  stored.Edit([](auto& object) {
    object["metadata"]["generation"] = 2;
    object["spec"]["workloads"][0]["horizontal"] = {{"minReplicas", 30}};
  });
  Cycle();
  EXPECT_EQ(Condition("Ready"), "False/InvalidSpec");
  EXPECT_THAT(stored.Status().dump(), HasSubstr("minReplicas: is 30, above maxReplicas 20"));
  EXPECT_THAT(world.actuator_.applied, IsEmpty());
}

TEST_F(AppLoopTest, WithoutAModelTheReasonIsToldAndNothingDone) {
  model = absl::FailedPreconditionError("no profile has the microservices m0, m1");
  Restart();
  Cycle();
  EXPECT_EQ(Condition("ModelReady"), "False/ModelNotTrained");
  EXPECT_THAT(journal.entries, IsEmpty());
}

TEST_F(AppLoopTest, AMissingWorkloadDoesNotKeepTheOthersFromBeingServed) {
  world.ready = absl::NotFoundError("spec.workloads[1].targetRef: there is no Deployment 'm1'");
  Ask(Sized(3), Sized(2));
  Cycle();
  EXPECT_EQ(Condition("Ready"), "False/WorkloadNotFound");
  EXPECT_EQ(Desired(0), Sized(3));
}

TEST_F(AppLoopTest, ClusterUnknownOrMetricsDownDecidesNothing) {
  Ask(Sized(1), Sized(1));
  world.ready = absl::UnavailableError("pods are not synced");
  Cycle();
  EXPECT_EQ(Condition("Ready"), "False/NotSynced");
  world.ready = absl::OkStatus();
  world.metrics_.error = absl::UnavailableError("connection refused");
  for (int i = 0; i < 20; ++i) Cycle();
  EXPECT_EQ(Condition("MetricsAvailable"), "False/NoData");
  EXPECT_THAT(world.actuator_.applied, IsEmpty());
  EXPECT_THAT(stored.event_reasons(), Contains("MetricsUnavailable"));
}

TEST_F(AppLoopTest, WhenTheResourceIsGoneTheLoopEndsWithItsMetrics) {
  Cycle();
  EXPECT_THAT(metrics.Text(), HasSubstr("trimtab_app_latency_target_seconds"));
  stored.Delete();
  EXPECT_FALSE(Cycle());
  loop.reset();
  EXPECT_THAT(metrics.Text(), Not(HasSubstr("trimtab_app_latency_target_seconds")));
}

}  // namespace
}  // namespace trimtab
