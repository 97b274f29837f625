// Which cluster to talk to: flag, environment, the cluster around us, the home folder.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "trimtab/clock/clock.h"
#include "trimtab/http/http_client.h"
#include "trimtab/kubernetes/kubeconfig.h"

namespace trimtab {

// What decides, as the program found it. Empty texts are unset.
struct ConnectionRules {
  std::string kubeconfig_flag{};   // --kubeconfig: one file
  std::string context{};           // --context, instead of current-context
  std::string kubeconfig_files{};  // $KUBECONFIG: files separated by ':'
  std::string service_host{};      // $KUBERNETES_SERVICE_HOST
  std::string service_port{};      // $KUBERNETES_SERVICE_PORT
  std::string home{};              // $HOME
  std::string service_account = "/var/run/secrets/kubernetes.io/serviceaccount";
  ProxyOptions proxy{};  // $HTTPS_PROXY and $NO_PROXY, where the file names no proxy
};

// The first that is there: the flag's file alone; the files of $KUBECONFIG merged, the first value
// winning and files that do not exist left out; the cluster that runs this process; ~/.kube/config.
// kNotFound, listing what was looked for: none of them is there, or the named file is not;
// otherwise as Kubeconfig. What is there but broken is an error and never passed over.
absl::StatusOr<ClusterConnection> FindConnection(const ConnectionRules& rules);

// A client for it: certificates, token (read again when its file changes), exec plugin.
// `may_interact` lets a plugin ask on the terminal. `clock` must outlive the client. As
// HttpClient::Create; kFailedPrecondition: a plugin that must ask, where it may not.
absl::StatusOr<std::unique_ptr<HttpClient>> MakeHttpClient(const ClusterConnection& connection,
                                                           const Clock& clock, bool may_interact);

}  // namespace trimtab
