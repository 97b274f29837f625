// Counters and gauges of one window: increase, mean rate and latest value of a scraped series.
#pragma once

#include <cstdint>
#include <optional>

#include "trimtab/monitoring/metric_source.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

struct TimeWindow {
  Instant begin;
  Instant end;
  Duration length() const { return end - begin; }
};

// What was wrong with the points that were read.
struct SeriesDefects {
  std::int64_t bad_points = 0;      // not finite, negative, from the future or out of order
  std::int64_t counter_resets = 0;  // a counter began again at 0
};

// What a counter did between its first and its last point of a window.
struct CounterIncrease {
  double amount = 0;
  TimeWindow span;
  int points = 0;
  // REQUIRES: nothing; `span` is never empty.
  double PerSecond() const { return amount / InSeconds(span.length()); }
};

// Sums the differences between successive points in (window.begin, window.end]. A smaller value is
// a restart at 0: the new value is then the increase. Absent with fewer than two good points: one
// point says nothing about a rate.
std::optional<CounterIncrease> IncreaseOf(const MetricSeries& series, const TimeWindow& window,
                                          SeriesDefects& defects);

// The mean rate over `whole` of a counter known over its own span. Where its first point lies
// within 1.1 of its own point spacing of the beginning of `whole`, it is taken to have run from the
// beginning; otherwise for half a spacing before its first point. The same holds at the end. (The
// rule of Prometheus' rate(): scrapes of two series are rarely simultaneous, and a container that
// started in the middle contributes only from there.)
double MeanRateOver(const CounterIncrease& counter, const TimeWindow& whole);

// The newest good point in (window.begin, window.end], or absent.
std::optional<MetricPoint> LatestOf(const MetricSeries& series, const TimeWindow& window,
                                    SeriesDefects& defects);

}  // namespace trimtab
