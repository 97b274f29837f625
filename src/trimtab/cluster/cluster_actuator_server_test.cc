// The actuator on a real API server with the real controllers and scheduler.
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/cluster/testing/cluster_world.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr ContainerConfig kTemplateSize{Millicores(200), Mebibytes(128)};

class ClusterActuatorServerTest : public ClusterTest {};

TEST_F(ClusterActuatorServerTest, WhatRunsIsSeen) {
  Run("Deployment", "web", 2);
  Run("StatefulSet", "store", 1);
  ASSERT_TRUE(BecomesEffective(0));
  ASSERT_TRUE(BecomesEffective(1));
  EXPECT_EQ(State(0).desired, (MicroserviceAllocation{2, kTemplateSize}));
  EXPECT_EQ(State(1).desired, (MicroserviceAllocation{1, kTemplateSize}));
  EXPECT_EQ(State(0).reason, "");
}

TEST_F(ClusterActuatorServerTest, ReplicasGoUpAndDown) {
  Run("Deployment", "web", 2);
  ASSERT_TRUE(BecomesEffective());
  MicroserviceAllocation to{4, kTemplateSize};
  ASSERT_TRUE(Apply(to).ok());
  EXPECT_EQ(State().desired, to) << "at once";
  ASSERT_TRUE(BecomesEffective());
  EXPECT_EQ(State().ready, 4);
  to.replicas = 1;
  ASSERT_TRUE(Apply(to).ok());
  ASSERT_TRUE(BecomesEffective());
  EXPECT_EQ(State().ready, 1);
}

TEST_F(ClusterActuatorServerTest, ANewSizeReachesRunningPodsAndThoseToCome) {
  Run("Deployment", "web", 2);
  ASSERT_TRUE(BecomesEffective());
  const MicroserviceAllocation larger{2, {Millicores(400), Mebibytes(256)}};
  const absl::Status applied = Apply(larger);
  ASSERT_TRUE(applied.ok()) << applied;
  EXPECT_EQ(State().desired, larger);
  ASSERT_TRUE(BecomesEffective());
  for (const PodView& pod : Pods("web")) {
    EXPECT_EQ(pod.containers[0].limits, (ResourceAmounts{Millicores(400), Mebibytes(256)}));
    EXPECT_EQ(pod.containers[0].requests, (ResourceAmounts{Millicores(200), Mebibytes(128)}));
  }
  ASSERT_EQ(book_.sizes.size(), 1U);
  EXPECT_EQ(book_.sizes[0].template_limits, (ResourceAmounts{Millicores(200), Mebibytes(128)}));
  // Without an admission policy a new pod is born as the template says, and is resized.
  ASSERT_TRUE(Apply({3, larger.container}).ok());
  ASSERT_TRUE(Tends([&] { return State().Effective(); })) << State().reason;
  EXPECT_EQ(State().ready, 3);
  for (const PodView& pod : Pods("web")) EXPECT_EQ(pod.containers[0].limits.cpu, Millicores(400));
  // And down, below the template.
  const MicroserviceAllocation smaller{2, {Millicores(100), Mebibytes(100)}};
  ASSERT_TRUE(Apply(smaller).ok());
  ASSERT_TRUE(Tends([&] { return State().Effective(); })) << State().reason;
  EXPECT_EQ(State().desired, smaller);
}

TEST_F(ClusterActuatorServerTest, AStalePlanWritesNothing) {
  Run("Deployment", "web", 2);
  ASSERT_TRUE(BecomesEffective());
  const absl::Status replicas =
      actuator().Apply({MicroserviceId(0), {3, kTemplateSize}, {4, kTemplateSize}});
  EXPECT_EQ(replicas.code(), absl::StatusCode::kAborted) << replicas;
  const absl::Status size = actuator().Apply(
      {MicroserviceId(0), {2, {Millicores(300), Mebibytes(128)}}, {4, kTemplateSize}});
  EXPECT_EQ(size.code(), absl::StatusCode::kAborted) << size;
  EXPECT_EQ(Replicas("web"), 2);
  EXPECT_EQ(book_.puts, 0);
}

}  // namespace
}  // namespace trimtab
