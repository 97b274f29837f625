// Kubeconfig files: read, merged, and one context of them chosen.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/http/http_client.h"

namespace trimtab {

// A program that gives credentials (client.authentication.k8s.io/v1).
struct ExecPlugin {
  enum class Interaction { kNeverAsk, kIfAvailable, kAlways };

  std::string command{};  // a name in PATH or a path
  std::vector<std::string> arguments{};
  std::vector<std::pair<std::string, std::string>> environment{};
  std::string install_hint{};
  Interaction interaction = Interaction::kNeverAsk;
  bool provide_cluster_info = false;

  friend bool operator==(const ExecPlugin&, const ExecPlugin&) = default;
};

// How to reach one API server, and as whom. Holds secrets: never printed whole.
struct ClusterConnection {
  std::string source{};  // for messages: "/home/u/.kube/config:9: contexts[dev]" or "in-cluster"
  std::string server{};  // "https://host:port", without a slash at the end
  std::string default_namespace = "default";
  TlsOptions tls{};
  ProxyOptions proxy{};
  std::string token_file{};  // before `authorization`
  std::string authorization{};
  std::optional<ExecPlugin> exec{};
};

// One or several kubeconfig files. Thread-safety: a value type.
class Kubeconfig {
 public:
  // One file's text; relative paths in it start at the folder of `path`. kInvalidArgument, naming
  // file, line, field and value: not one plain YAML (or JSON) document, another kind or version, a
  // list or entry of the wrong kind, an entry without a name or with one that stands already, text
  // that is not base64 or no PEM, a half given pair of certificate and key, an unknown or half
  // given exec plugin, an authentication that Kubernetes has given up or that is not supported.
  // Keys that are not known are left out, as kubectl does. Secrets are never in a message.
  static absl::StatusOr<Kubeconfig> Parse(std::string_view text, const std::string& path);

  // Adds what the other has and this one does not: the first value wins.
  void Merge(const Kubeconfig& later);

  // The connection of a context, or of current-context when empty. kInvalidArgument, naming file,
  // field, value and the names that exist: no such context, cluster or user; a server that is no
  // URL; insecure-skip-tls-verify beside an authority. kNotFound: a file that it names cannot be
  // read.
  absl::StatusOr<ClusterConnection> Connection(std::string_view wanted) const;

 private:
  struct Cluster {
    std::string place;  // file and line, for messages
    std::string server;
    TlsOptions tls;
    std::string proxy_url;
  };
  struct User {
    std::string place;
    TlsOptions tls;  // the client's certificate and key
    std::string token_file, authorization;
    std::optional<ExecPlugin> exec;
  };
  struct Context {
    std::string place;
    std::string cluster, user, default_namespace;
  };
  class Reader;

  static absl::Status ApplyCluster(const Cluster& cluster, ClusterConnection& connection);
  static absl::Status ApplyUser(const User& user, ClusterConnection& connection);

  std::string place_{};  // of current-context; the first file's beginning without one
  std::string current_context_{};
  std::map<std::string, Cluster> clusters_;
  std::map<std::string, User> users_;
  std::map<std::string, Context> contexts_;
};

}  // namespace trimtab
