// What installing, upgrading and removing the chart does to a cluster.
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/deploy/chart_test.h"

namespace trimtab::servers {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr ResourceType kNetworkPolicies{"networking.k8s.io", "v1", "networkpolicies"};
constexpr ResourceType kClusterRoles{"rbac.authorization.k8s.io", "v1", "clusterroles"};
constexpr ResourceType kClaims{"", "v1", "persistentvolumeclaims"};
constexpr ResourceType kServices{"", "v1", "services"};

class ChartInstallTest : public ChartTest {
 protected:
  // Whether all pods of the StatefulSet have been made, which admission may refuse.
  bool MakesPods(const std::string& name, int pods) {
    return Eventually([&] {
      const auto set = client().Get(Path(kStatefulSets, name));
      return set.ok() && set->value("/status/replicas"_json_pointer, 0) == pods;
    });
  }
  static nlohmann::json AppScaler() {
    return Parsed(R"({"apiVersion":"trimtab.dev/v1alpha1","kind":"AppScaler",
      "metadata":{"name":"shop"},"spec":{"entry":{"serviceName":"web"},
      "objective":{"latency":"300ms"},"workloads":[{"name":"web","targetRef":
      {"apiVersion":"apps/v1","kind":"Deployment","name":"web"}}]}})");
  }
  // The AppScaler "shop" with sizes in its status.
  void MakeAppScaler() {
    ASSERT_TRUE(
        Eventually([&] { return client().List(ResourcePath(kAppScalers, name_space())).ok(); }));
    Make(kAppScalers, AppScaler());
    const auto patched =
        client().Patch(Path(kAppScalers, "shop", "status"), PatchType::kMerge,
                       Parsed(R"({"status":{"podSizes":[{"kind":"Deployment","name":"web",
                         "container":"app","requests":{"cpu":"400m"}}]}})"));
    ASSERT_TRUE(patched.ok()) << patched.status();
  }
  std::set<std::string> ClaimUids() {
    std::set<std::string> uids;
    const auto claims = client().List(Path(kClaims));
    if (!claims.ok()) ADD_FAILURE() << claims.status();
    for (const auto& claim : claims.value_or(ApiClient::ObjectList()).items) {
      uids.insert(TextAt(claim, {"metadata", "uid"}));
    }
    return uids;
  }
};

TEST_F(ChartInstallTest, RunsWhereOnlyRestrictedPodsMay) {
  const auto refused = client().Create(Path(kPods), TestPod("loose"));
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("PodSecurity \"restricted"));
  Chart("install", "trimtab", name_space(), {"replicaCount=2"});
  EXPECT_TRUE(MakesPods("trimtab", 2));
  const auto pods = client().List(Path(kPods));
  ASSERT_TRUE(pods.ok()) << pods.status();
  for (const auto& pod : pods->items) {
    const auto& container = pod["spec"]["containers"][0];
    EXPECT_EQ(container["securityContext"]["readOnlyRootFilesystem"], true);
    EXPECT_EQ(container["securityContext"]["capabilities"]["drop"], nlohmann::json({"ALL"}));
    EXPECT_EQ(pod["spec"]["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
    EXPECT_EQ(pod["spec"]["securityContext"]["runAsNonRoot"], true);
    EXPECT_THAT(container["image"].get<std::string>(), HasSubstr("@sha256:"));
    // The journal is the one thing that outlives the pod.
    EXPECT_THAT(container["volumeMounts"].dump(), HasSubstr("/var/lib/trimtab"));
    EXPECT_THAT(pod["spec"]["volumes"].dump(), HasSubstr("persistentVolumeClaim"));
  }
  Uninstall("trimtab", name_space());
}

TEST_F(ChartInstallTest, NetworkPolicyOpensWhatTheProgramListensOn) {
  Chart("install", "trimtab", name_space(),
        {"replicaCount=0", "listen.metrics=18080", "listen.otlpGrpc=14317"});
  const auto set = Read(Path(kStatefulSets, "trimtab"));
  const auto& container = set["spec"]["template"]["spec"]["containers"][0];
  std::set<int> listens;
  for (const auto& argument : container["args"]) {
    const auto text = argument.get<std::string>();
    if (!text.starts_with("--listen-")) continue;
    listens.insert(std::stoi(text.substr(text.rfind(':') + 1)));
  }
  std::set<int> declared;
  for (const auto& port : container["ports"]) declared.insert(port["containerPort"].get<int>());
  std::set<int> opened;
  const auto policy = Read(Path(kNetworkPolicies, "trimtab"));
  for (const auto& rule : policy["spec"]["ingress"]) {
    for (const auto& port : rule["ports"]) opened.insert(port["port"].get<int>());
  }
  EXPECT_EQ(listens, (std::set<int>{18080, 8081, 4318, 14317}));
  EXPECT_EQ(declared, listens);
  EXPECT_EQ(opened, listens);
  // A Service leads to ports that the pod declares, by name.
  for (const auto& port : Read(Path(kServices, "trimtab"))["spec"]["ports"]) {
    EXPECT_THAT(container["ports"].dump(), HasSubstr(port["targetPort"].get<std::string>()));
  }
  Uninstall("trimtab", name_space());
}

TEST_F(ChartInstallTest, UpgradeKeepsResourcesStatusJournalAndSizes) {
  Chart("install", "trimtab", name_space(), {"replicaCount=2"});
  ASSERT_TRUE(MakesPods("trimtab", 2));
  MakeAppScaler();
  const auto before = Read(Path(kAppScalers, "shop"));
  const std::set<std::string> claims = ClaimUids();
  ASSERT_EQ(claims.size(), 2U);
  Chart("upgrade", "trimtab", name_space(),
        {"replicaCount=2", "mode=Apply", "podAnnotations.changed=yes"});
  EXPECT_EQ(Read(Path(kAppScalers, "shop")), before);
  EXPECT_EQ(ClaimUids(), claims);
  Uninstall("trimtab", name_space());
}

TEST_F(ChartInstallTest, UninstallChangesNoRunningWorkload) {
  MakeWorkload(name_space());
  Chart("install", "trimtab", name_space(), {"replicaCount=2", "mode=Apply"});
  ASSERT_TRUE(MakesPods("trimtab", 2));
  MakeAppScaler();
  const auto pod = Read(Path(kPods, PodOf(name_space())));
  const auto deployment = Read(Path(kDeployments, "web"));
  const auto scaler = Read(Path(kAppScalers, "shop"));
  Uninstall("trimtab", name_space());
  EXPECT_EQ(Read(Path(kPods, PodOf(name_space())))["spec"], pod["spec"]);
  EXPECT_EQ(Read(Path(kPods, PodOf(name_space())))["metadata"]["uid"], pod["metadata"]["uid"]);
  EXPECT_EQ(Read(Path(kDeployments, "web"))["spec"], deployment["spec"]);
  EXPECT_EQ(Read(Path(kAppScalers, "shop")), scaler);
  EXPECT_EQ(ClaimUids().size(), 2U);
  // Nothing of the release is left that would act or admit.
  EXPECT_TRUE(absl::IsNotFound(
      client().Get(ResourcePath(kClusterRoles, "", name_space() + ":trimtab")).status()));
  const auto policies = client().List(
      ResourcePath({"admissionregistration.k8s.io", "v1", "mutatingadmissionpolicies"}, ""),
      {{"labelSelector", "app.kubernetes.io/name=trimtab"}});
  ASSERT_TRUE(policies.ok()) << policies.status();
  EXPECT_THAT(policies->items, IsEmpty());
}

TEST_F(ChartInstallTest, TwoInNamespacesOfTheirOwnDoNotTouchEachOther) {
  const std::string other = name_space() + "-b";
  MakeNamespace(other);
  const std::string said =
      Chart("install", "trimtab", name_space(),
            {"mode=Apply", "replicaCount=0", "watchNamespaces={" + name_space() + "}"});
  Chart("install", "trimtab", other,
        {"mode=Apply", "replicaCount=0", "watchNamespaces={" + other + "}"});
  // It says what it cannot check.
  EXPECT_THAT(said, HasSubstr("nodes: neither the largest one"));
  EXPECT_THAT(said, HasSubstr("no admission policy is installed"));
  // Nothing of the cluster's own.
  EXPECT_TRUE(absl::IsNotFound(
      client().Get(ResourcePath(kClusterRoles, "", name_space() + ":trimtab")).status()));
  const auto one = As("trimtab", name_space());
  ASSERT_NE(one, nullptr);
  EXPECT_TRUE(one->List(ResourcePath(kPods, name_space())).ok());
  EXPECT_TRUE(absl::IsPermissionDenied(one->List(ResourcePath(kPods, other)).status()));
  EXPECT_TRUE(absl::IsPermissionDenied(one->List(ResourcePath(kPods, "")).status()));
  EXPECT_TRUE(absl::IsPermissionDenied(one->List(ResourcePath(kNodes, "")).status()));
  EXPECT_TRUE(absl::IsPermissionDenied(one->Get(ResourcePath(kLeases, other, "trimtab")).status()));
  // The other goes, this one stays as it is.
  Uninstall("trimtab", other);
  EXPECT_TRUE(one->List(ResourcePath(kPods, name_space())).ok());
  Uninstall("trimtab", name_space());
}

TEST_F(ChartInstallTest, OfOneNameInTwoNamespacesBothMayWatchAll) {
  const std::string other = name_space() + "-b";
  MakeNamespace(other);
  Chart("install", "trimtab", name_space(), {"replicaCount=0", "mode=Apply"});
  Chart("install", "trimtab", other, {"replicaCount=0", "mode=Apply"});
  Uninstall("trimtab", other);
  const auto one = As("trimtab", name_space());
  ASSERT_NE(one, nullptr);
  EXPECT_TRUE(one->List(ResourcePath(kNodes, "")).ok());
  Uninstall("trimtab", name_space());
}

}  // namespace
}  // namespace trimtab::servers
