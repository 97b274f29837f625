// What is accepted and not effective, what is refused half-way, and what others do meanwhile, on a
// real API server.
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
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
using Json = nlohmann::json;

constexpr ContainerConfig kSize{Millicores(200), Mebibytes(128)};
constexpr ContainerConfig kLarger{Millicores(400), Mebibytes(256)};
constexpr Duration kSoon = std::chrono::milliseconds(1500);

class ClusterFaultsServerTest : public ClusterTest {
 protected:
  std::vector<Millicores> CpuLimits(const std::string& app) {
    std::vector<Millicores> limits;
    for (const PodView& pod : Pods(app)) limits.push_back(*pod.containers[0].limits.cpu);
    return limits;
  }
  bool Says(const std::string& reason, std::size_t index = 0) {
    const bool says = servers::Eventually(
        [&] { return State(index).reason.starts_with(reason + ": "); }, std::chrono::seconds(20));
    if (!says) ADD_FAILURE() << "'" << State(index).reason << "' for " << reason;
    return says;
  }
  void ScaleByHand(const std::string& deployment, int replicas) {
    const auto scaled =
        control_plane().Kubectl({"scale", "-n", name_space(), "deployment", deployment,
                                 fmt::format("--replicas={}", replicas)});
    ASSERT_TRUE(scaled.ok()) << scaled.status();
  }
};

TEST_F(ClusterFaultsServerTest, AScaleOverQuotaIsNotEffective) {
  Make(kResourceQuotas, Parsed(R"({"apiVersion":"v1","kind":"ResourceQuota",
    "metadata":{"name":"q"},"spec":{"hard":{"requests.cpu":"250m"}}})"));
  ASSERT_TRUE(servers::Eventually([&] {
    const auto quotas = watch_->Quotas(name_space());
    return !quotas.empty() && quotas[0]->hard_requests.cpu.has_value();
  }));
  Run("Deployment", "web", 1);
  ASSERT_TRUE(BecomesEffective());
  ASSERT_TRUE(servers::Eventually(
      [&] { return watch_->Quotas(name_space())[0]->used_requests.cpu == Millicores(100); }));
  const absl::Status refused = Apply({3, kSize});
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument) << refused;
  EXPECT_THAT(std::string(refused.message()), StartsWith("Quota: "));
  EXPECT_EQ(Replicas("web"), 1);
  ScaleByHand("web", 3);
  ASSERT_TRUE(Says("Quota"));
  EXPECT_EQ(State().desired.replicas, 3);
  EXPECT_TRUE(servers::Eventually([&] { return State().ready == 2 && State().pending == 1; }));
}

TEST_F(ClusterFaultsServerTest, ALimitRangeStopsNewPods) {
  Run("Deployment", "web", 1);
  ASSERT_TRUE(BecomesEffective());
  Make(kLimitRanges, Parsed(R"({"apiVersion":"v1","kind":"LimitRange","metadata":{"name":"lr"},
    "spec":{"limits":[{"type":"Container","max":{"cpu":"150m"}}]}})"));
  ASSERT_TRUE(servers::Eventually([&] { return !watch_->LimitRanges(name_space()).empty(); }));
  ASSERT_TRUE(Apply({2, kSize}).ok());
  ASSERT_TRUE(Says("LimitRange"));
  EXPECT_THAT(std::string(Apply({2, kLarger}).message()), StartsWith("LimitRange: "));
  EXPECT_THAT(book_.sizes, IsEmpty());
}

// Nodes of 8 cores take two pods of 3 cores each.
TEST_F(ClusterFaultsServerTest, PodsWithoutANodeAreKeptForAWhileThenTakenBack) {
  Json large = TestWorkload("Deployment", "web", 2);
  Json& resources = large["spec"]["template"]["spec"]["containers"][0]["resources"];
  resources["requests"]["cpu"] = resources["limits"]["cpu"] = "3";
  RunObject(large);
  scaler_.provisioning_timeout = std::chrono::seconds(4);
  ASSERT_TRUE(BecomesEffective());
  const Instant applied = clock().Now();
  ASSERT_TRUE(Apply({7, State().desired.container}).ok());
  ASSERT_TRUE(Says("NodeCapacity"));
  ASSERT_TRUE(servers::Eventually([&] { return State().ready == 4; }));
  ASSERT_TRUE(actuator().Tend().ok());
  const bool is_early = clock().Now() - applied < scaler_.provisioning_timeout;
  EXPECT_TRUE(!is_early || Replicas("web") == 7);
  ASSERT_TRUE(Tends([&] { return Replicas("web") != 7; }));
  EXPECT_GE(clock().Now() - applied, scaler_.provisioning_timeout);
  EXPECT_EQ(Replicas("web"), 4) << "none that is Ready";
  ASSERT_TRUE(BecomesEffective());
  EXPECT_EQ(State().ready, 4);
  EXPECT_THAT(State().reason, StartsWith("ProvisioningTimedOut: 3 of 7 pods were not ready within "
                                         "4s: NodeCapacity: "));
  // The nodes are those of the other tests.
  ASSERT_TRUE(client().Delete(Path(kDeployments, "web")).ok());
  EXPECT_TRUE(servers::Eventually([&] { return Pods("web").empty(); }));
}

TEST_F(ClusterFaultsServerTest, PodsThatCrashAreSeenAndTakenBack) {
  Run("Deployment", "web", 2);
  scaler_.provisioning_timeout = kSoon;
  ASSERT_TRUE(BecomesEffective());
  runner_->SetStarts(false);
  ASSERT_TRUE(Apply({3, kSize}).ok());
  ASSERT_TRUE(Says("CrashLooping"));
  EXPECT_FALSE(State().Effective());
  ASSERT_TRUE(Tends([&] { return State().Effective(); }));
  EXPECT_EQ(State().desired.replicas, 2);
  EXPECT_THAT(State().reason, HasSubstr("CrashLooping"));
}

TEST_F(ClusterFaultsServerTest, ADeferredResizeIsTakenBack) {
  Run("Deployment", "web", 2);
  options_.longest_deferral = kSoon;
  ASSERT_TRUE(BecomesEffective());
  runner_->Set(PodRunner::Resizes::kDeferred);
  ASSERT_TRUE(Apply({2, kLarger}).ok()) << "accepted is not effective";
  ASSERT_TRUE(Says("ResizeDeferred"));
  EXPECT_EQ(State().resizing, 2);
  const Instant seen = clock().Now();
  ASSERT_TRUE(Tends([&] { return CpuLimits("web")[0] == kSize.cpu; })) << "its node is free again";
  EXPECT_GE(clock().Now() - seen, kSoon / 2);
  ASSERT_TRUE(Tends([&] { return State().reason.find("taken back") != std::string::npos; }));
  ASSERT_TRUE(Tends([&] { return CpuLimits("web")[1] == kSize.cpu; }));
  EXPECT_EQ(State().desired.container, kLarger);
  // It is not asked for again for a while.
  runner_->Set(PodRunner::Resizes::kDone);
  EXPECT_TRUE(actuator().Tend().ok());
  EXPECT_THAT(CpuLimits("web"), Each(kSize.cpu));
}

TEST_F(ClusterFaultsServerTest, AnInfeasibleResizeIsTakenBackAtOnce) {
  Run("Deployment", "web", 1);
  ASSERT_TRUE(BecomesEffective());
  runner_->Set(PodRunner::Resizes::kInfeasible);
  ASSERT_TRUE(Apply({1, kLarger}).ok());
  ASSERT_TRUE(Says("ResizeInfeasible"));
  ASSERT_TRUE(Tends([&] { return CpuLimits("web")[0] == kSize.cpu; }));
}

TEST_F(ClusterFaultsServerTest, AResizeThatStaysPendingTimesOut) {
  Run("Deployment", "web", 1);
  options_.longest_resize = kSoon;
  ASSERT_TRUE(BecomesEffective());
  runner_->Set(PodRunner::Resizes::kNever);
  ASSERT_TRUE(Apply({1, kLarger}).ok());
  ASSERT_TRUE(Says("Resizing"));
  ASSERT_TRUE(Tends([&] { return State().reason.starts_with("ResizeTimedOut: "); }));
  EXPECT_THAT(CpuLimits("web"), Each(kSize.cpu));
}

TEST_F(ClusterFaultsServerTest, NodesThatCannotResizeRefuseTheWholeChange) {
  runner_->Set(PodRunner::Resizes::kUnsupported);
  Run("Deployment", "web", 2);
  ASSERT_TRUE(BecomesEffective());
  const absl::Status refused = Apply({3, kLarger});
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument) << refused;
  EXPECT_THAT(std::string(refused.message()), StartsWith("ResizeUnsupported: "));
  EXPECT_THAT(book_.sizes, IsEmpty());
  EXPECT_EQ(Replicas("web"), 2);
}

// A quota with a scope is the server's to judge: it takes the first resize and refuses the second.
TEST_F(ClusterFaultsServerTest, AChangeRefusedHalfWayIsTakenBackWhole) {
  Run("Deployment", "web", 2);
  ASSERT_TRUE(BecomesEffective());
  Make(kResourceQuotas, Parsed(R"({"apiVersion":"v1","kind":"ResourceQuota",
    "metadata":{"name":"q"},"spec":{"hard":{"limits.cpu":"700m"},"scopes":["NotTerminating"]}})"));
  ASSERT_TRUE(servers::Eventually([&] {
    const auto quotas = watch_->Quotas(name_space());
    return !quotas.empty() && quotas[0]->used_limits.cpu == Millicores(400);
  }));
  const absl::Status refused = Apply({3, kLarger});
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument) << refused;
  EXPECT_THAT(std::string(refused.message()), StartsWith("Quota: "));
  EXPECT_THAT(CpuLimits("web"), Each(kSize.cpu));
  EXPECT_EQ(std::ranges::count_if(Pods("web"),
                                  [](const PodView& pod) { return !pod.resized_by.empty(); }),
            1)
      << "one had been resized";
  EXPECT_THAT(book_.sizes, IsEmpty());
  EXPECT_EQ(Replicas("web"), 2);
  EXPECT_TRUE(BecomesEffective());
}

TEST_F(ClusterFaultsServerTest, WithoutTheBookNothingIsWritten) {
  Run("Deployment", "web", 2);
  ASSERT_TRUE(BecomesEffective());
  book_.error = absl::UnavailableError("no status");
  EXPECT_EQ(Apply({3, kLarger}), book_.error);
  EXPECT_EQ(Replicas("web"), 2);
  EXPECT_THAT(CpuLimits("web"), Each(kSize.cpu));
}

TEST_F(ClusterFaultsServerTest, SizesLostFromTheBookAreWrittenAgain) {
  Run("Deployment", "web", 2);
  ASSERT_TRUE(BecomesEffective());
  ASSERT_TRUE(Apply({2, kLarger}).ok());
  ASSERT_TRUE(BecomesEffective());
  const std::vector<PodSize> before = book_.sizes;
  book_.sizes.clear();
  EXPECT_EQ(State().desired.container, kLarger) << "nothing looks smaller for it";
  ASSERT_TRUE(actuator().Tend().ok());
  EXPECT_EQ(book_.sizes, before);
}

TEST_F(ClusterFaultsServerTest, AStepResizesOnlySoManyPods) {
  Run("Deployment", "web", 3);
  options_.most_resizes = 1;
  ASSERT_TRUE(BecomesEffective());
  ASSERT_TRUE(Apply({3, kLarger}).ok());
  EXPECT_EQ(std::ranges::count(CpuLimits("web"), kLarger.cpu), 1);
  ASSERT_TRUE(actuator().Tend().ok());
  EXPECT_EQ(std::ranges::count(CpuLimits("web"), kLarger.cpu), 2);
  EXPECT_TRUE(Tends([&] { return State().Effective(); }));
}

TEST_F(ClusterFaultsServerTest, WhatSomebodyElseResizedIsANewObservation) {
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

TEST_F(ClusterFaultsServerTest, AnOperatorWhoScalesByHandMakesPlansStale) {
  Run("Deployment", "web", 2);
  ASSERT_TRUE(BecomesEffective());
  ScaleByHand("web", 4);
  EXPECT_EQ(actuator().Apply({MicroserviceId(0), {2, kSize}, {1, kSize}}).code(),
            absl::StatusCode::kAborted);
  EXPECT_EQ(Replicas("web"), 4);
  ASSERT_TRUE(BecomesEffective());
  EXPECT_THAT(FindRivals(*watch_, scaler_), IsEmpty()) << "a hand is no rival";
}

TEST_F(ClusterFaultsServerTest, AChangedTemplateStartsAnew) {
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

TEST_F(ClusterFaultsServerTest, ATemplateIsSwappedWithoutReplacingAPod) {
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
TEST_F(ClusterFaultsServerTest, ASwapThatWasLeftHalfWayIsFinished) {
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

TEST_F(ClusterFaultsServerTest, OnlyTheContainersThatScaleAreResized) {
  Json web = TestWorkload("Deployment", "web", 1);
  Json& spec = web["spec"]["template"]["spec"];
  Json second = spec["containers"][0];
  second["name"] = "cache";
  Json proxy = second;
  proxy["name"] = "istio-proxy";
  spec["containers"].push_back(second);
  spec["containers"].push_back(proxy);
  Json sidecar = second;
  sidecar["name"] = "logs";
  sidecar["restartPolicy"] = "Always";
  spec["initContainers"] = {sidecar};
  RunObject(web);
  ASSERT_TRUE(BecomesEffective());
  EXPECT_EQ(State().desired.container, (ContainerConfig{Millicores(400), Mebibytes(256)}))
      << "`app` and `cache` together";
  ASSERT_TRUE(Apply({1, {Millicores(600), Mebibytes(256)}}).ok());
  ASSERT_TRUE(BecomesEffective());
  const PodView pod = Pods("web")[0];
  EXPECT_EQ(pod.containers[0].limits.cpu, Millicores(300));
  EXPECT_EQ(pod.containers[1].limits.cpu, Millicores(300));
  EXPECT_EQ(pod.containers[2].limits.cpu, Millicores(200)) << "a known sidecar";
  EXPECT_EQ(pod.init_containers[0].limits.cpu, Millicores(200)) << "a native sidecar";
}

TEST_F(ClusterFaultsServerTest, AStatefulSetScalesWhereTheResourceNamesIt) {
  Run("StatefulSet", "store", 1);
  ASSERT_TRUE(BecomesEffective());
  EXPECT_THAT(std::string(Apply({2, kSize}).message()), StartsWith("NotAllowed: "));
  ASSERT_TRUE(Apply({1, kLarger}).ok()) << "its size may change";
  ASSERT_TRUE(BecomesEffective());
  scaler_.workloads[0].horizontal.enabled = true;
  actuator().Update(scaler_);
  ASSERT_TRUE(Apply({2, kLarger}).ok());
  ASSERT_TRUE(Tends([&] { return State().Effective(); }));
  EXPECT_EQ(State().ready, 2);
}

TEST_F(ClusterFaultsServerTest, AnyKindWithAScaleIsScaled) {
  const ResourceType crds{"apiextensions.k8s.io", "v1", "customresourcedefinitions"};
  const ResourceType widgets{"test.trimtab.dev", "v1", "widgets"};
  ASSERT_TRUE(client()
                  .Create(ResourcePath(crds, ""), Parsed(R"({
    "apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
    "metadata":{"name":"widgets.test.trimtab.dev"},"spec":{"group":"test.trimtab.dev",
    "names":{"kind":"Widget","plural":"widgets"},"scope":"Namespaced","versions":[{"name":"v1",
    "served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":{
      "spec":{"type":"object","properties":{"count":{"type":"integer"}}},
      "status":{"type":"object","properties":{"count":{"type":"integer"}}}}}},
    "subresources":{"status":{},"scale":{"specReplicasPath":".spec.count",
                                         "statusReplicasPath":".status.count"}}}]}})"))
                  .ok());
  const Json widget = Parsed(R"({"apiVersion":"test.trimtab.dev/v1","kind":"Widget",
                                 "metadata":{"name":"w"},"spec":{"count":1}})");
  Json made;
  ASSERT_TRUE(servers::Eventually([&] {
    auto answer = client().Create(Path(widgets), widget);
    if (answer.ok()) made = *answer;
    return answer.ok();
  }));
  Json pod = TestPod("w-0");
  pod["metadata"]["ownerReferences"] = {{{"apiVersion", "test.trimtab.dev/v1"},
                                         {"kind", "Widget"},
                                         {"name", "w"},
                                         {"uid", made["metadata"]["uid"]},
                                         {"controller", true}}};
  Make(kPods, pod);
  ScaledWorkload scaled = TestTarget("w");
  scaled.target = {.api_version = "test.trimtab.dev/v1", .kind = "Widget", .name = "w"};
  scaler_.workloads = {scaled};
  ASSERT_TRUE(BecomesEffective());
  EXPECT_EQ(State().desired, (MicroserviceAllocation{1, {Millicores(500), Mebibytes(128)}}));
  MicroserviceAllocation to = State().desired;
  to.replicas = 3;
  ASSERT_TRUE(Apply(to).ok());
  EXPECT_EQ(State().desired, to);
  EXPECT_EQ(State().pending, 2);
  to.container.cpu = Cores(1);
  EXPECT_THAT(std::string(Apply(to).message()), HasSubstr("its kind has no pod template"));
  const auto read = client().Get(Path(widgets, "w"));
  EXPECT_EQ(IntegerAt(*read, {"spec", "count"}), 3);
  ASSERT_TRUE(client().Delete(Path(widgets, "w")).ok());
  EXPECT_TRUE(Says("NotFound"));
}

}  // namespace
}  // namespace trimtab
