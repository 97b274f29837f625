// A real API server, and clients of it.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tests/servers/control_plane.h"
#include "tests/servers/eventually.h"
#include "tests/servers/server_test.h"
#include "trimtab/clock/stoppable_wait.h"
#include "trimtab/clock/system_clock.h"
#include "trimtab/kubernetes/api_client.h"
#include "trimtab/kubernetes/connection_rules.h"
#include "trimtab/kubernetes/json_view.h"
#include "trimtab/kubernetes/resource_type.h"

namespace trimtab {

inline constexpr ResourceType kConfigMaps{"", "v1", "configmaps"};

// JSON written in a test.
inline nlohmann::json Parsed(const std::string& text) {
  auto json = JsonFromText(text);
  if (!json.ok()) ADD_FAILURE() << json.status() << "\n" << text;
  return json.value_or(nlohmann::json());
}

inline nlohmann::json ConfigMap(const std::string& name, const std::string& value = "1") {
  return {{"apiVersion", "v1"},
          {"kind", "ConfigMap"},
          {"metadata", {{"name", name}}},
          {"data", {{"key", value}}}};
}

// A pod of one container, small enough for any node.
inline nlohmann::json TestPodTemplate() {
  return Parsed(R"({"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"app",
    "image":"none","resources":{"requests":{"cpu":"100m","memory":"64Mi"},
    "limits":{"cpu":"500m","memory":"128Mi"}}}]}})");
}

inline nlohmann::json TestPod(const std::string& name, const std::string& node = "") {
  nlohmann::json pod = TestPodTemplate();
  pod["apiVersion"] = "v1";
  pod["kind"] = "Pod";
  pod["metadata"]["name"] = name;
  if (!node.empty()) pod["spec"]["nodeName"] = node;
  return pod;
}

// A client of the cluster that the rules find; nullptr and a failure without one.
inline std::unique_ptr<ApiClient> MakeApiClient(const ConnectionRules& rules, const Clock& clock,
                                                ApiClientOptions options = {}) {
  const auto connection = FindConnection(rules);
  if (!connection.ok()) {
    ADD_FAILURE() << connection.status();
    return nullptr;
  }
  auto http = MakeHttpClient(*connection, clock, false);
  if (!http.ok()) {
    ADD_FAILURE() << http.status();
    return nullptr;
  }
  options.wait = WaitFor;
  return std::make_unique<ApiClient>(connection->server, *std::move(http), options);
}

// The shared control plane, an administrator's client, and a namespace of the test's own.
class ApiServerTest : public servers::ControlPlaneTest {
 protected:
  void SetUp() override {
    servers::ControlPlaneTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    client_ = MakeApiClient({.kubeconfig_flag = control_plane().kubeconfig()}, clock_);
    ASSERT_NE(client_, nullptr);
    const auto made = client_->Create(
        ResourcePath(kNamespaces, ""),
        {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name_space_}}}});
    ASSERT_TRUE(made.ok() || absl::IsAlreadyExists(made.status())) << made.status();
  }

  ApiClient& client() { return *client_; }
  const std::string& name_space() const { return name_space_; }
  const Clock& clock() const { return clock_; }
  // "/api/v1/namespaces/OWN/configmaps/NAME" and the like.
  std::string Path(const ResourceType& type, std::string_view name = "",
                   std::string_view subresource = "") const {
    return ResourcePath(type, name_space_, name, subresource);
  }
  // Creates the object in the test's namespace.
  nlohmann::json Make(const ResourceType& type, const nlohmann::json& object) {
    auto made = client_->Create(Path(type), object);
    if (!made.ok()) ADD_FAILURE() << made.status();
    return made.value_or(nlohmann::json());
  }
  // Until the namespace takes pods.
  bool TakesPods() {
    return servers::Eventually([this] {
      return client_->Get(ResourcePath({"", "v1", "serviceaccounts"}, name_space_, "default")).ok();
    });
  }

 private:
  static std::string OwnNamespace() {
    std::string name;
    for (const char c :
         std::string(::testing::UnitTest::GetInstance()->current_test_info()->name())) {
      const bool is_upper = c >= 'A' && c <= 'Z';
      if (is_upper && !name.empty()) name += '-';
      name += is_upper ? static_cast<char>(c - 'A' + 'a') : c == '/' ? '-' : c;
    }
    return name.substr(0, 60);
  }

  const std::string name_space_ = OwnNamespace();
  SystemClock clock_;
  std::unique_ptr<ApiClient> client_;
};

}  // namespace trimtab
