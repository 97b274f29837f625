// How contention on a host slows what runs there.
#pragma once

#include <algorithm>

#include "trimtab/application/interference.h"
#include "trimtab/simulation/scenario.h"

namespace trimtab {

// Shares of a host's resources in use by others, in [0, 1]: what a Monitor reads as interference.
struct Contention {
  double cpu = 0;
  double memory_capacity = 0;
  double memory_bandwidth = 0;
  double network = 0;

  // An absent kind counts as an idle resource.
  static Contention From(const Interference& interference) {
    return {interference.ValueOr(InterferenceKind::kCpu, 0),
            interference.ValueOr(InterferenceKind::kMemoryCapacity, 0),
            interference.ValueOr(InterferenceKind::kMemoryBandwidth, 0),
            interference.ValueOr(InterferenceKind::kNetworkBandwidth, 0)};
  }
};

inline double Slowdown(const Sensitivity& sensitivity, double share) {
  return 1.0 + sensitivity.slope * std::max(0.0, share - sensitivity.floor);
}

// Progress per CPU second burnt, in (0, 1]: shared caches, SMT siblings, frequency, memory
// channels. Kinds multiply.
inline double SpeedUnder(const SensitivitySpec& sensitivity, const Contention& contention) {
  return 1.0 / (Slowdown(sensitivity.cpu, contention.cpu) *
                Slowdown(sensitivity.memory_capacity, contention.memory_capacity) *
                Slowdown(sensitivity.memory_bandwidth, contention.memory_bandwidth));
}

// By how much a hop or a transfer is stretched: 1 up to `idle_until`, then as in an M/M/1 queue on
// what is left of the link, at most 20.
inline double NetworkStretch(double share, double idle_until) {
  const double felt = std::max(0.0, share - idle_until) / (1.0 - idle_until);
  return 1.0 / (1.0 - std::min(felt, 0.95));
}

}  // namespace trimtab
