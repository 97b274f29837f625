// One look at everything that Prometheus knows of the containers and nodes of a cluster.
#pragma once

#include <compare>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/clock/clock.h"
#include "trimtab/monitoring/metric_source.h"
#include "trimtab/monitoring/prometheus_client.h"
#include "trimtab/monitoring/prometheus_queries.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

struct ScrapedPodName {
  std::string name_space;
  std::string pod;
  auto operator<=>(const ScrapedPodName&) const = default;
};

struct ScrapedContainerName {
  ScrapedPodName pod;
  std::string container;
  auto operator<=>(const ScrapedContainerName&) const = default;
};

struct ScrapedContainer {
  MetricSeries cpu_seconds = {};           // counter
  MetricSeries memory_working_set = {};    // gauge, bytes
  MetricSeries memory_traffic_bytes = {};  // counter
  QuotaSeries quota = {};
  std::optional<double> memory_peak = {};  // bytes, of a day
};

struct ScrapedNode {
  MetricSeries cpu_seconds = {};                 // counter
  MetricSeries memory_used = {};                 // gauge, bytes
  MetricSeries memory_traffic_bytes = {};        // counter
  MetricSeries network_bytes = {};               // counter, both ways
  std::optional<double> network_bandwidth = {};  // of all its real links, bytes per second
};

struct ScrapedService {
  MetricSeries requests = {};  // counter, from an arbitrary zero
  // The same where each series has a `pod`: of what serves the requests, or of what exported the
  // series; only who knows the pods can tell.
  std::map<std::string, MetricSeries> requests_by_pod = {};
};

// Everything by the names that the labels give. What has no series is absent.
struct ScrapedMetrics {
  Instant at;
  std::map<ScrapedContainerName, ScrapedContainer> containers;
  std::map<ScrapedPodName, MetricSeries> pod_network_bytes;  // counters, both ways
  // By the node's name, or the host of the exporter's address where it has no label of a node.
  std::map<std::string, ScrapedNode> nodes;
  std::map<std::string, ScrapedService> services;
  // Queries that failed or were answered in part, in words.
  std::vector<std::string> gaps;
};

// Asks all queries, one after another, and folds what comes back. The forms of a query are asked in
// their order until one finds something. The peaks of memory, for which the server goes through a
// day of samples, are asked for every few minutes; in between the last answer holds.
// Thread-safety: one caller at a time. Cost: a request a query; memory of the answers' size.
class PrometheusReader {
 public:
  // `clock` must outlive it.
  PrometheusReader(PrometheusClient client, PrometheusQueries queries, const Clock& clock)
      : client_(std::move(client)), queries_(std::move(queries)), clock_(&clock) {}

  // Everything scraped in (now - window, now], within `timeout` for all queries together. A query
  // that fails leaves its series absent and a gap; kUnavailable, with the words of the first, when
  // all fail.
  absl::StatusOr<ScrapedMetrics> Read(Instant now, Duration window, Duration timeout);

  const PrometheusClient& client() const { return client_; }

 private:
  struct Reading;
  std::vector<LabeledSeries> Ask(PrometheusSeries series, Reading& reading);
  void ReadContainers(Reading& reading, ScrapedMetrics& metrics);
  void ReadNodes(Reading& reading, ScrapedMetrics& metrics);
  void ReadServices(Reading& reading, ScrapedMetrics& metrics);
  void ReadPeaks(Reading& reading, ScrapedMetrics& metrics);

  PrometheusClient client_;
  PrometheusQueries queries_;
  const Clock* clock_;
  std::map<ScrapedContainerName, double> peaks_;
  std::optional<Instant> peaks_at_;  // of the last complete answer
};

}  // namespace trimtab
