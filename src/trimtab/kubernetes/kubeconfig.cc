#include "trimtab/kubernetes/kubeconfig.h"

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "fmt/ranges.h"
#include "trimtab/http/credential.h"
#include "trimtab/http/loopback.h"
#include "trimtab/http/url.h"
#include "trimtab/kubernetes/kubeconfig_reader.h"
#include "trimtab/yaml/yaml_document.h"

namespace trimtab {
namespace {

// What kubectl has given up, or Trimtab does not do: acting as somebody else than the file says
// would be worse than an error.
constexpr std::pair<std::string_view, std::string_view> kRefused[] = {
    {"auth-provider", "auth providers were removed from Kubernetes; use exec"},
    {"as", "impersonation is not supported"},
    {"as-uid", "impersonation is not supported"},
    {"as-groups", "impersonation is not supported"},
    {"as-user-extra", "impersonation is not supported"}};

template <class Map>
std::string NamesOf(const Map& map) {
  std::vector<std::string> names;
  for (const auto& [name, value] : map) {
    if (names.size() == 10) {
      names.emplace_back("...");
      break;
    }
    names.push_back(fmt::format("'{}'", name));
  }
  return names.empty() ? "there is none" : fmt::format("known: {}", fmt::join(names, ", "));
}

absl::Status Invalid(const std::string& place, std::string_view field, std::string_view why) {
  return absl::InvalidArgumentError(fmt::format("{}: {}: {}", place, field, why));
}

absl::Status CheckReadable(const std::string& place, std::string_view field,
                           const std::string& path) {
  if (path.empty()) return absl::OkStatus();
  const auto text = ReadSmallFile(path);
  if (text.ok()) return absl::OkStatus();
  return absl::Status(text.status().code(), fmt::format("{}: {}: {}", place, field,
                                                        std::string(text.status().message())));
}

// In clear text, and not to this machine itself.
bool IsHeardByOthers(const Url& url) { return url.scheme == "http" && !IsLoopback(url.host); }

}  // namespace

// Reads one file into a Kubeconfig.
class Kubeconfig::Reader {
 public:
  Reader(const std::string& file, Kubeconfig& config) : file_(file), config_(config) {}

  absl::Status Read(const YamlNode& root) {
    KubeconfigFields fields(root, file_, "", status_);
    const std::string kind = fields.Text("kind");
    const std::string version = fields.Text("apiVersion");
    if (!kind.empty() && kind != "Config") {
      fields.Fail("kind", fmt::format("'{}', must be 'Config'", kind.substr(0, 64)));
    }
    if (!version.empty() && version != "v1") {
      fields.Fail("apiVersion", fmt::format("'{}', must be 'v1'", version.substr(0, 64)));
    }
    config_.current_context_ = fields.Text("current-context");
    config_.place_ = fields.PlaceOf("current-context");
    ReadList(fields, "clusters", "cluster", config_.clusters_, &Reader::ReadCluster);
    ReadList(fields, "users", "user", config_.users_, &Reader::ReadUser);
    ReadList(fields, "contexts", "context", config_.contexts_, &Reader::ReadContext);
    return status_;
  }

 private:
  // Lists of {name: ..., cluster|user|context: {...}}.
  template <class Entry>
  void ReadList(KubeconfigFields& fields, const std::string& list_key, std::string_view entry_key,
                std::map<std::string, Entry>& entries,
                Entry (Reader::*read)(const YamlNode&, const std::string&)) {
    const YamlNode* list = fields.List(list_key);
    if (list == nullptr) return;
    for (const YamlNode& item : list->items) {
      KubeconfigFields named(item, file_, list_key, status_);
      const std::string name = named.Text("name");
      const std::string field = fmt::format("{}[{}]", list_key, name.substr(0, 64));
      if (name.empty()) named.Fail(item.line, "name", "is missing");
      if (entries.contains(name)) {
        named.Fail(item.line, "name", fmt::format("'{}' stands already in the list", name));
      }
      static const YamlNode kNull;
      const YamlNode* body = named.Map(entry_key);
      entries.emplace(name, (this->*read)(body != nullptr ? *body : kNull, field));
      entries.at(name).place = fmt::format("{}:{}: {}", file_, item.line, field);
      if (!status_.ok()) return;
    }
  }

  Cluster ReadCluster(const YamlNode& node, const std::string& field) {
    KubeconfigFields fields(node, file_, field, status_);
    Cluster cluster;
    cluster.server = fields.Text("server");
    cluster.tls.ca_pem = fields.Pem("certificate-authority-data");
    cluster.tls.ca_file = fields.Path("certificate-authority");
    cluster.tls.server_name = fields.Text("tls-server-name");
    cluster.tls.insecure_skip_verify = fields.Flag("insecure-skip-tls-verify");
    cluster.proxy_url = fields.Text("proxy-url");
    return cluster;
  }

  User ReadUser(const YamlNode& node, const std::string& field) {
    KubeconfigFields fields(node, file_, field, status_);
    for (const auto& [key, why] : kRefused) {
      if (fields.Has(key)) fields.Fail(key, why);
    }
    User user;
    user.tls.client_certificate_pem = fields.Pem("client-certificate-data");
    user.tls.client_certificate_file = fields.Path("client-certificate");
    user.tls.client_key_pem = fields.Pem("client-key-data");
    user.tls.client_key_file = fields.Path("client-key");
    CheckPair(fields, user.tls);
    user.token_file = fields.Path("tokenFile");
    ReadAuthorization(fields, user);
    if (const YamlNode* exec = fields.Map("exec")) {
      user.exec = ReadExecPlugin(*exec, file_, field + ".exec", status_);
    }
    return user;
  }

  static void CheckPair(KubeconfigFields& fields, const TlsOptions& tls) {
    const bool certificate =
        !tls.client_certificate_pem.empty() || !tls.client_certificate_file.empty();
    const bool key = !tls.client_key_pem.empty() || !tls.client_key_file.empty();
    if (certificate && !key) {
      fields.Fail("client-key", "is missing beside client-certificate");
    } else if (key && !certificate) {
      fields.Fail("client-certificate", "is missing beside client-key");
    }
  }

  static void ReadAuthorization(KubeconfigFields& fields, User& user) {
    const std::string token = fields.Text("token");
    const std::string name = fields.Text("username");
    if (!token.empty() && !name.empty()) {
      fields.Fail("username", "stands beside token: one of them must go");
    } else if (!token.empty()) {
      auto authorization = BearerAuthorization(token);
      if (!authorization.ok())
        fields.Fail("token", "is not a token: visible ASCII, at most 64 KiB");
      user.authorization = std::move(authorization).value_or("");
    } else if (!name.empty()) {
      auto authorization = BasicAuthorization(name, fields.Text("password"));
      if (!authorization.ok()) fields.Fail("username", "has a ':'");
      user.authorization = std::move(authorization).value_or("");
    }
  }

  Context ReadContext(const YamlNode& node, const std::string& field) {
    KubeconfigFields fields(node, file_, field, status_);
    Context context;
    context.cluster = fields.Text("cluster");
    context.user = fields.Text("user");
    context.default_namespace = fields.Text("namespace");
    return context;
  }

  const std::string& file_;
  Kubeconfig& config_;
  absl::Status status_;
};

absl::StatusOr<Kubeconfig> Kubeconfig::Parse(std::string_view text, const std::string& path) {
  auto root = ParseYaml(text, path);
  if (!root.ok()) return root.status();
  Kubeconfig config;
  if (absl::Status status = Reader(path, config).Read(*root); !status.ok()) return status;
  return config;
}

void Kubeconfig::Merge(const Kubeconfig& later) {
  if (current_context_.empty() && !later.current_context_.empty()) {
    current_context_ = later.current_context_;
    place_ = later.place_;
  }
  clusters_.insert(later.clusters_.begin(), later.clusters_.end());
  users_.insert(later.users_.begin(), later.users_.end());
  contexts_.insert(later.contexts_.begin(), later.contexts_.end());
}

absl::Status Kubeconfig::ApplyCluster(const Cluster& cluster, ClusterConnection& connection) {
  if (cluster.server.empty()) return Invalid(cluster.place, "server", "is missing");
  if (const auto url = ParseUrl(cluster.server); !url.ok()) {
    return Invalid(cluster.place, "server", std::string(url.status().message()));
  }
  const bool has_authority = !cluster.tls.ca_file.empty() || !cluster.tls.ca_pem.empty();
  if (cluster.tls.insecure_skip_verify && has_authority) {
    return Invalid(cluster.place, "insecure-skip-tls-verify",
                   "stands beside certificate-authority: one of them must go");
  }
  connection.server = cluster.server.substr(0, cluster.server.find_last_not_of('/') + 1);
  connection.tls = cluster.tls;
  connection.proxy = {.http = cluster.proxy_url, .https = cluster.proxy_url};
  if (!cluster.tls.ca_pem.empty()) return absl::OkStatus();
  return CheckReadable(cluster.place, "certificate-authority", cluster.tls.ca_file);
}

absl::Status Kubeconfig::ApplyUser(const User& user, ClusterConnection& connection) {
  TlsOptions& tls = connection.tls;
  tls.client_certificate_file = user.tls.client_certificate_file;
  tls.client_certificate_pem = user.tls.client_certificate_pem;
  tls.client_key_file = user.tls.client_key_file;
  tls.client_key_pem = user.tls.client_key_pem;
  connection.token_file = user.token_file;
  connection.authorization = user.authorization;
  connection.exec = user.exec;
  absl::Status status = CheckReadable(user.place, "tokenFile", user.token_file);
  if (status.ok() && tls.client_certificate_pem.empty()) {
    status = CheckReadable(user.place, "client-certificate", tls.client_certificate_file);
  }
  if (status.ok() && tls.client_key_pem.empty()) {
    status = CheckReadable(user.place, "client-key", tls.client_key_file);
  }
  return status;
}

absl::StatusOr<ClusterConnection> Kubeconfig::Connection(std::string_view wanted) const {
  const std::string name(wanted.empty() ? current_context_ : wanted);
  const std::string_view asked = wanted.empty() ? "current-context" : "the context asked for";
  if (name.empty()) return Invalid(place_, asked, "is missing; " + NamesOf(contexts_));
  const auto found = contexts_.find(name);
  if (found == contexts_.end()) {
    return Invalid(place_, asked, fmt::format("no context '{}'; {}", name, NamesOf(contexts_)));
  }
  const Context& context = found->second;
  const auto cluster = clusters_.find(context.cluster);
  if (cluster == clusters_.end()) {
    return Invalid(context.place, "cluster",
                   fmt::format("no cluster '{}'; {}", context.cluster, NamesOf(clusters_)));
  }
  ClusterConnection connection;
  connection.source = context.place;
  if (!context.default_namespace.empty()) connection.default_namespace = context.default_namespace;
  absl::Status status = ApplyCluster(cluster->second, connection);
  if (status.ok() && !context.user.empty()) {
    const auto user = users_.find(context.user);
    if (user == users_.end()) {
      return Invalid(context.place, "user",
                     fmt::format("no user '{}'; {}", context.user, NamesOf(users_)));
    }
    status = ApplyUser(user->second, connection);
  }
  if (!status.ok()) return status;
  // Whoever listens could write with them.
  const bool has_secret = !connection.token_file.empty() || !connection.authorization.empty() ||
                          connection.exec.has_value();
  if (has_secret && IsHeardByOthers(*ParseUrl(connection.server))) {
    return Invalid(cluster->second.place, "server",
                   fmt::format("'{}' would be sent the credentials of user '{}' in clear text: it "
                               "must begin with https://",
                               connection.server, context.user));
  }
  return connection;
}

}  // namespace trimtab
