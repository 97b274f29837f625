// What others change while we scale, and templates that are swapped, on a real API server.
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/cluster/rivals.h"
#include "trimtab/cluster/template_swap.h"
#include "trimtab/cluster/testing/cluster_world.h"

namespace trimtab {
namespace {

using ::testing::Each;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using Json = nlohmann::json;

constexpr ContainerConfig kSize{Millicores(200), Mebibytes(128)};
constexpr ContainerConfig kLarger{Millicores(400), Mebibytes(256)};

class ClusterConflictsServerTest : public ClusterTest {};

TEST_F(ClusterConflictsServerTest, WhatSomebodyElseResizedIsANewObservation) {
  Run("Deployment", "web", 2);
  ASSERT_TRUE(BecomesEffective());
  ASSERT_TRUE(Apply({2, kLarger}).ok());
  ASSERT_TRUE(BecomesEffective());
  const AllocationChange stale{MicroserviceId(0), State().desired, {2, kSize}};
  const std::string pod = Pods("web")[0].meta.name;
  const auto patched = control_plane().Kubectl(
      {"patch", "pod", pod, "-n", name_space(), "--subresource", "resize", "--patch",
       R"({"spec":{"containers":[{"name":"app","resources":{"requests":{"cpu":"500m"},
           "limits":{"cpu":"1"}}}]}})"});
  ASSERT_TRUE(patched.ok()) << patched.status();
  ASSERT_TRUE(Says("FieldConflict"));
  EXPECT_EQ(State().desired.container, (ContainerConfig{Cores(1), kLarger.memory}));
  EXPECT_EQ(actuator().Apply(stale).code(), absl::StatusCode::kAborted);
  ASSERT_TRUE(actuator().Tend().ok());
  EXPECT_EQ(std::ranges::count(CpuLimits("web"), Cores(1)), 1) << "nobody works against it";
  // A plan that starts from what is there holds for all.
  ASSERT_TRUE(Apply({2, {Millicores(600), kLarger.memory}}).ok());
  ASSERT_TRUE(BecomesEffective());
  EXPECT_THAT(CpuLimits("web"), Each(Millicores(600)));
}

TEST_F(ClusterConflictsServerTest, AnOperatorWhoScalesByHandMakesPlansStale) {
  Run("Deployment", "web", 2);
  ASSERT_TRUE(BecomesEffective());
  ScaleByHand("web", 4);
  EXPECT_EQ(actuator().Apply({MicroserviceId(0), {2, kSize}, {1, kSize}}).code(),
            absl::StatusCode::kAborted);
  EXPECT_EQ(Replicas("web"), 4);
  ASSERT_TRUE(BecomesEffective());
  EXPECT_THAT(FindRivals(*watch_, scaler_), IsEmpty()) << "a hand is no rival";
}

TEST_F(ClusterConflictsServerTest, AChangedTemplateStartsAnew) {
  Run("Deployment", "web", 2);
  ASSERT_TRUE(BecomesEffective());
  ASSERT_TRUE(Apply({2, kLarger}).ok());
  ASSERT_TRUE(BecomesEffective());
  runner_->SetStarts(false);
  ASSERT_TRUE(client()
                  .Patch(Path(kDeployments, "web"), PatchType::kStrategicMerge,
                         Parsed(R"({"spec":{"template":{"spec":{"containers":[{"name":"app",
                           "resources":{"limits":{"cpu":"300m"}}}]}}}})"))
                  .ok());
  ASSERT_TRUE(servers::Eventually([&] {
    return State().desired.container == ContainerConfig{Millicores(300), Mebibytes(128)};
  }));
  const absl::Status lower = Apply({1, State().desired.container});
  EXPECT_THAT(std::string(lower.message()), StartsWith("RolloutInProgress: "));
  ASSERT_TRUE(actuator().Tend().ok());
  const std::vector<Millicores> limits = CpuLimits("web");
  EXPECT_EQ(std::ranges::count(limits, kLarger.cpu), 2) << "pods of the old template stay";
}

TEST_F(ClusterConflictsServerTest, ATemplateIsSwappedWithoutReplacingAPod) {
  Run("Deployment", "web", 3);
  scaler_.workloads[0].vertical.apply = VerticalApply::kTemplate;
  options_.template_delay = Duration(0);
  ASSERT_TRUE(BecomesEffective());
  ASSERT_TRUE(Apply({3, kLarger}).ok());
  ASSERT_TRUE(BecomesEffective());
  std::set<std::string> before;
  for (const PodView& pod : Pods("web")) before.insert(pod.meta.uid);
  ASSERT_TRUE(Tends([&] { return book_.sizes.empty(); }));
  const auto swapped = [&] {
    const auto deployment = watch_->FindDeployment(name_space(), "web");
    return !deployment->is_paused && !deployment->IsRollingOut() &&
           deployment->containers[0].limits == ResourceAmounts{kLarger.cpu, kLarger.memory} &&
           !deployment->meta.annotations.contains(std::string(kSwapMarker));
  };
  ASSERT_TRUE(servers::Eventually(swapped));
  EXPECT_EQ(State().desired, (MicroserviceAllocation{3, kLarger})) << "as before";
  // Pods to come are born with it, and those that run stay.
  ASSERT_TRUE(Apply({4, kLarger}).ok());
  ASSERT_TRUE(BecomesEffective());
  std::size_t stayed = 0;
  for (const PodView& pod : Pods("web")) {
    EXPECT_EQ(pod.containers[0].limits.cpu, kLarger.cpu);
    stayed += before.count(pod.meta.uid);
  }
  EXPECT_EQ(stayed, 3U);
}

// As a process that died between two writes leaves it.
TEST_F(ClusterConflictsServerTest, ASwapThatWasLeftHalfWayIsFinished) {
  Run("Deployment", "web", 2);
  ASSERT_TRUE(BecomesEffective());
  const std::string set = watch_->View(scaler_).workloads[0].pods[0].replica_set->meta.name;
  std::set<std::string> before;
  for (const PodView& pod : Pods("web")) before.insert(pod.meta.uid);
  const auto leave = [&](const std::string& marker) {
    Json pause = {{"metadata", {{"annotations", {{std::string(kSwapMarker), marker}}}}},
                  {"spec", {{"paused", true}}}};
    ASSERT_TRUE(client().Patch(Path(kDeployments, "web"), PatchType::kMerge, pause).ok());
    ASSERT_TRUE(servers::Eventually([&] {
      const auto deployment = watch_->FindDeployment(name_space(), "web");
      return deployment->is_paused &&
             deployment->observed_generation >= deployment->meta.generation;
    }));
  };
  const auto limit = [&] {
    return *watch_->FindDeployment(name_space(), "web")->containers[0].limits.cpu;
  };
  const auto resumed = [&] {
    const auto deployment = watch_->FindDeployment(name_space(), "web");
    return !deployment->is_paused &&
           !deployment->meta.annotations.contains(std::string(kSwapMarker));
  };
  // Before the ReplicaSet was written: undone.
  leave(set + " 200m 128Mi");
  ASSERT_TRUE(Tends(resumed));
  EXPECT_EQ(limit(), kSize.cpu);
  // After it: finished.
  leave(set + " 200m 128Mi");
  ASSERT_TRUE(client()
                  .Patch(Path(kReplicaSets, set), PatchType::kStrategicMerge,
                         Parsed(R"({"spec":{"template":{"spec":{"containers":[{"name":"app",
                           "resources":{"limits":{"cpu":"300m"}}}]}}}})"))
                  .ok());
  ASSERT_TRUE(Tends(resumed));
  EXPECT_EQ(limit(), Millicores(300));
  ASSERT_TRUE(servers::Eventually(
      [&] { return !watch_->FindDeployment(name_space(), "web")->IsRollingOut(); }));
  for (const PodView& pod : Pods("web")) EXPECT_TRUE(before.contains(pod.meta.uid));
  // A template that somebody changed meanwhile wins.
  leave(set + " 200m 128Mi");
  ASSERT_TRUE(client()
                  .Patch(Path(kReplicaSets, set), PatchType::kStrategicMerge,
                         Parsed(R"({"spec":{"template":{"spec":{"containers":[{"name":"app",
                           "resources":{"limits":{"cpu":"350m"}}}]}}}})"))
                  .ok());
  ASSERT_TRUE(Tends(resumed));
  EXPECT_EQ(limit(), Millicores(300));
}

}  // namespace
}  // namespace trimtab
