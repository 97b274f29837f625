#include "trimtab/telemetry/metric_text.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <iterator>

namespace trimtab {
namespace {

std::string_view KindName(MetricKind kind) {
  switch (kind) {
    case MetricKind::kCounter:
      return "counter";
    case MetricKind::kGauge:
      return "gauge";
    case MetricKind::kHistogram:
      return "histogram";
  }
  return "untyped";
}

// Backslashes and line feeds, and quotes where the text stands between some.
void AppendEscaped(std::string_view text, bool is_quoted, std::string& to) {
  for (const char c : text) {
    if (c == '\\') {
      to += "\\\\";
    } else if (c == '\n') {
      to += "\\n";
    } else if (c == '"' && is_quoted) {
      to += "\\\"";
    } else {
      to += c;
    }
  }
}

// The shortest text that reads back as the same number.
std::string NumberText(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

}  // namespace

void MetricTextWriter::Family(std::string_view name, MetricKind kind, std::string_view help) {
  name_ = name;
  fmt::format_to(std::back_inserter(text_), "# HELP {} ", name);
  AppendEscaped(help, false, text_);
  fmt::format_to(std::back_inserter(text_), "\n# TYPE {} {}\n", name, KindName(kind));
}

void MetricTextWriter::Sample(const MetricLabels& labels, double value, std::optional<Instant> at) {
  Line("", labels, std::nullopt, value, at);
}

void MetricTextWriter::Histogram(const MetricLabels& labels, const HistogramCounts& counts) {
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < counts.counts.size(); ++i) {
    below += counts.counts[i];
    const std::string bound =
        i < counts.bounds.size() ? NumberText(counts.bounds[i]) : std::string("+Inf");
    Line("_bucket", labels, bound, static_cast<double>(below), std::nullopt);
  }
  Line("_sum", labels, std::nullopt, counts.sum, std::nullopt);
  Line("_count", labels, std::nullopt, static_cast<double>(below), std::nullopt);
}

void MetricTextWriter::Line(std::string_view suffix, const MetricLabels& labels,
                            std::optional<std::string_view> bucket, double value,
                            std::optional<Instant> at) {
  text_ += name_;
  text_ += suffix;
  if (!labels.empty() || bucket) {
    text_ += '{';
    for (const auto& [name, label] : labels) AppendLabel(name, label);
    if (bucket) AppendLabel("le", *bucket);
    text_.back() = '}';  // in place of the last comma
  }
  text_ += ' ';
  text_ += NumberText(value);
  if (at) {
    fmt::format_to(std::back_inserter(text_), " {}",
                   std::chrono::floor<std::chrono::milliseconds>(at->time_since_epoch()).count());
  }
  text_ += '\n';
}

void MetricTextWriter::AppendLabel(std::string_view name, std::string_view value) {
  text_ += name;
  text_ += "=\"";
  AppendEscaped(value, true, text_);
  text_ += "\",";
}

}  // namespace trimtab
