// The queries that Trimtab asks Prometheus: few raw series, joined here and not in PromQL.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// What one query gives.
enum class PrometheusSeries {
  kContainerCpuSeconds,     // counter, core-seconds of a container
  kContainerMemoryBytes,    // gauge, its working set
  kContainerMemoryTraffic,  // counter, bytes between it and memory
  kPodNetworkReceived,      // counter, bytes; a pod's, not a container's
  kPodNetworkSent,          // counter, bytes
  kNodeCpuSeconds,          // counter, core-seconds of everything on the node
  kNodeMemoryBytes,         // gauge, memory in use by everything on it
  kNodeMemoryTraffic,       // counter, bytes
  kNodeNetworkReceived,     // counter, bytes
  kNodeNetworkSent,         // counter, bytes
  kNodeNetworkSpeed,        // gauge, bytes per second of its links
  kServiceRequests,         // counter, requests served, by service and perhaps by pod
  kContainerCpuPeriods,     // counter, periods of a container's CPU quota with work to do
  kContainerCpuThrottled,   // counter, those of them that the quota cut short
  kContainerMemoryPeak,     // its largest working set of a day: one value, of now
};

inline constexpr int kPrometheusSeriesKinds = 15;

// "container-cpu-seconds" and so on: the names by which a user replaces a query.
std::string_view NameOf(PrometheusSeries series);

// Label matchers that stand for an installation, without braces.
struct PrometheusSelectors {
  std::string cadvisor = R"(job="kubelet",metrics_path="/metrics/cadvisor")";
  std::string node_exporter = R"(job="node-exporter")";
  std::string cluster;  // added to every query; empty: none
};

struct PrometheusQueryOptions {
  PrometheusSelectors selectors = {};
  std::vector<std::string> namespaces = {};  // empty: all
  // By name. Replaces every form of a query; an empty text says that the series is not measured.
  // Filled in are $WINDOW, $NAMESPACES (a|b), and as matchers $CONTAINERS, $PODS, $SERVICES,
  // $LINKS (of real network interfaces), $CADVISOR, $NODE_EXPORTER and $CLUSTER.
  std::map<std::string, std::string> replaced = {};
};

// The queries in the forms that installations know, most usual first. Each selects raw points
// (`name{...}[$WINDOW]`), so that every value comes with the time at which it was scraped.
// Thread-safety: const methods from any thread.
class PrometheusQueries {
 public:
  // kInvalidArgument: a name in `replaced` that is no query (the message lists all), a $WORD that
  // is none of the above, a namespace that is no DNS label.
  static absl::StatusOr<PrometheusQueries> Create(const PrometheusQueryOptions& options);

  // Alternatives, to be asked one after the other until one finds something; empty: not measured.
  // REQUIRES: window of at least a second.
  std::vector<std::string> FormsOf(PrometheusSeries series, Duration window) const;

 private:
  explicit PrometheusQueries(std::vector<std::vector<std::string>> forms)
      : forms_(std::move(forms)) {}

  std::vector<std::vector<std::string>> forms_;  // by series; $WINDOW is still in them
};

}  // namespace trimtab
