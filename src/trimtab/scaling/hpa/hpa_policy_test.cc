// The rules of the HorizontalPodAutoscaler that the recording does not reach.
#include "trimtab/scaling/hpa/hpa_policy.h"

#include <chrono>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/scaling/hpa/replica_calculator.h"
#include "trimtab/scaling/hpa/scaling_behavior.h"

namespace trimtab {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

HpaPod Counted(std::int64_t usage) {
  return {.state = HpaPod::State::kCounted, .usage = usage, .request = 100};
}

TEST(ReplicaCalculatorTest, TruncatesTheUtilizationToWholePerCent) {
  // 3 x 58.9m of 100m is 58.9 %, truncated 58; 58 / 53 = 1.094 is within 0.1, 58.9 / 53 = 1.111
  // would not be.
  const std::vector<HpaPod> pods = {Counted(58), Counted(59), Counted(59)};
  EXPECT_EQ(*ReplicasForUtilization(pods, 3, 53, {}), 3);
}

TEST(ReplicaCalculatorTest, CountsMissingPodsAsTheTargetWhenItIsAboveTheRequest) {
  // (10 + 150) / 200 = 80 %, over 150 is 0.533: ceil(0.533 x 2) = 2 of 4.
  const std::vector<HpaPod> pods = {Counted(10),
                                    {.state = HpaPod::State::kMissing, .usage = 0, .request = 100}};
  EXPECT_EQ(*ReplicasForUtilization(pods, 4, 150, {}), 2);
}

TEST(ReplicaCalculatorTest, IgnoresUnreadyPodsGoingDown) {
  // Two ready pods at 20 % ask for ceil(0.4 x 2) = 1.
  const std::vector<HpaPod> pods = {
      Counted(20), Counted(20), {.state = HpaPod::State::kUnready, .usage = 99, .request = 100}};
  EXPECT_EQ(*ReplicasForUtilization(pods, 3, 50, {}), 1);
}

TEST(ReplicaCalculatorTest, ReportsWhyItCannotAnswer) {
  EXPECT_EQ(ReplicasForUtilization({}, 3, 50, {}).status().code(), absl::StatusCode::kUnavailable);
  const std::vector<HpaPod> pods = {{.state = HpaPod::State::kCounted, .usage = 10, .request = 0}};
  EXPECT_EQ(ReplicasForUtilization(pods, 3, 50, {}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(ReplicaCalculatorTest, DividesAnExternalTotal) {
  EXPECT_EQ(ReplicasForExternalTotal(450, 4, 100, {}), 5);
  EXPECT_EQ(ReplicasForExternalTotal(430, 4, 100, {}), 4);  // 1.075: within tolerance
}

Instant At(int second) { return Instant(seconds(second)); }

TEST(ScalingBehaviorTest, WithoutABehaviorKeepsTheHighestOfFiveMinutes) {
  ScalingBehavior behavior(std::nullopt, seconds(300));
  EXPECT_EQ(behavior.Limit(At(0), 6, 2, 1, 20), 6);
  EXPECT_EQ(behavior.Limit(At(285), 6, 2, 1, 20), 6);
  EXPECT_EQ(behavior.Limit(At(300), 6, 2, 1, 20), 2);
}

TEST(ScalingBehaviorTest, WithoutABehaviorDoublesAtMost) {
  ScalingBehavior behavior(std::nullopt, seconds(300));
  EXPECT_EQ(behavior.Limit(At(0), 1, 30, 1, 20), 4);
  EXPECT_EQ(behavior.Limit(At(15), 4, 30, 1, 20), 8);
  EXPECT_EQ(behavior.Limit(At(30), 16, 30, 1, 20), 20);
}

TEST(ScalingBehaviorTest, WaitsForTheLowestOfTheUpWindow) {
  HpaBehavior rules;
  rules.scale_up.stabilization_window = seconds(60);
  ScalingBehavior behavior(rules, seconds(300));
  EXPECT_EQ(behavior.Limit(At(0), 4, 4, 1, 20), 4);
  EXPECT_EQ(behavior.Limit(At(30), 4, 6, 1, 20), 4);
  EXPECT_EQ(behavior.Limit(At(60), 4, 8, 1, 20), 6);  // 4 of second 0 has left, 6 has not
  EXPECT_EQ(behavior.Limit(At(90), 6, 8, 1, 20), 8);
}

TEST(ScalingBehaviorTest, ADisabledDirectionStays) {
  HpaBehavior rules;
  rules.scale_down.stabilization_window = seconds(0);
  rules.scale_down.select = HpaSelect::kDisabled;
  ScalingBehavior behavior(rules, seconds(300));
  EXPECT_EQ(behavior.Limit(At(0), 4, 1, 1, 20), 4);
}

TEST(ScalingBehaviorTest, SelectsTheSmallerPolicyWhenAsked) {
  HpaBehavior rules;
  rules.scale_up.select = HpaSelect::kMin;
  ScalingBehavior behavior(rules, seconds(300));
  // +4 pods is 6, +100 % is 4.
  EXPECT_EQ(behavior.Limit(At(0), 2, 20, 1, 20), 4);
}

TEST(HpaOptionsTest, DefaultsAreValid) { EXPECT_TRUE(HpaOptions{}.Validate().ok()); }

TEST(HpaOptionsTest, ListsEveryViolation) {
  HpaOptions options;
  options.tolerance = -1;
  options.metrics[0].target = 0;
  options.min_replicas = 5;
  options.max_replicas = 3;
  options.behavior = HpaBehavior{};
  options.behavior->scale_up.policies.clear();
  const std::string message(options.Validate().message());
  EXPECT_THAT(message, HasSubstr("tolerance is -1, expected 0 or more and below 1"));
  EXPECT_THAT(message, HasSubstr("metrics[0].target is 0, expected above 0"));
  EXPECT_THAT(message, HasSubstr("max_replicas is 3, expected at least min_replicas 5"));
  EXPECT_THAT(message, HasSubstr("behavior.scale_up.policies is empty"));
  EXPECT_FALSE(HpaPolicy::Create(options).ok());
}

// One microservice whose pods are given by the test.
class HpaPolicyTest : public ::testing::Test {
 protected:
  void AddPod(const std::string& name, bool ready, double cores, Duration age = Duration(0)) {
    microservice_.containers.push_back({.pod = name,
                                        .host = {},
                                        .ready = ready,
                                        .limits = {Millicores(100), Mebibytes(64)},
                                        .cpu_usage = Measured<double>{.value = cores, .age = age},
                                        .memory_usage = {},
                                        .container_load = {},
                                        .interference = {},
                                        .own_latency_tail = {}});
  }

  int Plan(int at, int replicas, bool may_shrink = true) {
    const Allocation desired(1,
                             {.replicas = replicas, .container = {Millicores(100), Mebibytes(64)}});
    microservice_.desired = desired[MicroserviceId(0)];
    const Observation seen{.at = At(at),
                           .window = seconds(60),
                           .microservices = {microservice_},
                           .hosts = {},
                           .application_load = {},
                           .measured_tail_latency = {},
                           .gaps = {}};
    const auto plan = policy_->MakePlan({.application = application_,
                                         .observation = seen,
                                         .desired = desired,
                                         .sla = {},
                                         .capacity = {},
                                         .scale_down_allowed = may_shrink});
    EXPECT_TRUE(plan.ok()) << plan.status();
    return plan->target[MicroserviceId(0)].replicas;
  }

  Application application_ = *Application::Create("app", {{.name = "web", .bounds = {}}}, {});
  MicroserviceObservation microservice_{
      .desired = {}, .containers = {}, .arrival_rate = {}, .own_latency_tail = {}};
  std::unique_ptr<HpaPolicy> policy_ = *HpaPolicy::Create({});
};

TEST_F(HpaPolicyTest, WaitsForItsNextSync) {
  AddPod("a", true, 0.16);
  EXPECT_EQ(Plan(0, 1), 2);
  EXPECT_EQ(Plan(14, 1), 1);
  EXPECT_EQ(Plan(15, 1), 2);
}

TEST_F(HpaPolicyTest, DoesNotCountAYoungPodUntilItsSampleLiesBehindItsReadiness) {
  AddPod("a", true, 0.16);
  EXPECT_EQ(Plan(0, 1), 2);
  // b is seen ready at 15 s; its sample of 15 s does not cover time after readiness, so it counts
  // as 0: 160 / 200 = 80 %, on target.
  AddPod("b", true, 0.16);
  EXPECT_EQ(Plan(15, 2), 2);
  // At 30 s it counts: 160 %.
  EXPECT_EQ(Plan(30, 2), 4);
}

TEST_F(HpaPolicyTest, CountsPendingPodsAsNothingGoingUp) {
  AddPod("a", true, 0.16);
  microservice_.pending = 1;
  EXPECT_EQ(Plan(0, 2), 2);  // 160 / 200 = 80 %
}

TEST_F(HpaPolicyTest, SkipsPodsThatAreLeaving) {
  AddPod("a", true, 0.16);
  AddPod("b", true, 0.0);
  EXPECT_EQ(Plan(0, 2), 2);
  microservice_.containers[1].ready = false;
  microservice_.draining = 1;
  EXPECT_EQ(Plan(15, 1), 2);  // a alone is at 160 %
}

TEST_F(HpaPolicyTest, HoldsWhileScalingDownIsNotAllowed) {
  AddPod("a", true, 0.0);
  AddPod("b", true, 0.0);
  EXPECT_EQ(Plan(0, 2), 2);
  EXPECT_EQ(Plan(300, 2, /*may_shrink=*/false), 2);
  EXPECT_EQ(Plan(315, 2), 1);
}

TEST_F(HpaPolicyTest, RefusesAnObservationOfAnotherApplication) {
  const Allocation desired(1, {.replicas = 1, .container = {Millicores(100), Mebibytes(64)}});
  const Observation empty;
  const auto plan = policy_->MakePlan({.application = application_,
                                       .observation = empty,
                                       .desired = desired,
                                       .sla = {},
                                       .capacity = {}});
  EXPECT_THAT(std::string(plan.status().message()),
              HasSubstr("the observation has 0 microservices, expected 1"));
}

}  // namespace
}  // namespace trimtab
