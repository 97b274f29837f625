#include "trimtab/telemetry/metric_registry.h"

#include <algorithm>
#include <iterator>

namespace trimtab {

MetricRegistry::MetricRegistry(std::span<const MetricDescription> table)
    : table_(table), series_(table.size()) {}

void MetricRegistry::Raise(std::size_t metric, const LabelValues& labels, double by) {
  const std::scoped_lock lock(mutex_);
  series_[metric][labels].value += by;
}

void MetricRegistry::SetTotal(std::size_t metric, const LabelValues& labels, double total) {
  Put(metric, labels, total);
}

void MetricRegistry::Set(std::size_t metric, const LabelValues& labels, double value) {
  Put(metric, labels, value);
}

void MetricRegistry::Put(std::size_t metric, const LabelValues& labels, double value) {
  const std::scoped_lock lock(mutex_);
  series_[metric][labels].value = value;
}

void MetricRegistry::Record(std::size_t metric, const LabelValues& labels, double value) {
  const std::vector<double>& bounds = table_[metric].bounds;
  const auto bucket = std::ranges::lower_bound(bounds, value) - bounds.begin();
  const std::scoped_lock lock(mutex_);
  Series& series = series_[metric][labels];
  series.counts.resize(bounds.size() + 1);
  ++series.counts[static_cast<std::size_t>(bucket)];
  series.value += value;
}

void MetricRegistry::Forget(std::size_t metric, const LabelValues& labels) {
  const std::scoped_lock lock(mutex_);
  series_[metric].erase(labels);
}

void MetricRegistry::ForgetWhere(const MetricLabels& labels) {
  const std::scoped_lock lock(mutex_);
  for (std::size_t metric = 0; metric < table_.size(); ++metric) {
    const std::vector<std::string_view>& names = table_[metric].labels;
    const auto matches = [&](const LabelValues& values) {
      return std::ranges::all_of(labels, [&](const auto& label) {
        const auto name = std::ranges::find(names, label.first);
        return name != names.end() &&
               values[static_cast<std::size_t>(name - names.begin())] == label.second;
      });
    };
    std::erase_if(series_[metric], [&](const auto& entry) { return matches(entry.first); });
  }
}

std::string MetricRegistry::Text() const {
  MetricTextWriter writer;
  const std::scoped_lock lock(mutex_);
  for (std::size_t metric = 0; metric < table_.size(); ++metric) {
    if (series_[metric].empty()) continue;
    const MetricDescription& description = table_[metric];
    writer.Family(description.name, description.kind, description.help);
    for (const auto& [values, series] : series_[metric]) {
      MetricLabels labels;
      for (std::size_t i = 0; i < values.size(); ++i) {
        labels.emplace_back(description.labels[i], values[i]);
      }
      if (description.kind == MetricKind::kHistogram) {
        writer.Histogram(
            labels, {.bounds = description.bounds, .counts = series.counts, .sum = series.value});
      } else {
        writer.Sample(labels, series.value);
      }
    }
  }
  return writer.Take();
}

}  // namespace trimtab
