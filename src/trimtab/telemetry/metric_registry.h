// Counters, gauges and histograms by label, for a page that Prometheus reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "trimtab/telemetry/metric_text.h"

namespace trimtab {

struct MetricDescription {
  std::string_view name;
  MetricKind kind;
  std::string_view help;
  std::vector<std::string_view> labels = {};
  std::vector<double> bounds = {};  // of a histogram, ascending
};

// Holds the series of a fixed table of metrics, which are spoken of by their place in it. A series
// comes into being with its first value and ends when what it speaks of goes away.
//
// REQUIRES of every method: a place in the table, a method that fits the kind of the metric, and as
// many label values as the metric has labels, in their order.
// Thread-safety: every method may be called from any thread. Cost: a look-up a call; Text() is
// linear in the series.
class MetricRegistry {
 public:
  // `table` must outlive the registry.
  explicit MetricRegistry(std::span<const MetricDescription> table);

  using LabelValues = std::vector<std::string>;

  // Counters. Raise() by 0 makes the series appear, so that its first event is seen as a rise.
  void Raise(std::size_t metric, const LabelValues& labels, double by = 1);
  // Of a total that something else counts, since its own beginning.
  void SetTotal(std::size_t metric, const LabelValues& labels, double total);
  // Gauges.
  void Set(std::size_t metric, const LabelValues& labels, double value);
  // Histograms.
  void Record(std::size_t metric, const LabelValues& labels, double value);

  // Ends the series of that metric; none is no error.
  void Forget(std::size_t metric, const LabelValues& labels);
  // Ends every series, of any metric, that has all of these labels with these values.
  void ForgetWhere(const MetricLabels& labels);

  // Every metric that has a series, in the order of the table, its series in that of their labels.
  std::string Text() const;

 private:
  struct Series {
    double value = 0;                   // of a histogram its sum
    std::vector<std::uint64_t> counts;  // of a histogram
  };
  void Put(std::size_t metric, const LabelValues& labels, double value);

  std::span<const MetricDescription> table_;
  mutable std::mutex mutex_;  // guards all below
  std::vector<std::map<LabelValues, Series>> series_;
};

}  // namespace trimtab
