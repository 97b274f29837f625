#include "trimtab/cluster/change_check.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/cluster/fixed_allocation.h"
#include "trimtab/cluster/testing/sights.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr ContainerConfig kSize{Millicores(200), Mebibytes(128)};

// A change of TestSight(4).
class ChangeCheckTest : public testing::Test {
 protected:
  absl::Status Check(const MicroserviceAllocation& to) {
    const WorkloadSight sight = sight_.Get();
    const WorkloadReading reading = ReadSight(scaled_, sight, {}, {}, "trimtab");
    std::vector<PodSize> sizes;
    if (to.container != reading.state.desired.container) {
      auto split = SplitSize(sight_.workload, {"app"}, to.container, scaled_.vertical.limits);
      if (split.ok()) sizes = *std::move(split);
    }
    const AllocationChange change{MicroserviceId(0), reading.state.desired, to};
    return CheckChange({.scaled = scaled_,
                        .sight = sight,
                        .reading = reading,
                        .change = change,
                        .sizes = sizes,
                        .memory_in_use = memory_in_use_},
                       bounds_);
  }
  std::string Refusal(const MicroserviceAllocation& to) {
    const absl::Status status = Check(to);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    return std::string(status.message());
  }

  TestSight sight_{4};
  ScaledWorkload scaled_{.name = "web"};
  NamespaceBounds bounds_;
  std::optional<Bytes> memory_in_use_;
};

TEST_F(ChangeCheckTest, WhatNothingForbidsPasses) {
  EXPECT_TRUE(Check({8, kSize}).ok());
  EXPECT_TRUE(Check({1, kSize}).ok());
  EXPECT_TRUE(Check({4, {Millicores(800), Mebibytes(64)}}).ok());
}

TEST_F(ChangeCheckTest, ZeroReplicasAreLeftToTheirOwner) {
  EXPECT_THAT(Refusal({0, kSize}), StartsWith("NotAllowed: Deployment 'shop/web': asked for 0"));
  sight_ = TestSight(0);
  EXPECT_THAT(Refusal({1, kSize}), StartsWith("Off: "));
}

TEST_F(ChangeCheckTest, StatefulSetsAndVolumeClaimsScaleOnlyWhereTheResourceSaysSo) {
  sight_.workload.has_volume_claims = true;
  EXPECT_THAT(Refusal({5, kSize}), HasSubstr("horizontal.enabled is true"));
  EXPECT_TRUE(Check({4, {Millicores(300), Mebibytes(128)}}).ok()) << "its size may change";
  scaled_.horizontal.enabled = true;
  EXPECT_TRUE(Check({5, kSize}).ok());
  scaled_.horizontal.enabled = false;
  sight_.workload.has_volume_claims = false;
  EXPECT_THAT(Refusal({5, kSize}), HasSubstr("horizontal.enabled is false"));
  scaled_.horizontal.enabled.reset();
  sight_.workload.kind = "StatefulSet";
  EXPECT_THAT(Refusal({5, kSize}), HasSubstr("a StatefulSet scales only where"));
}

TEST_F(ChangeCheckTest, BestEffortWindowsAndOffKeepTheirSize) {
  const MicroserviceAllocation larger{4, {Millicores(300), Mebibytes(128)}};
  scaled_.vertical.apply = VerticalApply::kOff;
  EXPECT_THAT(Refusal(larger), HasSubstr("vertical.apply is Off"));
  EXPECT_TRUE(Check({5, kSize}).ok()) << "replicas may change";
  scaled_.vertical.apply = VerticalApply::kInPlace;
  sight_.pods[0].os = "windows";
  EXPECT_THAT(Refusal(larger), HasSubstr("Windows"));
  sight_.pods[0].os = "";
  sight_.workload.containers[0].requests = sight_.workload.containers[0].limits = {};
  EXPECT_THAT(Refusal(larger), HasSubstr("has neither request nor limit for CPU"));
  sight_.workload.containers[0].limits.cpu = Millicores(200);
  EXPECT_THAT(Refusal({4, {Millicores(300), Bytes(0)}}), HasSubstr("for memory"));
}

TEST_F(ChangeCheckTest, ARolloutFreezesWhatIsLowered) {
  sight_.workload.updated_replicas = 1;
  EXPECT_THAT(Refusal({3, kSize}), StartsWith("RolloutInProgress: "));
  EXPECT_THAT(Refusal({4, {Millicores(100), Mebibytes(128)}}), StartsWith("RolloutInProgress: "));
  EXPECT_THAT(Refusal({8, {Millicores(200), Mebibytes(64)}}), StartsWith("RolloutInProgress: "));
  EXPECT_TRUE(Check({8, kSize}).ok());
}

TEST_F(ChangeCheckTest, AScaleDownLeavesWhatADisruptionBudgetDemands) {
  DisruptionBudgetView budget{.match_labels = {{"app", "web"}}, .disruptions_allowed = 1};
  budget.meta.name = "pdb";
  const auto set = [&] {
    bounds_.budgets = {std::make_shared<const DisruptionBudgetView>(budget)};
  };
  set();
  EXPECT_TRUE(Check({3, kSize}).ok());
  EXPECT_THAT(Refusal({2, kSize}),
              StartsWith("DisruptionBudget: Deployment 'shop/web': 2 ready pods would go, 'pdb' "
                         "allows 1"));
  EXPECT_TRUE(Check({9, kSize}).ok());
  // Pods that are not ready are counted by no budget.
  sight_.pods[0].conditions[0].status = "False";
  EXPECT_TRUE(Check({2, kSize}).ok());
  budget.match_labels = {{"app", "other"}};
  set();
  EXPECT_TRUE(Check({1, kSize}).ok());
  budget.match_labels = {};
  budget.has_expressions = true;
  set();
  EXPECT_THAT(Refusal({1, kSize}), StartsWith("DisruptionBudget: ")) << "on doubt it counts";
  budget.disruptions_allowed = 10;
  budget.meta.generation = 2;
  budget.observed_generation = 1;
  set();
  EXPECT_THAT(Refusal({1, kSize}), HasSubstr("'pdb' has not been evaluated yet"));
}

TEST_F(ChangeCheckTest, MemoryStaysAboveWhatIsInUse) {
  memory_in_use_ = Mebibytes(100);
  EXPECT_TRUE(Check({4, {Millicores(200), Mebibytes(100)}}).ok());
  EXPECT_THAT(Refusal({4, {Millicores(200), Mebibytes(99)}}),
              StartsWith("WorkingSet: Deployment 'shop/web': memory 99Mi is below what is in use, "
                         "100Mi"));
  memory_in_use_ = Mebibytes(500);
  EXPECT_TRUE(Check({5, kSize}).ok()) << "what is not lowered is not forbidden";
}

TEST_F(ChangeCheckTest, APodThatFitsOnNoNodeIsRefused) {
  NodeView node;
  node.allocatable = TestAmounts(1000, 1024);
  bounds_.nodes = {std::make_shared<const NodeView>(node)};
  // Requests are half of limits.
  EXPECT_TRUE(Check({4, {Millicores(2000), Mebibytes(128)}}).ok());
  EXPECT_THAT(Refusal({4, {Millicores(2002), Mebibytes(128)}}),
              StartsWith("NodeCapacity: Deployment 'shop/web': a pod that requests 1001m"));
  sight_.workload.containers.push_back({.name = "proxy", .requests = TestAmounts(100, 1)});
  EXPECT_THAT(Refusal({4, {Millicores(2000), Mebibytes(128)}}), StartsWith("NodeCapacity: "))
      << "containers that do not scale count";
}

TEST_F(ChangeCheckTest, LimitRangesBoundContainersAndPods) {
  LimitRangeView range;
  range.meta.name = "lr";
  range.container.most.cpu = Millicores(500);
  range.container.least.memory = Mebibytes(32);
  bounds_.limit_ranges = {std::make_shared<const LimitRangeView>(range)};
  EXPECT_TRUE(Check({4, {Millicores(500), Mebibytes(128)}}).ok());
  EXPECT_THAT(Refusal({4, {Millicores(501), Mebibytes(128)}}),
              HasSubstr("'lr': container 'app' with a CPU limit of 501m, at most 500m"));
  EXPECT_THAT(Refusal({4, {Millicores(500), Mebibytes(62)}}),
              HasSubstr("requests memory of 31Mi, at least 32Mi"));
  range.container = {};
  range.pod.most.memory = Mebibytes(200);
  bounds_.limit_ranges = {std::make_shared<const LimitRangeView>(range)};
  EXPECT_THAT(Refusal({4, {Millicores(200), Mebibytes(201)}}), HasSubstr("a pod with a memory"));
}

// Four pods that request 100m: 400m of 600m are used.
TEST_F(ChangeCheckTest, AQuotaBoundsWhatIsAskedForInAll) {
  QuotaView quota;
  quota.meta.name = "q";
  quota.hard_requests.cpu = Millicores(600);
  quota.used_requests.cpu = Millicores(400);
  bounds_.quotas = {std::make_shared<const QuotaView>(quota)};
  EXPECT_TRUE(Check({6, kSize}).ok());
  EXPECT_THAT(Refusal({7, kSize}),
              HasSubstr("Quota: Deployment 'shop/web': 'q' has 400m of 600m CPU requests used, "
                        "300m more are asked for"));
  // Requests of 150m each.
  EXPECT_TRUE(Check({4, {Millicores(300), Mebibytes(128)}}).ok());
  EXPECT_THAT(Refusal({4, {Millicores(302), Mebibytes(128)}}), StartsWith("Quota: "));
  EXPECT_TRUE(Check({3, kSize}).ok());
  quota.has_scopes = true;
  bounds_.quotas = {std::make_shared<const QuotaView>(quota)};
  EXPECT_TRUE(Check({7, kSize}).ok()) << "it holds for other pods";
  quota = {};
  quota.hard_pods = 5;
  quota.used_pods = 4;
  bounds_.quotas = {std::make_shared<const QuotaView>(quota)};
  EXPECT_TRUE(Check({5, kSize}).ok());
  EXPECT_THAT(Refusal({6, kSize}), HasSubstr("1 of 5 pods left, 2 more"));
}

TEST_F(ChangeCheckTest, WhatMustStayIsToldToThePlanner) {
  AppScaler scaler;
  scaler.workloads = {{.name = "web"}, {.name = "gone"}, {.name = "store"}};
  TestSight store(2);
  store.workload.kind = "StatefulSet";
  const ApplicationView view{.name_space = "shop", .workloads = {sight_.Get(), {}, store.Get()}};
  std::vector<MicroserviceState> states(3);
  states[2].desired = {2, kSize};
  const auto fixed = FixedAllocations(scaler, view, states);
  ASSERT_EQ(fixed.size(), 3U);
  EXPECT_FALSE(fixed[0].replicas.has_value());
  EXPECT_FALSE(fixed[0].container.has_value());
  EXPECT_TRUE(fixed[1].replicas.has_value());
  EXPECT_EQ(fixed[2].replicas, 2);
  EXPECT_THAT(fixed[0].notes, testing::IsEmpty());
  EXPECT_THAT(fixed[2].notes, testing::ElementsAre("replicas stay: a StatefulSet scales only where "
                                                   "horizontal.enabled is true"));
  EXPECT_FALSE(fixed[2].container.has_value());
}

}  // namespace
}  // namespace trimtab
