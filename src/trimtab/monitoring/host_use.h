// Use of a host's four contended resources: by the host as a whole, by one container, by others.
#pragma once

#include <array>
#include <optional>

#include "trimtab/application/interference.h"
#include "trimtab/monitoring/metric_source.h"
#include "trimtab/monitoring/observation.h"
#include "trimtab/monitoring/series.h"

namespace trimtab {

// The series of one kind: a counter, or a gauge for memory capacity.
const MetricSeries& SeriesOf(const ContainerMetrics& container, InterferenceKind kind);
const MetricSeries& SeriesOf(const HostMetrics& host, InterferenceKind kind);

// In cores, bytes or bytes per second; absent where it is unknown or not positive.
std::optional<double> CapacityOf(const HostMetrics& host, InterferenceKind kind);

// What one series says about one kind: a level with its age and, for counters, its increase.
struct KindReading {
  double level = 0;  // of a gauge: bytes. Of a counter: its rate over its own span
  Duration age{0};
  std::optional<CounterIncrease> increase;  // of a counter
};

// One reading per kind; absent where the series is missing or its newest point is too old.
using UseReading = std::array<std::optional<KindReading>, kInterferenceKinds.size()>;

// Reads the series that matter for interference. `stale` counts series that are only too old.
struct ReadingRules {
  TimeWindow window;
  Duration most_age;
};
std::optional<KindReading> ReadKind(const MetricSeries& series, InterferenceKind kind,
                                    const ReadingRules& rules, SeriesDefects& defects,
                                    std::int64_t& stale);

// How much of the host's use the reading of one container explains, in the host's own units and
// over the host's own span.
double ShareOfHostUse(const KindReading& container, const KindReading& host);

}  // namespace trimtab
