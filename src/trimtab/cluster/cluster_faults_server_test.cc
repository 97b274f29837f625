// What is accepted and not effective, and what is refused half-way, on a real API server.
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/cluster/testing/cluster_world.h"

namespace trimtab {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using Json = nlohmann::json;

constexpr ContainerConfig kSize{Millicores(200), Mebibytes(128)};
constexpr ContainerConfig kLarger{Millicores(400), Mebibytes(256)};
constexpr Duration kSoon = std::chrono::milliseconds(1500);

class ClusterFaultsServerTest : public ClusterTest {};

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

// Pods of 3 cores on two nodes of 8, which other tests use, too: one fits, seven do not.
TEST_F(ClusterFaultsServerTest, PodsWithoutANodeAreKeptForAWhileThenTakenBack) {
  Json large = TestWorkload("Deployment", "web", 1);
  Json& resources = large["spec"]["template"]["spec"]["containers"][0]["resources"];
  resources["requests"]["cpu"] = resources["limits"]["cpu"] = "3";
  RunObject(large);
  scaler_.provisioning_timeout = std::chrono::seconds(4);
  EXPECT_TRUE(BecomesEffective());
  const Instant applied = clock().Now();
  EXPECT_TRUE(Apply({7, State().desired.container}).ok());
  EXPECT_TRUE(Says("NodeCapacity"));
  std::vector<std::string> ready;
  for (const PodView& pod : Pods("web")) {
    if (pod.IsReady()) ready.push_back(pod.meta.uid);
  }
  EXPECT_FALSE(ready.empty());
  EXPECT_TRUE(actuator().Tend().ok());
  const bool is_early = clock().Now() - applied < scaler_.provisioning_timeout;
  EXPECT_TRUE(!is_early || Replicas("web") == 7);
  EXPECT_TRUE(Tends([&] { return Replicas("web") != 7; }));
  EXPECT_GE(clock().Now() - applied, scaler_.provisioning_timeout);
  EXPECT_TRUE(BecomesEffective());
  const MicroserviceState state = State();
  EXPECT_EQ(state.ready, Replicas("web"));
  const std::vector<PodView> left = Pods("web");
  for (const std::string& uid : ready) {
    EXPECT_EQ(std::ranges::count(left, uid, [](const PodView& pod) { return pod.meta.uid; }), 1)
        << "a pod that was Ready went";
  }
  EXPECT_THAT(state.reason,
              StartsWith(fmt::format("ProvisioningTimedOut: {} of 7 pods were not ready within 4s: "
                                     "NodeCapacity: ",
                                     7 - state.ready)));
  // They would keep the nodes from other tests.
  EXPECT_TRUE(client().Delete(Path(kDeployments, "web")).ok());
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
