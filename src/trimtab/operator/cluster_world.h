// The cluster of one AppScaler: its watches, its actuator and its metrics.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/appscaler/app_scaler.h"
#include "trimtab/clock/clock.h"
#include "trimtab/cluster/cluster_actuator.h"
#include "trimtab/cluster/cluster_watch.h"
#include "trimtab/kubernetes/api_client.h"
#include "trimtab/monitoring/prometheus_reader.h"
#include "trimtab/operator/app_world.h"
#include "trimtab/telemetry/own_metrics.h"

namespace trimtab {

// All but the functions must outlive the world; `prometheus` is called while it is made.
struct ClusterWorldParts {
  ApiClient& client;  // writes
  ClusterWatch& watch;
  const Clock& clock;
  PodSizeBook& book;
  std::function<absl::StatusOr<PrometheusReader>(const std::string& name_space)> prometheus;
  // Whether the resource itself is known well enough; none: it is. Called as long as the world is.
  std::function<absl::Status()> resource{};
  Duration metrics_timeout = std::chrono::seconds(10);
  bool dry_run = false;
  OwnMetrics& own_metrics;  // is told how asking Prometheus went
};

absl::StatusOr<std::unique_ptr<AppWorld>> MakeClusterWorld(const ClusterWorldParts& parts,
                                                           const AppScaler& scaler);

}  // namespace trimtab
