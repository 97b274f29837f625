// Port `MetricSource`: raw metrics of a world, as an exporter gives them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/application/allocation.h"
#include "trimtab/application/ids.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// A value as it was scraped. A series without points is absent, never zero.
struct MetricPoint {
  Instant at;
  double value = 0;
};
// Points of one series inside the asked window, oldest first. A counter may restart at 0.
using MetricSeries = std::vector<MetricPoint>;

// Periods of the CPU quota of one container: how many had work to do, and how many of these were
// cut short because the quota was used up. A container without a CPU limit has neither.
struct QuotaSeries {
  MetricSeries periods;    // counter
  MetricSeries throttled;  // counter
};

// What is known of one container of a scaled microservice.
struct ContainerMetrics {
  std::string pod;
  MicroserviceId microservice;
  HostId host;
  bool ready = false;
  std::optional<Instant> ready_since = {};  // absent: the source does not tell
  ContainerConfig limits;
  MetricSeries cpu_seconds;              // counter, core-seconds
  MetricSeries memory_working_set;       // gauge, bytes
  MetricSeries requests;                 // counter, requests served
  MetricSeries memory_traffic_bytes;     // counter
  MetricSeries network_bytes;            // counter, sent and received
  std::vector<QuotaSeries> quotas = {};  // of what is limited in it; empty: not known
};

// What is known of one host. Its series count everything that runs there.
struct HostMetrics {
  HostId host;
  std::string name;
  Millicores allocatable_cpu;
  Bytes allocatable_memory;
  std::optional<double> memory_bandwidth;   // capacity in bytes per second
  std::optional<double> network_bandwidth;  // capacity in bytes per second
  MetricSeries cpu_seconds;                 // counter, core-seconds
  MetricSeries memory_used;                 // gauge, bytes
  MetricSeries memory_traffic_bytes;        // counter
  MetricSeries network_bytes;               // counter
};

struct MetricSnapshot {
  Instant at;
  std::vector<ContainerMetrics> containers;
  std::vector<HostMetrics> hosts;  // every host that runs one of them
  // Requests that reached the application's entry, all operations: counter.
  MetricSeries application_requests;
  // By MicroserviceId, the most memory that one of its containers has been seen with over a long
  // look-back, starts and containers that are gone included. Empty: the source does not tell.
  std::vector<std::optional<Bytes>> memory_peaks = {};
  // What the source could not read or joined in part, in words. Series that are missing for no
  // known reason are not among them: an empty series says so itself.
  std::vector<std::string> gaps = {};
};

// Thread-safety: one caller at a time.
class MetricSource {
 public:
  virtual ~MetricSource() = default;

  // Everything scraped in (now - window, now]. kUnavailable when the source cannot be reached; a
  // partial answer is an answer, with the missing series empty.
  virtual absl::StatusOr<MetricSnapshot> Read(Instant now, Duration window) = 0;
};

}  // namespace trimtab
