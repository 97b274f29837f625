// Writes the text format of Prometheus, version 0.0.4.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "trimtab/quantity/time.h"

namespace trimtab {

enum class MetricKind : std::uint8_t { kCounter, kGauge, kHistogram };

// Names of labels with their values; values are any text of UTF-8.
using MetricLabels = std::vector<std::pair<std::string, std::string>>;

// What a histogram has counted: `counts[i]` values at most `bounds[i]` and above the bound before;
// the last of `counts`, one more than there are bounds, is what is above all of them.
struct HistogramCounts {
  std::span<const double> bounds;
  std::span<const std::uint64_t> counts;
  double sum = 0;
};

// Appends one family after the other, each with its samples behind it.
// Thread-safety: none. Cost: linear in the text.
class MetricTextWriter {
 public:
  // The value of Content-Type.
  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

  // Begins a family: every sample up to the next one belongs to it. REQUIRES: a name as
  // Prometheus has them ([a-zA-Z_:][a-zA-Z0-9_:]*), once in a text.
  void Family(std::string_view name, MetricKind kind, std::string_view help);

  // One series; `at` is when the value was so, where that is not the moment of the scrape.
  // REQUIRES: label names as Prometheus has them ([a-zA-Z_][a-zA-Z0-9_]*).
  void Sample(const MetricLabels& labels, double value, std::optional<Instant> at = std::nullopt);
  // One series of a histogram: cumulative buckets up to +Inf, sum and count.
  void Histogram(const MetricLabels& labels, const HistogramCounts& counts);

  const std::string& text() const { return text_; }
  std::string Take() { return std::exchange(text_, {}); }

 private:
  void Line(std::string_view suffix, const MetricLabels& labels,
            std::optional<std::string_view> bucket, double value, std::optional<Instant> at);
  void AppendLabel(std::string_view name, std::string_view value);

  std::string text_;
  std::string name_;  // of the family
};

}  // namespace trimtab
