// A real API server, and the chart to be installed on it.
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/servers/helm.h"
#include "tests/servers/programs.h"
#include "trimtab/kubernetes/testing/api_server.h"

namespace trimtab::servers {

inline constexpr char kChart[] = TRIMTAB_SOURCE_DIR "/deploy/helm/trimtab";
inline constexpr ResourceType kAppScalers{"trimtab.dev", "v1alpha1", "appscalers"};

// A namespace of the test's own, where only pods that Pod Security calls restricted may run.
class ChartTest : public ApiServerTest {
 protected:
  void SetUp() override {
    ApiServerTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    RequirePrograms({"helm"});
    if (IsSkipped() || HasFatalFailure()) return;
    const auto labelled = client().Patch(ResourcePath(kNamespaces, "", name_space()),
                                         PatchType::kMerge, Parsed(R"({"metadata":{"labels":{
                         "pod-security.kubernetes.io/enforce":"restricted"}}})"));
    ASSERT_TRUE(labelled.ok()) << labelled.status();
  }

  // `helm VERB RELEASE` with the chart, in the namespace; what it says.
  std::string Chart(const std::string& verb, const std::string& release,
                    const std::string& in_namespace, const std::vector<std::string>& values) {
    std::vector<std::string> arguments = {
        verb,
        release,
        kChart,
        "-n",
        in_namespace,
        "--set",
        fmt::format("listen.clearText=true,image.digest=sha256:{:064}", 7)};
    for (const std::string& value : values) arguments.insert(arguments.end(), {"--set", value});
    const auto said = Helm(control_plane(), std::move(arguments));
    if (!said.ok()) ADD_FAILURE() << said.status();
    return said.value_or("");
  }
  std::string Uninstall(const std::string& release, const std::string& from) {
    const auto said = Helm(control_plane(), {"uninstall", release, "-n", from});
    if (!said.ok()) ADD_FAILURE() << said.status();
    return said.value_or("");
  }
  // A client with the token of a service account.
  std::unique_ptr<ApiClient> As(const std::string& account, const std::string& of) {
    const auto kubeconfig = ServiceAccountKubeconfig(control_plane(), of, account);
    if (!kubeconfig.ok()) {
      ADD_FAILURE() << kubeconfig.status();
      return nullptr;
    }
    return MakeApiClient({.kubeconfig_flag = *kubeconfig}, clock());
  }
  nlohmann::json Read(const std::string& path) {
    auto object = client().Get(path);
    if (!object.ok()) ADD_FAILURE() << object.status();
    return object.value_or(nlohmann::json());
  }
  // A Deployment of one pod that no node takes: it is Pending, and as good as another.
  void MakeWorkload(const std::string& in_namespace) {
    const nlohmann::json deployment = {
        {"apiVersion", "apps/v1"},
        {"kind", "Deployment"},
        {"metadata", {{"name", "web"}}},
        {"spec",
         {{"replicas", 1},
          {"selector", {{"matchLabels", {{"app", "web"}}}}},
          {"template", Parsed(R"({"metadata":{"labels":{"app":"web"}},"spec":{
             "securityContext":{"runAsNonRoot":true,"seccompProfile":{"type":"RuntimeDefault"}},
             "containers":[{"name":"app","image":"none",
               "securityContext":{"allowPrivilegeEscalation":false,
                 "capabilities":{"drop":["ALL"]}},
               "resources":{"requests":{"cpu":"100m","memory":"64Mi"},
                            "limits":{"cpu":"500m","memory":"128Mi"}}}]}})")}}}};
    const auto made = client().Create(ResourcePath(kDeployments, in_namespace), deployment);
    ASSERT_TRUE(made.ok()) << made.status();
    ASSERT_TRUE(Eventually([&] { return !PodOf(in_namespace).empty(); }));
  }
  // The name of the workload's pod; empty until there is one.
  std::string PodOf(const std::string& in_namespace) {
    const auto pods =
        client().List(ResourcePath(kPods, in_namespace), {{"labelSelector", "app=web"}});
    return pods.ok() && !pods->items.empty() ? TextAt(pods->items.front(), {"metadata", "name"})
                                             : "";
  }
  void MakeNamespace(const std::string& name) {
    const auto made = client().Create(
        ResourcePath(kNamespaces, ""),
        {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name}}}});
    ASSERT_TRUE(made.ok()) << made.status();
  }
};

}  // namespace trimtab::servers
