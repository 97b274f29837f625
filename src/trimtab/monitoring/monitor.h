// The Monitor: a snapshot of raw series becomes the observation that a scaling policy sees.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/application/application.h"
#include "trimtab/monitoring/metric_source.h"
#include "trimtab/monitoring/observation.h"
#include "trimtab/monitoring/series.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

struct MonitorOptions {
  // Rates are means over this long: three scrapes at the usual 15 s, so one may be missing.
  Duration rate_window = std::chrono::seconds(45);
  // A series whose newest point is older is absent: two scrapes missed, and the lag.
  Duration most_age = std::chrono::seconds(40);
  // A container's use of CPU and of its host counts only from this long after it became ready: a
  // start burns what no request asked for. As long as the HPA's initial readiness delay. 0: at
  // once.
  Duration warm_up = std::chrono::seconds(30);

  // kInvalidArgument lists every violation.
  absl::Status Validate() const;
};

// What the data had wrong since the start: none of it stops an observation, all of it is counted.
struct MonitorDefects {
  SeriesDefects series;
  std::int64_t stale_series = 0;         // newest point older than MonitorOptions::most_age
  std::int64_t clipped_at_zero = 0;      // own use above the host's total (clock skew)
  std::int64_t clipped_at_one = 0;       // use by others above the host's capacity
  std::int64_t unknown_containers = 0;   // of no microservice of the application
  std::int64_t containers_off_host = 0;  // on a host that the snapshot does not have
};

// The Monitor (Grad III-B): usage and limits per container, load from counters per ready replica
// and interference per host, each with its age, absent where it is not known.
//
// For each of the four kinds, the interference that a container feels is
//     (use of the whole host - the container's own use) / capacity of the host,
// clipped to [0, 1]: what others use, other containers of this application included, since they
// contend just as strangers do. CPU and both bandwidths are rates over the host's own span of
// points (MeanRateOver), memory is the newest gauge. The host's interference leaves out everything
// that belongs to this application: it is what a plan for a new replica starts from.
//
// Missing is missing, never zero. A kind is absent where the host has no such capacity (no stock
// exporter measures memory bandwidth: not a gap) or a series is missing or too old (a gap). A
// container that is not ready yet is expected to have no samples: no gap, its interference is
// absent, and in the host's interference its use counts as someone else's, an upper bound.
// Observation::gaps names what is missing in words.
//
// A container that warms up is one of which the use of CPU, interference and throttling are absent
// without a gap. What it serves is load all the same, its memory counts, and its use is subtracted
// from that of its host. What may not be done meanwhile is the caller's to know
// (ContainerObservation::warming_up).
//
// The desired allocation and the counts of pending and draining replicas are the Actuator's to
// tell, tails are the TailTracker's: the caller fills them in.
// Thread-safety: one caller at a time. Cost: one pass over the points.
class Monitor {
 public:
  // `application` must outlive the monitor.
  static absl::StatusOr<Monitor> Create(const Application& application, MonitorOptions options);

  Observation Observe(const MetricSnapshot& snapshot);

  const MonitorOptions& options() const { return options_; }
  const MonitorDefects& defects() const { return defects_; }

 private:
  Monitor(const Application& application, MonitorOptions options)
      : application_(&application), options_(options) {}

  const Application* application_;
  MonitorOptions options_;
  MonitorDefects defects_;
};

}  // namespace trimtab
