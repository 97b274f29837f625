#include "trimtab/latency/feature_ranges.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "fmt/format.h"
#include "trimtab/application/interference.h"
#include "trimtab/latency/latency_sample.h"
#include "trimtab/quantity/quantity.h"

namespace trimtab {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// Bounds are kept in decimal text; a value that came through it may differ in its last bits.
constexpr double kTolerance = 1e-9;

void Extend(FeatureInterval& interval, double value) {
  interval.low = std::min(interval.low, value);
  interval.high = std::max(interval.high, value);
}

bool IsInside(const FeatureInterval& interval, double value) {
  const double slack = kTolerance * std::max(interval.high, 1.0);
  return value >= interval.low - slack && value <= interval.high + slack;
}

double LoadPerCore(const LatencyFeatures& features) {
  return features.container_load.value() / InCores(features.container.cpu);
}

struct Violation {
  std::string label;
  std::string words;
  double value = 0;
  std::string_view unit;
  FeatureInterval interval;
};

// Calls `tell` with every feature that is present and outside.
template <class Tell>
void ForEachOutside(const FeatureRanges& ranges, const LatencyFeatures& features, Tell tell) {
  const auto check = [&tell](Violation violation) {
    if (!IsInside(violation.interval, violation.value)) tell(violation);
  };
  check({"cpu", "cpu", InCores(features.container.cpu), " cores", ranges.cpu_cores});
  check({"memory", "memory", InMebibytes(features.container.memory), " MiB", ranges.memory_mib});
  check({"container_load", "container load", features.container_load.value(), " requests/s",
         ranges.container_load});
  check({"load_per_core", "load per core", LoadPerCore(features), " requests/s",
         ranges.load_per_core});
  for (const InterferenceKind kind : kInterferenceKinds) {
    if (const auto share = features.interference[kind]) {
      check({fmt::format("interference_{}", InterferenceName(kind)),
             fmt::format("{} interference", InterferenceName(kind)), share->value(), "",
             ranges.interference[static_cast<std::size_t>(kind)]});
    }
  }
}

}  // namespace

FeatureRanges FeatureRanges::Of(std::span<const LatencySample> samples) {
  const FeatureInterval nothing{kInfinity, -kInfinity};
  FeatureRanges ranges{nothing, nothing, nothing, nothing, {}};
  ranges.interference.fill(nothing);
  for (const LatencySample& sample : samples) {
    const LatencyFeatures& features = sample.features;
    Extend(ranges.cpu_cores, InCores(features.container.cpu));
    Extend(ranges.memory_mib, InMebibytes(features.container.memory));
    Extend(ranges.container_load, features.container_load.value());
    Extend(ranges.load_per_core, LoadPerCore(features));
    for (const InterferenceKind kind : kInterferenceKinds) {
      if (const auto share = features.interference[kind]) {
        Extend(ranges.interference[static_cast<std::size_t>(kind)], share->value());
      }
    }
  }
  for (FeatureInterval& interval : ranges.interference) {
    if (interval.low > interval.high) interval = {};
  }
  return ranges;
}

bool FeatureRanges::Contains(const LatencyFeatures& features) const {
  for (const InterferenceKind kind : kInterferenceKinds) {
    const auto share = features.interference[kind];
    if (share && !IsInside(interference[static_cast<std::size_t>(kind)], share->value())) {
      return false;
    }
  }
  return IsInside(cpu_cores, InCores(features.container.cpu)) &&
         IsInside(memory_mib, InMebibytes(features.container.memory)) &&
         IsInside(container_load, features.container_load.value()) &&
         IsInside(load_per_core, LoadPerCore(features));
}

std::string FeatureRanges::Violations(const LatencyFeatures& features) const {
  std::string text;
  ForEachOutside(*this, features, [&text](const Violation& violation) {
    text += fmt::format("{}{} is {:.6g}{}, profiled {:.6g} to {:.6g}", text.empty() ? "" : "; ",
                        violation.words, violation.value, violation.unit, violation.interval.low,
                        violation.interval.high);
  });
  return text;
}

std::vector<std::string> FeatureRanges::Outside(const LatencyFeatures& features) const {
  std::vector<std::string> labels;
  ForEachOutside(*this, features,
                 [&labels](const Violation& violation) { labels.push_back(violation.label); });
  return labels;
}

}  // namespace trimtab
