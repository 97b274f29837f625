#include "trimtab/kubernetes/connection_rules.h"

#include <filesystem>
#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/clock/testing/hand_clock.h"
#include "trimtab/http/testing/loopback_server.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

class ConnectionRulesTest : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_ + "/.kube"); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // Writes a file and gives its path.
  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name) << text;
    return folder_ + "/" + name;
  }
  std::string Config(const std::string& name, const std::string& server,
                     const std::string& user = "{}") {
    return Write(name,
                 "current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n"
                 "clusters: [{name: c, cluster: {server: '" +
                     server +
                     "'}}]\n"
                     "users: [{name: u, user: " +
                     user + "}]\n");
  }
  ConnectionRules InCluster() {
    Write("token", "t\n");
    Write("ca.crt", "-----BEGIN CERTIFICATE-----");
    Write("namespace", "shop\n");
    return {.service_host = "fd00::1", .service_port = "443", .service_account = folder_};
  }
  static std::string ServerOf(const ConnectionRules& rules) {
    const auto connection = FindConnection(rules);
    return connection.ok() ? connection->server : std::string(connection.status().message());
  }

  const std::string folder_ = ::testing::TempDir() + "rules_" +
                              ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(ConnectionRulesTest, FlagThenEnvironmentThenClusterThenHome) {
  ConnectionRules rules = InCluster();
  rules.home = folder_;
  Config(".kube/config", "https://home");
  rules.kubeconfig_files = Config("env", "https://env");
  rules.kubeconfig_flag = Config("flag", "https://flag");
  EXPECT_EQ(ServerOf(rules), "https://flag");
  rules.kubeconfig_flag.clear();
  EXPECT_EQ(ServerOf(rules), "https://env");
  rules.kubeconfig_files.clear();
  EXPECT_EQ(ServerOf(rules), "https://[fd00::1]:443");
  rules.service_host.clear();
  EXPECT_EQ(ServerOf(rules), "https://home");
}

TEST_F(ConnectionRulesTest, MergesTheFilesOfTheEnvironmentAndLeavesOutMissingOnes) {
  const std::string first = Write("first", "current-context: y\n");
  const std::string second = Config("second", "https://second");
  const std::string third =
      Write("third", "contexts: [{name: y, context: {cluster: c, namespace: third}}]\n");
  const auto connection = FindConnection(
      {.kubeconfig_files = folder_ + "/none:" + first + "::" + second + ":" + third});
  ASSERT_TRUE(connection.ok()) << connection.status();
  EXPECT_EQ(connection->server, "https://second");
  EXPECT_EQ(connection->default_namespace, "third");
}

TEST_F(ConnectionRulesTest, InTheClusterTheServiceAccountIsUsed) {
  const auto connection = FindConnection(InCluster());
  ASSERT_TRUE(connection.ok()) << connection.status();
  EXPECT_EQ(connection->default_namespace, "shop");
  EXPECT_EQ(connection->token_file, folder_ + "/token");
  EXPECT_EQ(connection->tls.ca_file, folder_ + "/ca.crt");
}

TEST_F(ConnectionRulesTest, TheProxyOfTheEnvironmentStandsWhereTheFileNamesNone) {
  ConnectionRules rules{.kubeconfig_flag = Config("f", "https://h"),
                        .proxy = {.https = "http://p:1", .exceptions = "x"}};
  EXPECT_EQ(FindConnection(rules)->proxy.https, "http://p:1");
  rules.kubeconfig_flag = Write("g",
                                "current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\n"
                                "clusters: [{name: c, cluster: {server: 'https://h', proxy-url: "
                                "'http://q:2'}}]\n");
  EXPECT_EQ(FindConnection(rules)->proxy.https, "http://q:2");
  EXPECT_EQ(FindConnection(rules)->proxy.exceptions, "");
}

TEST_F(ConnectionRulesTest, WhatIsMissingIsNamed) {
  EXPECT_THAT(ServerOf({.kubeconfig_flag = folder_ + "/no"}),
              HasSubstr("kubeconfig: cannot read '" + folder_ + "/no': No such file"));
  EXPECT_EQ(ServerOf({.kubeconfig_files = "/no/a:/no/b"}),
            "KUBECONFIG: none of its files exists: '/no/a:/no/b'");
  EXPECT_EQ(ServerOf({.home = "/no"}),
            "no cluster to talk to: no --kubeconfig, no KUBECONFIG, not in a cluster (no "
            "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT), and no '/no/.kube/config'");
  ConnectionRules rules = InCluster();
  std::filesystem::remove(folder_ + "/token");
  EXPECT_THAT(ServerOf(rules), HasSubstr("in-cluster: cannot read '" + folder_ + "/token'"));
  rules.service_port = "x";
  EXPECT_THAT(ServerOf(rules), HasSubstr("KUBERNETES_SERVICE_PORT 'x': "));
}

TEST_F(ConnectionRulesTest, ABrokenFileIsNotPassedOver) {
  const std::string sound = Config("sound", "https://h");
  const std::string broken = Write("broken", "kind: Pod\n");
  EXPECT_THAT(ServerOf({.kubeconfig_files = broken + ":" + sound}),
              HasSubstr("broken:1: kind: 'Pod', must be 'Config'"));
}

// The Authorization header that a server sees.
TEST_F(ConnectionRulesTest, EveryWayToAuthenticateReachesTheServer) {
  const LoopbackServer server(LoopbackServer::EveryRequest(
      [](const LoopbackConnection::Request& request, const LoopbackConnection& connection) {
        const auto found = request.headers.find("authorization");
        connection.Answer(200, found == request.headers.end() ? "none" : found->second);
      }));
  HandClock clock;
  const auto seen = [&](const std::string& user) {
    const auto connection = FindConnection({.kubeconfig_flag = Config("f", server.Url(""), user)});
    if (!connection.ok()) return connection.status().ToString();
    auto client = MakeHttpClient(*connection, clock, false);
    if (!client.ok()) return client.status().ToString();
    const auto response = (*client)->Send({.url = connection->server + "/version"});
    return response.ok() ? response->body : response.status().ToString();
  };
  EXPECT_EQ(seen("{}"), "none");
  EXPECT_EQ(seen("{token: abc}"), "Bearer abc");
  Write("t", "fromfile");
  EXPECT_EQ(seen("{token: abc, tokenFile: t}"), "Bearer fromfile");
  EXPECT_EQ(seen(R"({exec: {apiVersion: client.authentication.k8s.io/v1, command: echo,
      interactiveMode: Never, args: ['{"apiVersion":"client.authentication.k8s.io/v1",)"
                 R"("kind":"ExecCredential","status":{"token":"fromexec"}}']}})"),
            "Bearer fromexec");
}

}  // namespace
}  // namespace trimtab
