// Clients as the options of the controller name them.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "trimtab/clock/clock.h"
#include "trimtab/kubernetes/api_client.h"
#include "trimtab/kubernetes/kubeconfig.h"
#include "trimtab/monitoring/prometheus_reader.h"
#include "trimtab/operator/scaling_operator.h"
#include "trimtab/operator/span_sources.h"

namespace trimtab {

// A client whose waits are real unless they are given. `clock` must outlive it.
absl::StatusOr<std::unique_ptr<ApiClient>> MakeClient(const ClusterConnection& connection,
                                                      const Clock& clock, ApiClientOptions options);

// Of the pods and services of `name_space` alone.
absl::StatusOr<PrometheusReader> PrometheusReaderOf(const OperatorOptions& options,
                                                    const std::string& name_space,
                                                    const Clock& clock);

// `look_back`: how much of the past Jaeger is asked for.
SpanSourceOptions SpanSourceOptionsOf(const OperatorOptions& options, Duration look_back);

}  // namespace trimtab
