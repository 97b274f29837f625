#include "trimtab/kubernetes/kubeconfig.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trimtab {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// "-----BEGIN X-----" in base64.
constexpr const char* kPem = "LS0tLS1CRUdJTiBYLS0tLS0=";

// A sound file; `replace` takes the place of the line that begins like it.
std::string File(std::string_view cluster = "server: https://h:6443",
                 std::string_view user = "token: s3cr3t",
                 std::string_view context = "{cluster: c, user: u}", std::string_view rest = "") {
  std::string text = "apiVersion: v1\nkind: Config\ncurrent-context: dev\n";
  text += "clusters:\n- name: c\n  cluster: {" + std::string(cluster) + "}\n";
  text += "users:\n- name: u\n  user: {" + std::string(user) + "}\n";
  text += "contexts:\n- name: dev\n  context: " + std::string(context) + "\n";
  return text + std::string(rest);
}

// The error of reading and resolving; empty without one. Never a secret.
std::string ErrorOf(const std::string& text, std::string_view context = "") {
  const auto config = Kubeconfig::Parse(text, "/f/config");
  const absl::Status status = config.ok() ? config->Connection(context).status() : config.status();
  EXPECT_THAT(status.ToString(), Not(HasSubstr("s3cr3t")));
  return std::string(status.message());
}

ClusterConnection ConnectionOf(const std::string& text, std::string_view context = "") {
  const auto config = Kubeconfig::Parse(text, "/f/config");
  if (!config.ok()) {
    ADD_FAILURE() << config.status();
    return {};
  }
  const auto connection = config->Connection(context);
  if (!connection.ok()) ADD_FAILURE() << connection.status();
  return connection.value_or(ClusterConnection{});
}

TEST(KubeconfigTest, ResolvesTheCurrentContext) {
  const ClusterConnection connection = ConnectionOf(
      File(std::string("server: 'https://h:6443/', tls-server-name: api, proxy-url: 'http://p:1', "
                       "certificate-authority-data: ") +
               kPem,
           std::string("client-certificate-data: ") + kPem + ", client-key-data: " + kPem,
           "{cluster: c, user: u, namespace: shop}"));
  EXPECT_EQ(connection.source, "/f/config:11: contexts[dev]");
  EXPECT_EQ(connection.server, "https://h:6443");
  EXPECT_EQ(connection.default_namespace, "shop");
  EXPECT_EQ(connection.tls.server_name, "api");
  EXPECT_EQ(connection.tls.ca_pem, "-----BEGIN X-----");
  EXPECT_EQ(connection.tls.client_certificate_pem, "-----BEGIN X-----");
  EXPECT_EQ(connection.tls.client_key_pem, "-----BEGIN X-----");
  EXPECT_EQ(connection.proxy.https, "http://p:1");
}

TEST(KubeconfigTest, ReadsTokensAndPasswords) {
  EXPECT_EQ(ConnectionOf(File()).authorization, "Bearer s3cr3t");
  EXPECT_EQ(ConnectionOf(File("server: https://h", "username: Aladdin, password: open sesame"))
                .authorization,
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(ConnectionOf(File("server: https://h", "", "{cluster: c}")).authorization, "");
}

TEST(KubeconfigTest, ReadsJson) {
  const ClusterConnection connection =
      ConnectionOf(R"({"current-context":"x","contexts":[{"name":"x","context":{"cluster":"c"}}],)"
                   R"("clusters":[{"name":"c","cluster":{"server":"https://h:1"}}],"users":null})");
  EXPECT_EQ(connection.server, "https://h:1");
  EXPECT_EQ(connection.default_namespace, "default");
}

TEST(KubeconfigTest, ReadsAnExecPlugin) {
  const ClusterConnection connection = ConnectionOf(
      File("server: https://h",
           "exec: {apiVersion: client.authentication.k8s.io/v1, command: bin/login, args: [a, b], "
           "env: [{name: N, value: v}], interactiveMode: IfAvailable, provideClusterInfo: true, "
           "installHint: get it}"));
  const ExecPlugin expected{.command = "/f/bin/login",
                            .arguments = {"a", "b"},
                            .environment = {{"N", "v"}},
                            .install_hint = "get it",
                            .interaction = ExecPlugin::Interaction::kIfAvailable,
                            .provide_cluster_info = true};
  EXPECT_EQ(connection.exec, expected);
}

TEST(KubeconfigTest, AnAskedContextGoesBeforeTheCurrentOne) {
  const std::string text = File("server: https://h", "token: t", "{cluster: c, user: u}",
                                "- name: other\n  context: {cluster: c, namespace: n2}\n");
  EXPECT_EQ(ConnectionOf(text, "other").default_namespace, "n2");
  EXPECT_EQ(ErrorOf(text, "none"),
            "/f/config:3: the context asked for: no context 'none'; known: 'dev', 'other'");
}

TEST(KubeconfigTest, TheFirstValueWinsWhenFilesMerge) {
  auto first = Kubeconfig::Parse("clusters: [{name: c, cluster: {server: 'https://one'}}]", "/1");
  const auto second = Kubeconfig::Parse(File("server: https://two"), "/2");
  const auto third = Kubeconfig::Parse("current-context: third", "/3");
  ASSERT_TRUE(first.ok() && second.ok() && third.ok());
  first->Merge(*second);
  first->Merge(*third);
  const auto connection = first->Connection("");
  ASSERT_TRUE(connection.ok()) << connection.status();
  EXPECT_EQ(connection->server, "https://one");
  EXPECT_EQ(connection->authorization, "Bearer s3cr3t");
}

TEST(KubeconfigErrorTest, NoKubeconfigAtAll) {
  EXPECT_EQ(ErrorOf(""), "/f/config:1: the file is empty");
  EXPECT_THAT(ErrorOf("a: [1"), HasSubstr("/f/config:"));
  EXPECT_EQ(ErrorOf("- 1\n"), "/f/config:1: must be a map");
  EXPECT_EQ(ErrorOf("kind: Pod\n"), "/f/config:1: kind: 'Pod', must be 'Config'");
  EXPECT_EQ(ErrorOf("apiVersion: v2\n"), "/f/config:1: apiVersion: 'v2', must be 'v1'");
  EXPECT_EQ(ErrorOf("kind: Config\n"), "/f/config:1: current-context: is missing; there is none");
}

TEST(KubeconfigErrorTest, NamesThatNameNothing) {
  EXPECT_EQ(ErrorOf("current-context: x\n" + File().substr(File().find("clusters:"))),
            "/f/config:1: current-context: no context 'x'; known: 'dev'");
  EXPECT_EQ(ErrorOf(File("server: https://h", "", "{cluster: z, user: u}")),
            "/f/config:11: contexts[dev]: cluster: no cluster 'z'; known: 'c'");
  EXPECT_EQ(ErrorOf(File("server: https://h", "", "{cluster: c, user: z}")),
            "/f/config:11: contexts[dev]: user: no user 'z'; known: 'u'");
}

TEST(KubeconfigErrorTest, EntriesOfTheWrongShape) {
  EXPECT_EQ(ErrorOf("clusters: {a: b}\n"), "/f/config:1: clusters: must be a list");
  EXPECT_EQ(ErrorOf("clusters:\n- 7\n"), "/f/config:2: clusters: must be a map");
  EXPECT_EQ(ErrorOf("users:\n- user: {}\n"), "/f/config:2: users.name: is missing");
  EXPECT_EQ(ErrorOf("users:\n- name: [a]\n"), "/f/config:2: users.name: must be text");
  EXPECT_EQ(ErrorOf("users:\n- name: a\n- name: a\n"),
            "/f/config:3: users.name: 'a' stands already in the list");
  EXPECT_EQ(ErrorOf("users:\n- name: a\n  user: x\n"), "/f/config:3: users.user: must be a map");
}

TEST(KubeconfigErrorTest, Clusters) {
  EXPECT_EQ(ErrorOf(File("tls-server-name: x")), "/f/config:5: clusters[c]: server: is missing");
  EXPECT_EQ(ErrorOf(File("server: h")),
            "/f/config:5: clusters[c]: server: URL 'h': must begin "
            "with http:// or https://");
  EXPECT_EQ(
      ErrorOf(File("certificate-authority-data: '*'")),
      "/f/config:6: clusters[c].certificate-authority-data: 1 characters that are not base64");
  EXPECT_EQ(ErrorOf(File("certificate-authority-data: aGVsbG8=")),
            "/f/config:6: clusters[c].certificate-authority-data: 5 bytes without a PEM block");
  EXPECT_EQ(ErrorOf(File("insecure-skip-tls-verify: maybe")),
            "/f/config:6: clusters[c].insecure-skip-tls-verify: 'maybe' is neither true nor false");
  EXPECT_EQ(ErrorOf(File(std::string("server: https://h, insecure-skip-tls-verify: true, "
                                     "certificate-authority-data: ") +
                         kPem)),
            "/f/config:5: clusters[c]: insecure-skip-tls-verify: stands beside "
            "certificate-authority: one of them must go");
  EXPECT_EQ(ErrorOf(File("server: https://h, certificate-authority: nope.crt")),
            "/f/config:5: clusters[c]: certificate-authority: cannot read '/f/nope.crt': No such "
            "file or directory");
}

TEST(KubeconfigErrorTest, CredentialsInClearText) {
  EXPECT_THAT(ErrorOf(File("server: http://h:1", "token: s3cr3t")),
              AllOf(HasSubstr("server: 'http://h:1' would be sent the credentials of user 'u' in "
                              "clear text: it must begin with https://"),
                    Not(HasSubstr("s3cr3t"))));
  EXPECT_EQ(ConnectionOf(File("server: http://h:1", "", "{cluster: c}")).server, "http://h:1");
  EXPECT_EQ(ConnectionOf(File("server: http://127.0.0.1:1", "token: t")).authorization, "Bearer t");
}

TEST(KubeconfigErrorTest, Users) {
  const auto error = [](std::string_view user) { return ErrorOf(File("server: https://h", user)); };
  EXPECT_EQ(error("client-certificate: a.crt"),
            "/f/config:9: users[u].client-key: is missing beside client-certificate");
  EXPECT_EQ(error("client-key: a.key"),
            "/f/config:9: users[u].client-certificate: is missing beside client-key");
  EXPECT_EQ(error("client-certificate: a.crt, client-key: a.key"),
            "/f/config:8: users[u]: client-certificate: cannot read '/f/a.crt': No such file or "
            "directory");
  EXPECT_EQ(error("tokenFile: /nonexistent/t"),
            "/f/config:8: users[u]: tokenFile: cannot read '/nonexistent/t': No such file or "
            "directory");
  EXPECT_EQ(error("token: s3cr3t, username: a"),
            "/f/config:9: users[u].username: stands beside token: one of them must go");
  EXPECT_EQ(error("token: 's3cr3t s3cr3t'"),
            "/f/config:9: users[u].token: is not a token: visible ASCII, at most 64 KiB");
  EXPECT_EQ(error("username: 'a:b'"), "/f/config:9: users[u].username: has a ':'");
  EXPECT_EQ(error("auth-provider: {name: gcp}"),
            "/f/config:9: users[u].auth-provider: auth providers were removed from Kubernetes; use "
            "exec");
  EXPECT_EQ(error("as: root"), "/f/config:9: users[u].as: impersonation is not supported");
}

TEST(KubeconfigErrorTest, ExecPlugins) {
  const auto error = [](std::string exec) {
    return ErrorOf(File("server: https://h", "exec: {" + exec + "}"));
  };
  const std::string version = "apiVersion: client.authentication.k8s.io/v1";
  EXPECT_EQ(error("command: x"),
            "/f/config:9: users[u].exec.apiVersion: '', must be "
            "'client.authentication.k8s.io/v1'");
  EXPECT_THAT(error("apiVersion: client.authentication.k8s.io/v1alpha1"), HasSubstr("v1alpha1"));
  EXPECT_EQ(error(version), "/f/config:9: users[u].exec.command: is missing");
  EXPECT_EQ(error(version + ", command: x"),
            "/f/config:9: users[u].exec.interactiveMode: '', must "
            "be Never, IfAvailable or Always");
  EXPECT_EQ(error(version + ", command: x, args: [[s3cr3t]]"),
            "/f/config:9: users[u].exec.args: must be texts");
  EXPECT_THAT(error(version + ", command: x, interactiveMode: Never, env: [{value: s3cr3t}]"),
              HasSubstr("exec.env.name: must be the name of a variable"));
}

}  // namespace
}  // namespace trimtab
