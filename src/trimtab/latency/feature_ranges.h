// The part of the feature space that a latency model was trained on.
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "trimtab/application/interference.h"
#include "trimtab/latency/latency_sample.h"

namespace trimtab {

// A closed interval.
struct FeatureInterval {
  double low = 0;
  double high = 0;
  bool Contains(double value) const { return value >= low && value <= high; }
  double length() const { return high - low; }
  friend bool operator==(const FeatureInterval&, const FeatureInterval&) = default;
};

// The bounds of the training samples. Profiling gives small containers small loads, so the load
// per core has a bound of its own: a load that only large containers saw is outside for a small
// one. A value type.
struct FeatureRanges {
  FeatureInterval cpu_cores;
  FeatureInterval memory_mib;
  FeatureInterval container_load;  // requests/s
  FeatureInterval load_per_core;   // requests/s per core
  // Indexed by InterferenceKind; [0, 0] for a kind that no sample knew.
  std::array<FeatureInterval, kInterferenceKinds.size()> interference{};

  // REQUIRES: at least one sample.
  static FeatureRanges Of(std::span<const LatencySample> samples);

  // Whether every feature that is present is inside.
  bool Contains(const LatencyFeatures& features) const;
  // Every feature outside with its value and bound, such as "cpu is 2 cores, profiled 0.1 to 1";
  // empty when Contains().
  std::string Violations(const LatencyFeatures& features) const;
  // The same as words for a label, such as "cpu", "load_per_core" or "interference_memoryCapacity".
  std::vector<std::string> Outside(const LatencyFeatures& features) const;

  friend bool operator==(const FeatureRanges&, const FeatureRanges&) = default;
};

}  // namespace trimtab
