// What the watches of a real API server show, what they cost, and who else scales.
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/servers/programs.h"
#include "trimtab/cluster/rivals.h"
#include "trimtab/cluster/testing/cluster_world.h"

namespace trimtab {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Json = nlohmann::json;

constexpr ContainerConfig kSize{Millicores(200), Mebibytes(128)};

class ClusterWatchServerTest : public ClusterTest {
 protected:
  // A client whose every request fails, or which counts what it would store.
  std::unique_ptr<ApiClient> ClientOf(ApiClientOptions options) {
    return MakeApiClient({.kubeconfig_flag = control_plane().kubeconfig()}, clock(), options);
  }
  std::vector<Rival> Rivals() { return FindRivals(*watch_, scaler_); }
  // Until that many rivals are seen, what Apply says to a raise.
  absl::Status ApplyBesideRivals(std::size_t count) {
    EXPECT_TRUE(servers::Eventually([&] { return Rivals().size() == count; }));
    return Apply({State().desired.replicas + 1, State().desired.container});
  }
  void MakeKind(const std::string& group, const std::string& version, const std::string& kind,
                const std::string& plural) {
    Json crd = Parsed(R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
      "spec":{"scope":"Namespaced","versions":[{"served":true,"storage":true,"schema":{
      "openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}})");
    crd["metadata"]["name"] = plural + "." + group;
    // A group of k8s.io wants a note that it may be used.
    crd["metadata"]["annotations"]["api-approved.kubernetes.io"] = "unapproved, a test";
    crd["spec"]["group"] = group;
    crd["spec"]["names"] = {{"kind", kind}, {"plural", plural}};
    crd["spec"]["versions"][0]["name"] = version;
    const ResourceType crds{"apiextensions.k8s.io", "v1", "customresourcedefinitions"};
    const auto made = client().Create(ResourcePath(crds, ""), crd);
    ASSERT_TRUE(made.ok()) << made.status();
  }
};

TEST_F(ClusterWatchServerTest, PodsBelongToWhatOwnsThemNotToWhatTheyAreCalled) {
  Run("Deployment", "web", 2);
  Json other = TestWorkload("Deployment", "web-x", 1);
  other["spec"]["template"]["metadata"]["labels"]["app"] = "web-x";
  other["spec"]["template"]["metadata"]["labels"]["tier"] = "web";
  Make(kDeployments, other);
  Make(kPods, TestPod("web-by-hand"));
  ASSERT_TRUE(BecomesEffective());
  ASSERT_TRUE(servers::Eventually([&] { return Pods("web-x").size() == 1; }));
  const ApplicationView view = watch_->View(scaler_);
  ASSERT_EQ(view.workloads[0].pods.size(), 2U);
  for (const PodSight& pod : view.workloads[0].pods) {
    ASSERT_NE(pod.replica_set, nullptr);
    EXPECT_EQ(pod.replica_set->meta.Controller()->uid, view.workloads[0].workload->meta.uid);
    EXPECT_EQ(pod.limits, kSize);
  }
  EXPECT_FALSE(view.nodes.empty());
}

TEST_F(ClusterWatchServerTest, ReadingTheStateCostsNoRequest) {
  Run("Deployment", "web", 20);
  ASSERT_TRUE(BecomesEffective());
  auto nowhere = HttpClient::Create({});
  ASSERT_TRUE(nowhere.ok());
  ApiClientOptions options;
  options.wait = [](Duration, const std::stop_token&) { return true; };
  // Nothing listens there.
  ApiClient broken("http://127.0.0.1:1", *std::move(nowhere), options);
  ClusterActuator blind(broken, *watch_, clock(), book_, scaler_, {});
  const auto states = blind.State();
  ASSERT_TRUE(states.ok()) << states.status();
  EXPECT_EQ((*states)[0].ready, 20);
  EXPECT_EQ(blind.Apply({MicroserviceId(0), {20, kSize}, {21, kSize}}).code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(Replicas("web"), 20);
}

TEST_F(ClusterWatchServerTest, AQuietApplicationGetsNoWrite) {
  Run("Deployment", "web", 3);
  std::atomic<int> writes = 0;
  ApiClientOptions options;
  options.before_write = [&writes] {
    ++writes;
    return absl::OkStatus();
  };
  const auto counted = ClientOf(options);
  ASSERT_NE(counted, nullptr);
  actuator_ = std::make_unique<ClusterActuator>(*counted, *watch_, clock(), book_, scaler_,
                                                ClusterActuatorOptions{});
  ASSERT_TRUE(BecomesEffective());
  ASSERT_TRUE(Apply({3, {Millicores(300), Mebibytes(128)}}).ok());
  ASSERT_TRUE(BecomesEffective());
  EXPECT_EQ(writes, 3) << "one resize for each pod, and no scale";
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(actuator().Tend().ok());
  EXPECT_EQ(writes, 3);
  EXPECT_EQ(book_.puts, 1);
}

TEST_F(ClusterWatchServerTest, ALostLeaseStopsEveryWrite) {
  Run("Deployment", "web", 2);
  ApiClientOptions options;
  options.before_write = [] { return absl::FailedPreconditionError("the lease is lost"); };
  const auto gated = ClientOf(options);
  actuator_ = std::make_unique<ClusterActuator>(*gated, *watch_, clock(), book_, scaler_,
                                                ClusterActuatorOptions{});
  ASSERT_TRUE(BecomesEffective());
  EXPECT_THAT(std::string(Apply({3, kSize}).message()), HasSubstr("the lease is lost"));
  EXPECT_THAT(std::string(Apply({2, {Millicores(300), Mebibytes(128)}}).message()),
              HasSubstr("the lease is lost"));
  EXPECT_EQ(Replicas("web"), 2);
  EXPECT_THAT(book_.sizes, IsEmpty()) << "taken back";
}

TEST_F(ClusterWatchServerTest, ADryRunIsCheckedAndStoresNothing) {
  Run("Deployment", "web", 2);
  options_.write.dry_run = true;
  ASSERT_TRUE(BecomesEffective());
  EXPECT_TRUE(Apply({3, {Millicores(300), Mebibytes(128)}}).ok());
  EXPECT_EQ(State().desired, (MicroserviceAllocation{2, kSize}));
  EXPECT_EQ(book_.puts, 0);
  Make(kLimitRanges, Parsed(R"({"apiVersion":"v1","kind":"LimitRange","metadata":{"name":"lr"},
    "spec":{"limits":[{"type":"Container","maxLimitRequestRatio":{"cpu":"1"}}]}})"));
  // A ratio is the server's to judge.
  EXPECT_TRUE(servers::Eventually([&] {
    const absl::Status status = Apply({2, {Millicores(300), Mebibytes(128)}});
    return std::string(status.message()).starts_with("LimitRange: ");
  }));
}

TEST_F(ClusterWatchServerTest, WithoutNodesTheServerJudgesThem) {
  auto watch =
      ClusterWatch::Start(client(), clock(), {.namespaces = {name_space()}, .nodes = false});
  ASSERT_TRUE(watch.ok());
  watch_ = *std::move(watch);
  Run("Deployment", "web", 1);
  ASSERT_TRUE(BecomesEffective());
  EXPECT_THAT(watch_->View(scaler_).nodes, IsEmpty());
  const absl::Status refused = Apply({1, {Cores(100), Mebibytes(128)}});
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument) << refused;
  EXPECT_THAT(std::string(refused.message()), testing::StartsWith("NodeCapacity: "));
  EXPECT_THAT(book_.sizes, IsEmpty());
}

TEST_F(ClusterWatchServerTest, AnHpaIsARivalWhileItIsThere) {
  Run("Deployment", "web", 2);
  ASSERT_TRUE(BecomesEffective());
  Make(kHorizontalPodAutoscalers, Parsed(R"({"apiVersion":"autoscaling/v2",
    "kind":"HorizontalPodAutoscaler","metadata":{"name":"hpa"},"spec":{"minReplicas":1,
    "maxReplicas":9,"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"web"}}})"));
  const absl::Status refused = ApplyBesideRivals(1);
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition) << refused;
  EXPECT_THAT(std::string(refused.message()),
              HasSubstr("RivalAutoscaler: HorizontalPodAutoscaler 'hpa' scales workload 'web': "
                        "kubectl delete hpa hpa"));
  // Also for sizes alone: a resize moves what the HPA measures against.
  EXPECT_EQ(Apply({2, {Millicores(300), Mebibytes(128)}}).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(book_.puts, 0);
  EXPECT_EQ(State().desired.replicas, 2) << "reading goes on";
  ASSERT_TRUE(client().Delete(Path(kHorizontalPodAutoscalers, "hpa")).ok());
  EXPECT_TRUE(ApplyBesideRivals(0).ok());
}

TEST_F(ClusterWatchServerTest, VpasAndScaledObjectsAreRivalsOnceTheirKindsExist) {
  Run("Deployment", "web", 1);
  ASSERT_TRUE(BecomesEffective());
  EXPECT_TRUE(watch_->IsSynced()) << "kinds that do not exist are none";
  EXPECT_THAT(watch_->Unreadable(), IsEmpty());
  MakeKind("autoscaling.k8s.io", "v1", "VerticalPodAutoscaler", "verticalpodautoscalers");
  MakeKind("keda.sh", "v1alpha1", "ScaledObject", "scaledobjects");
  const Json vpa = Parsed(R"({"apiVersion":"autoscaling.k8s.io/v1","kind":"VerticalPodAutoscaler",
    "metadata":{"name":"vpa"},"spec":{"targetRef":{"apiVersion":"apps/v1","kind":"Deployment",
    "name":"web"},"updatePolicy":{"updateMode":"Recreate"}}})");
  const Json keda = Parsed(R"({"apiVersion":"keda.sh/v1alpha1","kind":"ScaledObject",
    "metadata":{"name":"keda"},"spec":{"scaleTargetRef":{"name":"web"}}})");
  ASSERT_TRUE(servers::Eventually(
      [&] { return client().Create(Path(kVerticalPodAutoscalers), vpa).ok(); }));
  ASSERT_TRUE(
      servers::Eventually([&] { return client().Create(Path(kScaledObjects), keda).ok(); }));
  // A watch asks for a kind that does not exist less and less often: begin anew.
  auto watch = ClusterWatch::Start(client(), clock(), {.namespaces = {name_space()}});
  ASSERT_TRUE(watch.ok());
  actuator_.reset();
  watch_ = *std::move(watch);
  EXPECT_EQ(ApplyBesideRivals(2).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Rivals(), ElementsAre(Field(&Rival::kind, "VerticalPodAutoscaler"),
                                    Field(&Rival::kind, "ScaledObject")));
  ASSERT_TRUE(client()
                  .Patch(Path(kVerticalPodAutoscalers, "vpa"), PatchType::kMerge,
                         Parsed(R"({"spec":{"updatePolicy":{"updateMode":"Off"}}})"))
                  .ok());
  EXPECT_TRUE(servers::Eventually([&] { return Rivals().size() == 1; })) << "it only recommends";
}

TEST_F(ClusterWatchServerTest, AManagerThatAppliesReplicasAgainIsARival) {
  Run("Deployment", "web", 2);
  ASSERT_TRUE(BecomesEffective());
  const Json manifest = TestWorkload("Deployment", "web", 2);
  const auto gitops = ClientOf({.field_manager = "argocd-controller"});
  const auto apply = [&] {
    return gitops->Patch(Path(kDeployments, "web"), PatchType::kApply, manifest, {.force = true})
        .status();
  };
  ASSERT_TRUE(apply().ok());
  EXPECT_THAT(Rivals(), IsEmpty()) << "the manifest of the beginning";
  ASSERT_TRUE(Apply({4, kSize}).ok());
  EXPECT_THAT(Rivals(), IsEmpty());
  ASSERT_TRUE(apply().ok());
  const absl::Status refused = ApplyBesideRivals(1);
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()),
              HasSubstr("FieldManager 'argocd-controller' scales workload 'web': leave "
                        "spec.replicas out of the manifest"));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("jsonPointers [/spec/replicas]"));
}

// With a control plane of its own, since the API server dies in it.
TEST(ClusterOutageServerTest, NothingIsKnownOrWrittenWhileTheServerIsAway) {
  servers::RequirePrograms(
      {"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl"});
  if (::testing::Test::IsSkipped() || ::testing::Test::HasFatalFailure()) return;
  auto plane = servers::ControlPlane::Start();
  ASSERT_TRUE(plane.ok()) << plane.status();
  const SystemClock clock;
  auto client = MakeApiClient({.kubeconfig_flag = (*plane)->kubeconfig()}, clock);
  ASSERT_TRUE(
      client->Create(ResourcePath(kDeployments, "default"), TestWorkload("Deployment", "web", 0))
          .ok());
  auto watch = ClusterWatch::Start(*client, clock, {.stale_after = std::chrono::milliseconds(500)});
  ASSERT_TRUE(watch.ok());
  AppScaler scaler;
  scaler.meta.name_space = "default";
  scaler.workloads = {TestTarget("web")};
  MemoryPodSizeBook book;
  ClusterActuator actuator(*client, **watch, clock, book, scaler, {});
  ASSERT_TRUE(servers::Eventually([&] { return actuator.State().ok(); }));
  (*plane)->KillApiServer();
  absl::Status state;
  ASSERT_TRUE(servers::Eventually([&] {
    state = actuator.State().status();
    return !state.ok();
  }));
  EXPECT_EQ(state.code(), absl::StatusCode::kUnavailable) << state;
  EXPECT_THAT(std::string(state.message()), HasSubstr("not heard of for"));
  EXPECT_EQ(actuator.Apply({MicroserviceId(0), {0, kSize}, {1, kSize}}).code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(actuator.Tend().code(), absl::StatusCode::kUnavailable);
  ASSERT_TRUE((*plane)->RestartApiServer().ok());
  EXPECT_TRUE(servers::Eventually([&] { return actuator.State().ok(); }));
}

}  // namespace
}  // namespace trimtab
