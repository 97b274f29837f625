// The controller process: watches, sources, election and a loop for each AppScaler.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/kubernetes/connection_rules.h"
#include "trimtab/monitoring/prometheus_client.h"
#include "trimtab/monitoring/prometheus_queries.h"
#include "trimtab/operator/app_loop.h"
#include "trimtab/operator/leader_election.h"
#include "trimtab/server/server_tls.h"
#include "trimtab/server/socket_server.h"

namespace trimtab {

struct OperatorOptions {
  ConnectionRules connection{};
  std::vector<std::string> namespaces{};  // empty: all
  // Without one this process writes whenever it is allowed to: nobody else may run.
  std::optional<LeaderElectionOptions> election = LeaderElectionOptions{};
  AppLoopOptions loop{};
  std::vector<std::string> profiles{};  // files
  std::string journal{};                // a folder: NAMESPACE/NAME.sqlite each

  PrometheusOptions prometheus{};
  std::string prometheus_token_file{};
  PrometheusQueryOptions queries{};  // its namespaces: those of each AppScaler are put in
  Duration prometheus_timeout = std::chrono::seconds(10);

  // Traces: received, or asked for where there is a URL.
  std::string jaeger_url{};
  std::vector<ListenAddress> otlp{};
  Duration otlp_settle_delay = std::chrono::seconds(10);
  double sampling_share = 1;  // of the requests whose spans are sent
  // Where a standby sends the spans that it receives, so that every trace arrives whole at the
  // leader: "http://{holder}.trimtab-peers.monitoring.svc:4318", {holder} being the identity in the
  // lease. Empty: they are not sent on.
  std::string peer_otlp_url{};
  // The authority of the certificates of peers, where their listeners have one; empty: the one of
  // `tls` that clients have to show, and without it the system's.
  std::string peer_ca_file{};

  std::vector<ListenAddress> metrics{};
  std::vector<ListenAddress> health{};
  // Of every listener; none: clear text. The kubelet, which asks for health, shows no certificate.
  std::optional<ServerTlsFiles> tls{};
  std::string version{};
  std::string commit{};
};

// Runs until `stop` is set: then what was begun is finished, the lease is given back, and the
// result is OK. kInternal: the lease was lost; nothing is written from that moment on. Other errors
// are of starting: no cluster, a profile, an address, a folder.
absl::Status RunScalingOperator(const OperatorOptions& options, RunLog& log, const Clock& clock,
                                const std::atomic<bool>& stop);

}  // namespace trimtab
