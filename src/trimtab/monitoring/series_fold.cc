#include "trimtab/monitoring/series_fold.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace trimtab {
namespace {

// The labels of a series but one, as one key.
std::string KeyWithout(const LabeledSeries& series, std::string_view label) {
  std::string key;
  for (const auto& [name, value] : series.labels) {
    if (name == label) continue;
    key += name;
    key += '\0';
    key += value;
    key += '\0';
  }
  return key;
}

// Scrape by scrape; only those that every series is in.
MetricSeries SumOfScrapes(const std::vector<const LabeledSeries*>& pieces) {
  if (pieces.size() == 1) return pieces.front()->points;
  std::map<Instant, std::pair<double, std::size_t>> sums;
  for (const LabeledSeries* piece : pieces) {
    for (const MetricPoint& point : piece->points) {
      auto& [sum, count] = sums[point.at];
      sum += point.value;
      ++count;
    }
  }
  MetricSeries whole;
  for (const auto& [at, sum] : sums) {
    if (sum.second == pieces.size()) whole.push_back({.at = at, .value = sum.first});
  }
  return whole;
}

bool SaysMore(const MetricSeries& a, const MetricSeries& b) {
  if (a.size() != b.size()) return a.size() > b.size();
  return !a.empty() && a.back().at > b.back().at;
}

// What a counter has counted since its first good point, at each of its points.
MetricSeries CountedSinceFirst(const MetricSeries& counter) {
  MetricSeries counted;
  double last = 0;
  for (const MetricPoint& point : counter) {
    if (!std::isfinite(point.value) || point.value < 0) continue;
    if (!counted.empty() && point.at <= counted.back().at) continue;
    double total = 0;
    if (!counted.empty()) {
      total = counted.back().value + (point.value < last ? point.value : point.value - last);
    }
    counted.push_back({.at = point.at, .value = total});
    last = point.value;
  }
  return counted;
}

// 0 before the first point, the last value after the last one.
double ValueAt(const MetricSeries& counted, Instant at) {
  const auto after = std::upper_bound(counted.begin(), counted.end(), at,
                                      [](Instant t, const MetricPoint& p) { return t < p.at; });
  if (after == counted.begin()) return 0;
  const MetricPoint& before = *std::prev(after);
  if (after == counted.end()) return before.value;
  const double part = InSeconds(at - before.at) / InSeconds(after->at - before.at);
  return before.value + part * (after->value - before.value);
}

Duration SpacingOf(const MetricSeries& series) {
  if (series.size() < 2) return Duration(0);
  return (series.back().at - series.front().at) / static_cast<std::int64_t>(series.size() - 1);
}

}  // namespace

MetricSeries FoldScrapes(std::vector<const LabeledSeries*> series, std::string_view summed,
                         std::string_view identity) {
  std::map<std::string, std::vector<const LabeledSeries*>> scrapes;
  for (const LabeledSeries* one : series) {
    if (!one->points.empty()) scrapes[KeyWithout(*one, summed)].push_back(one);
  }
  std::map<std::string_view, MetricSeries> lives;  // by identity
  for (const auto& [key, pieces] : scrapes) {
    MetricSeries whole = SumOfScrapes(pieces);
    if (whole.empty()) continue;
    MetricSeries& life =
        lives[identity.empty() ? std::string_view() : pieces.front()->Label(identity)];
    if (life.empty() || SaysMore(whole, life)) life = std::move(whole);
  }
  std::vector<MetricSeries> in_order;
  for (auto& [id, life] : lives) in_order.push_back(std::move(life));
  std::stable_sort(
      in_order.begin(), in_order.end(),
      [](const MetricSeries& a, const MetricSeries& b) { return a.front().at < b.front().at; });
  MetricSeries folded;
  for (const MetricSeries& life : in_order) {
    while (!folded.empty() && folded.back().at >= life.front().at) folded.pop_back();
    folded.insert(folded.end(), life.begin(), life.end());
  }
  return folded;
}

MetricSeries SumCounters(const std::vector<const MetricSeries*>& counters) {
  std::vector<MetricSeries> counted;
  for (const MetricSeries* counter : counters) {
    if (MetricSeries since = CountedSinceFirst(*counter); !since.empty()) {
      counted.push_back(std::move(since));
    }
  }
  if (counted.empty()) return {};
  Instant first = counted.front().front().at;
  Instant newest = counted.front().back().at;
  for (const MetricSeries& one : counted) {
    first = std::min(first, one.front().at);
    newest = std::max(newest, one.back().at);
  }
  const MetricSeries& times = *std::min_element(counted.begin(), counted.end(), SaysMore);
  Instant begin = first;
  Instant end = newest;
  for (const MetricSeries& one : counted) {
    // What began more than a spacing after the first was not there before.
    if (one.front().at - first <= SpacingOf(times)) begin = std::max(begin, one.front().at);
    const bool over = newest - one.back().at > 2 * SpacingOf(one);
    if (!over) end = std::min(end, one.back().at);
  }
  MetricSeries sum;
  for (const MetricPoint& point : times) {
    if (point.at < begin || point.at > end) continue;
    double total = 0;
    for (const MetricSeries& one : counted) total += ValueAt(one, point.at);
    sum.push_back({.at = point.at, .value = total});
  }
  return sum;
}

}  // namespace trimtab
