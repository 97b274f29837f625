#include "trimtab/monitoring/series.h"

#include <algorithm>
#include <cmath>

namespace trimtab {
namespace {

// Calls `visit` for each good point inside the window, oldest first.
template <class Visit>
void ForEachGoodPoint(const MetricSeries& series, const TimeWindow& window, SeriesDefects& defects,
                      Visit visit) {
  std::optional<Instant> previous;
  for (const MetricPoint& point : series) {
    if (point.at <= window.begin) continue;
    const bool in_order = !previous || point.at > *previous;
    if (point.at > window.end || !in_order || !std::isfinite(point.value) || point.value < 0) {
      ++defects.bad_points;
      continue;
    }
    previous = point.at;
    visit(point);
  }
}

}  // namespace

std::optional<CounterIncrease> IncreaseOf(const MetricSeries& series, const TimeWindow& window,
                                          SeriesDefects& defects) {
  CounterIncrease increase;
  double last = 0;
  ForEachGoodPoint(series, window, defects, [&](const MetricPoint& point) {
    if (increase.points == 0) {
      increase.span.begin = point.at;
    } else if (point.value < last) {
      ++defects.counter_resets;
      increase.amount += point.value;
    } else {
      increase.amount += point.value - last;
    }
    increase.span.end = point.at;
    last = point.value;
    ++increase.points;
  });
  if (increase.points < 2) return std::nullopt;
  return increase;
}

double MeanRateOver(const CounterIncrease& counter, const TimeWindow& whole) {
  const double length = InSeconds(whole.length());
  if (!(length > 0)) return counter.PerSecond();
  const double spacing = InSeconds(counter.span.length()) / (counter.points - 1);
  const auto reach = [spacing](double gap) {
    return gap <= 1.1 * spacing ? std::max(gap, 0.0) : 0.5 * spacing;
  };
  const Instant begin = std::max(counter.span.begin, whole.begin);
  const Instant end = std::min(counter.span.end, whole.end);
  if (end <= begin) return 0;
  const double covered = InSeconds(end - begin) +
                         reach(InSeconds(counter.span.begin - whole.begin)) +
                         reach(InSeconds(whole.end - counter.span.end));
  return counter.PerSecond() * std::min(covered / length, 1.0);
}

std::optional<MetricPoint> LatestOf(const MetricSeries& series, const TimeWindow& window,
                                    SeriesDefects& defects) {
  std::optional<MetricPoint> latest;
  ForEachGoodPoint(series, window, defects, [&](const MetricPoint& point) { latest = point; });
  return latest;
}

}  // namespace trimtab
