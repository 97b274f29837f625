// The own metrics of a cycle, from what the loop of one AppScaler did in a fake world.
#include "trimtab/operator/cycle_metrics.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/operator/metered_sources.h"
#include "trimtab/operator/testing/app_loop_fixture.h"

namespace trimtab {
namespace {

using testing::HasSubstr;
using testing::Not;

class CycleMetricsTest : public AppLoopFixture {
 protected:
  std::string Page() const { return metrics.Text(); }
};

TEST_F(CycleMetricsTest, WritesAreCountedByVerbAndResult) {
  Ask(Sized(3), Sized(2, 500));
  Cycle();
  EXPECT_THAT(Page(), HasSubstr("trimtab_actions_total{verb=\"scale\",result=\"ok\"} 1\n"));
  EXPECT_THAT(Page(), HasSubstr("trimtab_actions_total{verb=\"resize\",result=\"ok\"} 1\n"));
}

TEST_F(CycleMetricsTest, ARefusedWriteIsCountedAsSuch) {
  world.actuator_.apply_errors[0] = absl::InvalidArgumentError("Quota: no more");
  Ask(Sized(3), Sized(2));
  Cycle();
  EXPECT_THAT(Page(), HasSubstr("trimtab_actions_total{verb=\"scale\",result=\"refused\"} 1\n"));
  EXPECT_THAT(Page(), Not(HasSubstr("result=\"ok\"")));
}

TEST_F(CycleMetricsTest, AWriteLastsUntilACycleFindsItEffective) {
  Ask(Sized(3), Sized(2));
  Cycle();
  EXPECT_THAT(Page(), Not(HasSubstr("trimtab_action_duration_seconds_count")));
  Cycle();  // an interval of 5 s later all is ready
  EXPECT_THAT(Page(), HasSubstr("trimtab_action_duration_seconds_sum{verb=\"scale\","
                                "result=\"ok\"} 5\n"));
}

TEST_F(CycleMetricsTest, WhatAWorkloadWaitsForIsShownWhileItDoes) {
  Ask(Sized(2), Sized(2));
  world.actuator_.states[1].pending = 1;
  world.actuator_.states[1].reason = "Unschedulable: 1 pod has no node";
  Cycle();
  const std::string waits =
      "trimtab_workload_waiting{namespace=\"shop\",app=\"two\",workload=\"m1\",reason=";
  EXPECT_THAT(Page(), HasSubstr(waits + "\"Unschedulable\"} 1\n"));
  EXPECT_THAT(journal.entries.back().observation,
              HasSubstr(R"("waitsBecause":"Unschedulable: 1 pod has no node")"));
  world.actuator_.states[1].reason = "NotReady: 1 pod";
  Cycle();
  EXPECT_THAT(Page(), Not(HasSubstr(waits + "\"Unschedulable\"")));
  EXPECT_THAT(Page(), HasSubstr(waits + "\"NotReady\"} 1\n"));
  world.actuator_.states[1].reason.clear();
  world.actuator_.states[1].pending = 0;
  Cycle();
  EXPECT_THAT(Page(), Not(HasSubstr(waits)));
}

TEST_F(CycleMetricsTest, ARecommendationThatIsNotCarriedOutIsSuppressedAndNoWrite) {
  stored.Edit([](nlohmann::json& object) { object["spec"]["mode"] = "Recommend"; });
  Ask(Sized(3), Sized(2));
  Cycle();
  EXPECT_THAT(Page(), HasSubstr("trimtab_actions_suppressed_total{reason=\"RecommendOnly\"} 1\n"));
  EXPECT_THAT(Page(), Not(HasSubstr("trimtab_actions_total")));
}

TEST_F(CycleMetricsTest, APromiseBeyondTheMostReplicasIsToldByThatReason) {
  policy.make = [](const PlanningInput&) {
    Plan plan;
    plan.target = Allocation(2);
    plan.target[MicroserviceId(0)] = Sized(20);  // the most where the resource says nothing
    plan.target[MicroserviceId(1)] = Sized(2);
    plan.feasible = false;
    plan.binding = {MicroserviceId(0)};
    return plan;
  };
  Cycle();
  EXPECT_THAT(Page(), HasSubstr("trimtab_actions_suppressed_total{reason=\"MaxReplicas\"} 1\n"));
}

TEST_F(CycleMetricsTest, SensitivityIsGainOverWhatItTook) {
  policy.make = [](const PlanningInput&) {
    Plan plan;
    plan.target = Allocation(2);
    plan.target[MicroserviceId(0)] = Sized(2, 900);
    plan.target[MicroserviceId(1)] = Sized(2);
    // 500m more take 50 ms away: 0.1 s a core. One replica more would have taken 20 ms.
    PlanStep step;
    step.microservice = MicroserviceId(0);
    step.action = ScalingAction::kCpu;
    step.before = Sized(2);
    step.after = Sized(2, 900);
    step.gain = Latency(50);
    PlanAlternative other;
    other.microservice = MicroserviceId(1);
    other.action = ScalingAction::kReplicas;
    other.after = Sized(3);
    other.gain = Latency(20);
    step.alternatives = {other};
    plan.steps = {step};
    return plan;
  };
  Cycle();
  const std::string of = "trimtab_workload_sensitivity{namespace=\"shop\",app=\"two\",workload=";
  EXPECT_THAT(Page(), HasSubstr(of + "\"m0\",resource=\"cpu\"} 0.1\n"));
  EXPECT_THAT(Page(), HasSubstr(of + "\"m1\",resource=\"replicas\"} 0.02\n"));
}

TEST_F(CycleMetricsTest, SamplesAreAsOldAsTheOldest) {
  Ask(Sized(2), Sized(2));
  Cycle();
  // Scraped every 15 s, the last time at 990 s: ten seconds before the cycle.
  EXPECT_THAT(Page(), HasSubstr("trimtab_source_sample_age_seconds{namespace=\"shop\",app=\"two\","
                                "source=\"prometheus\"} 10\n"));
}

TEST_F(CycleMetricsTest, OfAnAppScalerThatIsGoneNothingIsShown) {
  Ask(Sized(3), Sized(2));
  Cycle();
  loop.reset();
  EXPECT_THAT(Page(), Not(HasSubstr("app=\"two\"")));
}

TEST_F(CycleMetricsTest, ASourceThatFailsIsDownUntilItAnswers) {
  FakeMetrics source(world.actuator_);
  MeteredMetricSource metered(source, {"prometheus", clock, metrics});
  source.error = absl::UnavailableError("connection refused");
  EXPECT_FALSE(metered.Read(clock.now, std::chrono::seconds(30)).ok());
  EXPECT_THAT(Page(), HasSubstr("trimtab_source_up{source=\"prometheus\"} 0\n"));
  EXPECT_THAT(Page(), HasSubstr("trimtab_source_errors_total{source=\"prometheus\","
                                "code=\"UNAVAILABLE\"} 1\n"));
  EXPECT_THAT(Page(), Not(HasSubstr("trimtab_source_last_success")));
  source.error = absl::OkStatus();
  EXPECT_TRUE(metered.Read(clock.now, std::chrono::seconds(30)).ok());
  EXPECT_THAT(Page(), HasSubstr("trimtab_source_up{source=\"prometheus\"} 1\n"));
  EXPECT_THAT(Page(), HasSubstr("trimtab_source_last_success_timestamp_seconds{"
                                "source=\"prometheus\"} 1000"));
  EXPECT_THAT(Page(), HasSubstr("trimtab_source_request_duration_seconds_count{"
                                "source=\"prometheus\"} 2\n"));
}

TEST(MeasureResizesTest, CountsPodsByState) {
  const auto pod = [](std::int64_t generation, const char* condition, const char* reason) {
    auto view = std::make_shared<PodView>();
    view->meta.generation = generation;
    view->observed_generation = 1;
    view->node = "n1";
    view->started = Instant{};
    PodContainer container;
    container.name = "app";
    container.requests.cpu = Millicores(200);
    view->containers = {container};
    PodContainerStatus status;
    status.name = "app";
    status.requests.cpu = Millicores(100);
    view->statuses = {status};
    if (*condition != '\0') {
      view->conditions = {{.type = condition, .status = "True", .reason = reason}};
    }
    return PodSight{.pod = view};
  };
  ApplicationView view;
  view.workloads.resize(1);
  view.workloads[0].pods = {
      pod(1, "PodResizePending", "Deferred"), pod(1, "PodResizePending", "Infeasible"),
      pod(1, "PodResizePending", "Deferred"), pod(1, "PodResizeInProgress", "")};
  OwnMetrics metrics;
  MeasureResizes({view}, metrics);
  EXPECT_THAT(metrics.Text(), HasSubstr("trimtab_pod_resize_state{state=\"deferred\"} 2\n"));
  EXPECT_THAT(metrics.Text(), HasSubstr("trimtab_pod_resize_state{state=\"infeasible\"} 1\n"));
  EXPECT_THAT(metrics.Text(), HasSubstr("trimtab_pod_resize_state{state=\"inprogress\"} 1\n"));
  // What has gone shows as none, and not for ever.
  MeasureResizes({}, metrics);
  EXPECT_THAT(metrics.Text(), HasSubstr("trimtab_pod_resize_state{state=\"deferred\"} 0\n"));
}

}  // namespace
}  // namespace trimtab
