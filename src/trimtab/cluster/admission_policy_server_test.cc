// The chart's admission policy on a real API server: with which size pods are born.
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/servers/helm.h"
#include "tests/servers/programs.h"
#include "trimtab/cluster/testing/cluster_world.h"

namespace trimtab {
namespace {

using Json = nlohmann::json;

constexpr ResourceAmounts kTemplateLimits{Millicores(200), Mebibytes(128)};
constexpr ResourceAmounts kChosenLimits{Millicores(400), Mebibytes(256)};

const std::string kChart = TRIMTAB_SOURCE_DIR "/deploy/helm/trimtab";

class AdmissionPolicyServerTest : public ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    servers::RequirePrograms({"helm"});
    if (IsSkipped() || HasFatalFailure()) return;
    const auto policy = servers::Helm(
        control_plane(),
        {"template", "trimtab", kChart, "--kube-version", "1.36.0", "--set", "mode=Apply", "--set",
         fmt::format("listen.clearText=true,image.digest=sha256:{:064}", 1), "--show-only",
         "templates/admission-policy.yaml"});
    ASSERT_TRUE(policy.ok()) << policy.status();
    const auto applied =
        control_plane().Kubectl({"apply", "-f", kChart + "/crds", "-f", "-"}, *policy);
    ASSERT_TRUE(applied.ok()) << applied.status();
    const Json scaler = Parsed(R"({"apiVersion":"trimtab.dev/v1alpha1","kind":"AppScaler",
      "metadata":{"name":"shop"},"spec":{"mode":"Apply","entry":{"serviceName":"web"},
      "objective":{"latency":"300ms"},"workloads":[{"name":"web",
      "targetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"web"}}]}})");
    ASSERT_TRUE(
        servers::Eventually([&] { return client().Create(Path(kAppScalers), scaler).ok(); }));
  }

  void WriteStatus(const Json& status) {
    const auto written =
        PatchStatus(client(), {kAppScalers, name_space(), "shop"}, status, std::nullopt);
    ASSERT_TRUE(written.ok()) << written.status();
  }

  // The chosen size of a TestWorkload.
  static Json Entry(const std::string& kind, const std::string& name) {
    return Parsed(fmt::format(R"({{"kind":"{}","name":"{}","container":"app",
      "requests":{{"cpu":"200m","memory":"128Mi"}},"limits":{{"cpu":"400m","memory":"256Mi"}},
      "templateRequests":{{"cpu":"0.1","memory":"64Mi"}},
      "templateLimits":{{"cpu":"200m","memory":"131072Ki"}}}})",
                              kind, name));
  }
  static Json Applied(const Json& sizes) { return {{"mode", "Apply"}, {"podSizes", sizes}}; }

  // The limits with which a pod of the owner would be born now.
  ResourceAmounts Born(const Json& owner, const Json& labels = {{"app", "x"}},
                       const std::string& cpu = "200m") {
    Json pod = TestWorkload("Deployment", "probe", 1)["spec"]["template"];
    pod["apiVersion"] = "v1";
    pod["kind"] = "Pod";
    pod["metadata"] = {{"name", "probe"}, {"labels", labels}, {"ownerReferences", {owner}}};
    pod["spec"]["containers"][0]["resources"]["limits"]["cpu"] = cpu;
    const auto made = client().Create(Path(kPods), pod, {.dry_run = true});
    EXPECT_TRUE(made.ok()) << made.status();
    if (!made.ok()) return {};
    const auto view = ReadPod(*made);
    return view.ok() ? view->containers[0].limits : ResourceAmounts{};
  }
  static Json Owner(const std::string& kind, const std::string& name, bool controls = true) {
    return {{"apiVersion", "apps/v1"},
            {"kind", kind},
            {"name", name},
            {"uid", "8c0f8f6e-0000-4000-8000-000000000001"},
            {"controller", controls}};
  }
  // Policies and their parameters reach the server's own watches a moment after they are written.
  bool TakesEffect() {
    return servers::Eventually(
        [&] { return Born(Owner("StatefulSet", "known")) == kChosenLimits; });
  }
  Json Known() { return Entry("StatefulSet", "known"); }
};

TEST_F(AdmissionPolicyServerTest, PodsOfADeploymentAreBornAtTheirSize) {
  WriteStatus(Applied({Entry("Deployment", "web"), Known()}));
  ASSERT_TRUE(TakesEffect());
  Run("Deployment", "web", 3);
  ASSERT_TRUE(servers::Eventually([&] { return Pods("web").size() == 3; }));
  for (const PodView& pod : Pods("web")) {
    EXPECT_EQ(pod.containers[0].limits, kChosenLimits);
    EXPECT_EQ(pod.containers[0].requests, (ResourceAmounts{Millicores(200), Mebibytes(128)}));
    EXPECT_TRUE(pod.resized_by.empty()) << "born, not resized";
  }
}

TEST_F(AdmissionPolicyServerTest, PodsOfAStatefulSetAreBornAtTheirSize) {
  WriteStatus(Applied({Entry("StatefulSet", "store"), Known()}));
  ASSERT_TRUE(TakesEffect());
  Run("StatefulSet", "store", 2);
  ASSERT_TRUE(servers::Eventually([&] { return Pods("store").size() == 2; }));
  for (const PodView& pod : Pods("store")) EXPECT_EQ(pod.containers[0].limits, kChosenLimits);
}

TEST_F(AdmissionPolicyServerTest, AChangedTemplateWins) {
  WriteStatus(Applied({Entry("Deployment", "web"), Known()}));
  ASSERT_TRUE(TakesEffect());
  Json web = TestWorkload("Deployment", "web", 2);
  web["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["cpu"] = "300m";
  RunObject(web);
  ASSERT_TRUE(servers::Eventually([&] { return Pods("web").size() == 2; }));
  for (const PodView& pod : Pods("web")) {
    EXPECT_EQ(pod.containers[0].limits, (ResourceAmounts{Millicores(300), Mebibytes(128)}));
  }
}

TEST_F(AdmissionPolicyServerTest, OwnersAreToldExactly) {
  WriteStatus(Applied({Entry("Deployment", "web"), Known()}));
  ASSERT_TRUE(TakesEffect());
  const Json hash = {{"pod-template-hash", "abc"}};
  EXPECT_EQ(Born(Owner("ReplicaSet", "web-abc"), hash), kChosenLimits);
  EXPECT_EQ(Born(Owner("ReplicaSet", "web-x-abc"), hash), kTemplateLimits);
  EXPECT_EQ(Born(Owner("ReplicaSet", "we-abc"), hash), kTemplateLimits);
  EXPECT_EQ(Born(Owner("ReplicaSet", "web-abc")), kTemplateLimits) << "not of a Deployment";
  EXPECT_EQ(Born(Owner("ReplicaSet", "web-abc", false), hash), kTemplateLimits);
  EXPECT_EQ(Born(Owner("StatefulSet", "web")), kTemplateLimits) << "of another kind";
}

TEST_F(AdmissionPolicyServerTest, ABadQuantityFallsBackToTheTemplate) {
  Json bad = Entry("StatefulSet", "bad");
  bad["limits"]["cpu"] = "much";
  Json bad_template = Entry("StatefulSet", "bad-template");
  bad_template["templateLimits"]["cpu"] = "much";
  WriteStatus(Applied({bad, bad_template, Known()}));
  ASSERT_TRUE(TakesEffect());
  EXPECT_EQ(Born(Owner("StatefulSet", "bad")), kTemplateLimits);
  EXPECT_EQ(Born(Owner("StatefulSet", "bad-template")), kTemplateLimits);
}

TEST_F(AdmissionPolicyServerTest, HoldsOnlyWhereResourceAndProcessSayApply) {
  WriteStatus(Applied(Json::array({Known()})));
  ASSERT_TRUE(TakesEffect());
  const auto is_template = [&] {
    return servers::Eventually(
        [&] { return Born(Owner("StatefulSet", "known")) == kTemplateLimits; });
  };
  WriteStatus({{"mode", "Recommend"}});
  EXPECT_TRUE(is_template()) << "the process does not allow it";
  WriteStatus({{"mode", "Apply"}});
  ASSERT_TRUE(TakesEffect());
  ASSERT_TRUE(
      client()
          .Patch(Path(kAppScalers, "shop"), PatchType::kMerge, {{"spec", {{"mode", "Recommend"}}}})
          .ok());
  EXPECT_TRUE(is_template()) << "the resource does not allow it";
}

// With the policy, the whole way: sizes that are in the resource's status before the scale.
class StatusBook : public PodSizeBook {
 public:
  StatusBook(ApiClient& client, std::string name_space)
      : client_(client), name_space_(std::move(name_space)) {}
  std::vector<PodSize> Sizes() const override { return sizes_; }
  absl::Status Put(std::vector<PodSize> all) override {
    AppScalerStatus status;
    status.mode = "Apply";
    status.pod_sizes = all;
    const auto written = PatchStatus(client_, {kAppScalers, name_space_, "shop"},
                                     ScalerStatusToJson(status), std::nullopt);
    if (written.ok()) sizes_ = std::move(all);
    return written.status();
  }

 private:
  ApiClient& client_;
  const std::string name_space_;
  std::vector<PodSize> sizes_;
};

TEST_F(AdmissionPolicyServerTest, ReplicasAndSizeChangeTogether) {
  Run("Deployment", "web", 1);
  StatusBook book(client(), name_space());
  actuator_ = std::make_unique<ClusterActuator>(client(), *watch_, clock(), book, scaler_,
                                                ClusterActuatorOptions{});
  ASSERT_TRUE(BecomesEffective());
  const absl::Status applied = Apply({3, {Millicores(400), Mebibytes(256)}});
  ASSERT_TRUE(applied.ok()) << applied;
  ASSERT_TRUE(Tends([&] { return State().Effective(); })) << State().reason;
  ASSERT_EQ(Pods("web").size(), 3U);
  for (const PodView& pod : Pods("web")) EXPECT_EQ(pod.containers[0].limits, kChosenLimits);
}

}  // namespace
}  // namespace trimtab
