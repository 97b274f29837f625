#include "trimtab/cli/cluster_access.h"

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "trimtab/clock/stoppable_wait.h"

namespace trimtab {
namespace {

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

void DeclareCluster(Arguments& arguments, ClusterArguments* values) {
  arguments.Option("kubeconfig", &values->kubeconfig,
                   "the kubeconfig file; otherwise $KUBECONFIG, the cluster around, ~/.kube/config",
                   "FILE");
  arguments.Option("context", &values->context, "a context of the kubeconfig");
}

ConnectionRules ConnectionRulesOf(const ClusterArguments& arguments) {
  ConnectionRules rules;
  rules.kubeconfig_flag = arguments.kubeconfig;
  rules.context = arguments.context;
  rules.kubeconfig_files = Environment("KUBECONFIG");
  rules.service_host = Environment("KUBERNETES_SERVICE_HOST");
  rules.service_port = Environment("KUBERNETES_SERVICE_PORT");
  rules.home = Environment("HOME");
  rules.proxy.https = Environment("HTTPS_PROXY");
  rules.proxy.exceptions = Environment("NO_PROXY");
  return rules;
}

absl::StatusOr<ClusterAccess> AccessCluster(const ClusterArguments& arguments, const Clock& clock,
                                            ApiClientOptions options) {
  const auto connection = FindConnection(ConnectionRulesOf(arguments));
  if (!connection.ok()) return connection.status();
  auto http = MakeHttpClient(*connection, clock, false);
  if (!http.ok()) return http.status();
  options.wait = WaitFor;
  return ClusterAccess{
      std::make_unique<ApiClient>(connection->server, *std::move(http), std::move(options)),
      connection->default_namespace};
}

}  // namespace trimtab
