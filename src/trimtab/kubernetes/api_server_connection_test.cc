// How a real API server is reached: certificates, tokens, names, rights, and what it offers.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/servers/control_plane.h"
#include "trimtab/kubernetes/api_failure.h"
#include "trimtab/kubernetes/api_probe.h"
#include "trimtab/kubernetes/testing/api_server.h"
#include "trimtab/kubernetes/timestamp.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ApiServerConnectionTest : public ApiServerTest {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = ::testing::TempDir() + name;
    std::ofstream(path) << text;
    return path;
  }
  // A kubeconfig with the true authority, unless `cluster` says otherwise.
  std::string Config(const std::string& user, std::string cluster = "") {
    if (cluster.empty()) {
      cluster = fmt::format("server: '{}', certificate-authority: '{}'", control_plane().url(),
                            control_plane().ca_file());
    }
    return Write("config",
                 "current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n"
                 "clusters: [{name: c, cluster: {" +
                     cluster +
                     "}}]\n"
                     "users: [{name: u, user: {" +
                     user + "}}]\n");
  }
  // What listing namespaces answers, which an administrator may.
  absl::Status Asked(const ConnectionRules& rules) {
    auto client = MakeApiClient(rules, clock(), {.retry = {.attempts = 1}});
    if (client == nullptr) return absl::InternalError("no client");
    return client->List(ResourcePath(kNamespaces, "")).status();
  }
  absl::Status Asked(const std::string& user, const std::string& cluster = "") {
    return Asked(ConnectionRules{.kubeconfig_flag = Config(user, cluster)});
  }
  std::string AdminToken() { return "token: '" + control_plane().admin_token() + "'"; }
};

TEST_F(ApiServerConnectionTest, EveryWayToAuthenticateIsAccepted) {
  EXPECT_TRUE(Asked(ConnectionRules{.kubeconfig_flag = control_plane().kubeconfig()}).ok());
  EXPECT_TRUE(Asked(ConnectionRules{.kubeconfig_flag = control_plane().token_kubeconfig()}).ok());
  EXPECT_TRUE(Asked(fmt::format("tokenFile: '{}'", control_plane().admin_token_file())).ok());
  const std::string plugin =
      Write("plugin.sh",
            "#!/bin/sh\nprintf '{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":"
            "\"ExecCredential\",\"status\":{\"token\":\"%s\"}}' \"" +
                control_plane().admin_token() + "\"\n");
  EXPECT_TRUE(Asked(fmt::format("exec: {{apiVersion: client.authentication.k8s.io/v1, "
                                "interactiveMode: Never, command: /bin/sh, args: ['{}']}}",
                                plugin))
                  .ok());
}

TEST_F(ApiServerConnectionTest, ACertificateOfAPluginIsAccepted) {
  const auto issued = control_plane().authority().Issue(
      {.common_name = "by-plugin", .organizations = {"system:masters"}});
  ASSERT_TRUE(issued.ok()) << issued.status();
  const nlohmann::json answer = {
      {"apiVersion", "client.authentication.k8s.io/v1"},
      {"kind", "ExecCredential"},
      {"status",
       {{"clientCertificateData", issued->certificate}, {"clientKeyData", issued->private_key}}}};
  const std::string file = Write("answer.json", DumpJson(answer));
  EXPECT_TRUE(Asked(fmt::format("exec: {{apiVersion: client.authentication.k8s.io/v1, "
                                "interactiveMode: Never, command: cat, args: ['{}']}}",
                                file))
                  .ok());
}

TEST_F(ApiServerConnectionTest, InTheClusterTheServiceAccountsFilesAreUsed) {
  const std::string folder = ::testing::TempDir() + "serviceaccount";
  std::filesystem::create_directories(folder);
  std::filesystem::copy_file(control_plane().ca_file(), folder + "/ca.crt");
  std::ofstream(folder + "/token") << control_plane().admin_token() << "\n";
  const std::string url = control_plane().url();
  EXPECT_TRUE(Asked(ConnectionRules{.service_host = "127.0.0.1",
                                    .service_port = url.substr(url.rfind(':') + 1),
                                    .service_account = folder})
                  .ok());
}

TEST_F(ApiServerConnectionTest, AnotherAuthorityIsRefused) {
  const auto other = servers::CertificateAuthority::Create("other");
  ASSERT_TRUE(other.ok());
  const std::string path = Write("other.crt", other->certificate());
  const absl::Status status =
      Asked(AdminToken(),
            fmt::format("server: '{}', certificate-authority: '{}'", control_plane().url(), path));
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(control_plane().url()));
  EXPECT_THAT(status.ToString(), Not(HasSubstr(control_plane().admin_token())));
}

TEST_F(ApiServerConnectionTest, TheExpectedNameOfTheServerCounts) {
  const std::string cluster = fmt::format(
      "server: '{}', certificate-authority: '{}', tls-server-name: ", control_plane().url(),
      control_plane().ca_file());
  EXPECT_TRUE(Asked(AdminToken(), cluster + "localhost").ok());
  EXPECT_EQ(Asked(AdminToken(), cluster + "elsewhere.example").code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(ApiServerConnectionTest, VerificationIsLeftOutOnlyWhenAsked) {
  const std::string cluster = fmt::format("server: '{}'", control_plane().url());
  EXPECT_EQ(Asked(AdminToken(), cluster).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Asked(AdminToken(), cluster + ", insecure-skip-tls-verify: true").ok());
}

TEST_F(ApiServerConnectionTest, AWrongTokenIsUnauthenticatedAndNobodyIsForbidden) {
  EXPECT_EQ(Asked("token: wrong").code(), absl::StatusCode::kUnauthenticated);
  const absl::Status nobody = Asked("");
  EXPECT_EQ(nobody.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(nobody.message()), HasSubstr("system:anonymous"));
  EXPECT_EQ(ApiFailureOf(nobody)->reason, "Forbidden");
}

TEST_F(ApiServerConnectionTest, TellsItsVersionAndWhatItHas) {
  const auto version = ServerVersion(client());
  ASSERT_TRUE(version.ok()) << version.status();
  EXPECT_TRUE(version->starts_with("v1.")) << *version;
  EXPECT_TRUE(*HasResource(client(), kPods, "resize"));
  EXPECT_TRUE(*HasResource(client(), kDeployments, "scale"));
  EXPECT_FALSE(*HasResource(client(), kPods, "shrink"));
  const auto absent = HasResource(client(), {"keda.sh", "v1alpha1", "scaledobjects"});
  ASSERT_TRUE(absent.ok()) << absent.status();
  EXPECT_FALSE(*absent);
}

TEST_F(ApiServerConnectionTest, TellsWhatWeMayDo) {
  const auto issued = control_plane().authority().Issue({.common_name = "restricted"});
  ASSERT_TRUE(issued.ok());
  auto restricted = MakeApiClient(
      {.kubeconfig_flag = Config(fmt::format("client-certificate: '{}', client-key: '{}'",
                                             Write("restricted.crt", issued->certificate),
                                             Write("restricted.key", issued->private_key)))},
      clock());
  ASSERT_NE(restricted, nullptr);
  Make({"rbac.authorization.k8s.io", "v1", "roles"},
       Parsed(R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role",
         "metadata":{"name":"resizer"},"rules":[{"apiGroups":[""],
         "resources":["pods/resize"],"verbs":["patch"]}]})"));
  Make({"rbac.authorization.k8s.io", "v1", "rolebindings"},
       Parsed(R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding",
         "metadata":{"name":"resizer"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io",
         "kind":"Role","name":"resizer"},"subjects":[{"kind":"User","name":"restricted",
         "apiGroup":"rbac.authorization.k8s.io"}]})"));
  const AccessQuestion resize{
      .verb = "patch", .type = kPods, .subresource = "resize", .name_space = name_space()};
  EXPECT_TRUE(servers::Eventually([&] {
    const auto answer = AskAccess(*restricted, resize);
    return answer.ok() && answer->is_allowed;
  }));
  AccessQuestion deletion = resize;
  deletion.verb = "delete";
  const auto answer = AskAccess(*restricted, deletion);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_FALSE(answer->is_allowed);
  EXPECT_TRUE(AskAccess(client(), deletion)->is_allowed);
}

// A token bound to a Secret dies with it; the API server forgets it after some ten seconds.
TEST_F(ApiServerConnectionTest, ARevokedTokenIsReadAgainFromItsFile) {
  ASSERT_TRUE(TakesPods());
  const nlohmann::json secret =
      Make({"", "v1", "secrets"},
           Parsed(R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"bound"}})"));
  const nlohmann::json request = {{"apiVersion", "authentication.k8s.io/v1"},
                                  {"kind", "TokenRequest"},
                                  {"spec",
                                   {{"expirationSeconds", 600},
                                    {"boundObjectRef",
                                     {{"apiVersion", "v1"},
                                      {"kind", "Secret"},
                                      {"name", "bound"},
                                      {"uid", TextAt(secret, {"metadata", "uid"})}}}}}};
  const auto granted =
      client().Create(Path({"", "v1", "serviceaccounts"}, "default", "token"), request);
  ASSERT_TRUE(granted.ok()) << granted.status();
  const std::string file = Write("token", TextAt(*granted, {"status", "token"}));
  auto account = MakeApiClient({.kubeconfig_flag = Config("tokenFile: '" + file + "'")}, clock(),
                               {.retry = {.attempts = 1}});
  ASSERT_NE(account, nullptr);
  const auto asked = [&] { return ServerVersion(*account).status(); };
  const auto listed = [&] { return account->List(Path(kPods)).status(); };
  EXPECT_TRUE(asked().ok());
  EXPECT_EQ(listed().code(), absl::StatusCode::kPermissionDenied);
  ASSERT_TRUE(client().Delete(Path({"", "v1", "secrets"}, "bound")).ok());
  EXPECT_TRUE(
      servers::Eventually([&] { return listed().code() == absl::StatusCode::kUnauthenticated; }));
  Write("token", control_plane().admin_token());
  EXPECT_TRUE(listed().ok()) << "the file is read again because of the 401, not of its age";
}

}  // namespace
}  // namespace trimtab
