#include "trimtab/operator/cluster_access.h"

#include <utility>

#include "trimtab/clock/stoppable_wait.h"
#include "trimtab/http/credential.h"
#include "trimtab/kubernetes/connection_rules.h"

namespace trimtab {

absl::StatusOr<std::unique_ptr<ApiClient>> MakeClient(const ClusterConnection& connection,
                                                      const Clock& clock,
                                                      ApiClientOptions options) {
  auto http = MakeHttpClient(connection, clock, /*may_interact=*/false);
  if (!http.ok()) return http.status();
  if (!options.wait) options.wait = WaitFor;
  return std::make_unique<ApiClient>(connection.server, *std::move(http), std::move(options));
}

absl::StatusOr<PrometheusReader> PrometheusReaderOf(const OperatorOptions& options,
                                                    const std::string& name_space,
                                                    const Clock& clock) {
  PrometheusOptions prometheus = options.prometheus;
  if (!options.prometheus_token_file.empty()) {
    prometheus.http.credentials = std::make_shared<TokenFile>(options.prometheus_token_file, clock);
  }
  auto client = PrometheusClient::Create(std::move(prometheus));
  if (!client.ok()) return client.status();
  PrometheusQueryOptions of_namespace = options.queries;
  of_namespace.namespaces = {name_space};
  auto queries = PrometheusQueries::Create(of_namespace);
  if (!queries.ok()) return queries.status();
  return PrometheusReader(*std::move(client), *std::move(queries), clock);
}

SpanSourceOptions SpanSourceOptionsOf(const OperatorOptions& options, Duration look_back) {
  return {.jaeger_url = options.jaeger_url,
          .look_back = look_back,
          .otlp = options.otlp,
          .settle_delay = options.otlp_settle_delay,
          .sampling_share = options.sampling_share};
}

}  // namespace trimtab
