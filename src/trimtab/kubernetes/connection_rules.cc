#include "trimtab/kubernetes/connection_rules.h"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "trimtab/http/credential.h"
#include "trimtab/http/url.h"
#include "trimtab/kubernetes/exec_credential.h"

namespace trimtab {
namespace {

// A kubeconfig is small; what is larger is another file.
absl::StatusOr<Kubeconfig> ReadKubeconfig(const std::string& path) {
  auto text = ReadSmallFile(path);
  if (!text.ok()) {
    return absl::Status(text.status().code(),
                        fmt::format("kubeconfig: {}", std::string(text.status().message())));
  }
  return Kubeconfig::Parse(*text, path);
}

bool Exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

absl::StatusOr<ClusterConnection> MergedConnection(const ConnectionRules& rules) {
  std::optional<Kubeconfig> merged;
  for (const std::string& path :
       std::vector<std::string>(absl::StrSplit(rules.kubeconfig_files, ':', absl::SkipEmpty()))) {
    if (!Exists(path)) continue;
    auto config = ReadKubeconfig(path);
    if (!config.ok()) return config.status();
    if (merged) {
      merged->Merge(*config);
    } else {
      merged = *std::move(config);
    }
  }
  if (merged) return merged->Connection(rules.context);
  return absl::NotFoundError(
      fmt::format("KUBECONFIG: none of its files exists: '{}'", rules.kubeconfig_files));
}

absl::StatusOr<ClusterConnection> InClusterConnection(const ConnectionRules& rules) {
  ClusterConnection connection{.source = "in-cluster"};
  const bool is_ipv6 = rules.service_host.find(':') != std::string::npos;
  connection.server = fmt::format("https://{}{}{}:{}", is_ipv6 ? "[" : "", rules.service_host,
                                  is_ipv6 ? "]" : "", rules.service_port);
  if (const auto url = ParseUrl(connection.server); !url.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("KUBERNETES_SERVICE_HOST '{}' and KUBERNETES_SERVICE_PORT '{}': {}",
                    rules.service_host, rules.service_port, std::string(url.status().message())));
  }
  connection.token_file = rules.service_account + "/token";
  connection.tls.ca_file = rules.service_account + "/ca.crt";
  for (const std::string& path : {connection.token_file, connection.tls.ca_file}) {
    if (auto text = ReadSmallFile(path); !text.ok()) {
      return absl::Status(text.status().code(),
                          fmt::format("in-cluster: {}", std::string(text.status().message())));
    }
  }
  const auto own = ReadSmallFile(rules.service_account + "/namespace");
  if (own.ok()) connection.default_namespace = std::string(absl::StripAsciiWhitespace(*own));
  return connection;
}

absl::StatusOr<ClusterConnection> Find(const ConnectionRules& rules) {
  if (!rules.kubeconfig_flag.empty()) {
    auto config = ReadKubeconfig(rules.kubeconfig_flag);
    if (!config.ok()) return config.status();
    return config->Connection(rules.context);
  }
  if (!rules.kubeconfig_files.empty()) return MergedConnection(rules);
  if (!rules.service_host.empty() && !rules.service_port.empty()) return InClusterConnection(rules);
  const std::string home = rules.home + "/.kube/config";
  if (!rules.home.empty() && Exists(home)) {
    auto config = ReadKubeconfig(home);
    if (!config.ok()) return config.status();
    return config->Connection(rules.context);
  }
  return absl::NotFoundError(
      fmt::format("no cluster to talk to: no --kubeconfig, no KUBECONFIG, not in a cluster (no "
                  "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT), and no '{}'",
                  home));
}

}  // namespace

absl::StatusOr<ClusterConnection> FindConnection(const ConnectionRules& rules) {
  auto connection = Find(rules);
  if (connection.ok() && connection->proxy.https.empty()) connection->proxy = rules.proxy;
  return connection;
}

absl::StatusOr<std::unique_ptr<HttpClient>> MakeHttpClient(const ClusterConnection& connection,
                                                           const Clock& clock, bool may_interact) {
  HttpClientOptions options{.tls = connection.tls, .proxy = connection.proxy};
  if (connection.exec) {
    auto credentials = ExecCredential::Create(connection, clock, may_interact);
    if (!credentials.ok()) return credentials.status();
    options.credentials = *std::move(credentials);
  } else if (!connection.token_file.empty()) {
    options.credentials = std::make_shared<TokenFile>(connection.token_file, clock);
  } else if (!connection.authorization.empty()) {
    options.credentials =
        std::make_shared<FixedCredential>(Credential{.authorization = connection.authorization});
  }
  return HttpClient::Create(std::move(options));
}

}  // namespace trimtab
