// What the tail latency of a container depends on, and one measurement of it.
#pragma once

#include "trimtab/application/allocation.h"
#include "trimtab/application/interference.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// The arguments of Grad's f (eq. 1), for one container: its allocation u, its load rho and the
// interference I on its host.
struct LatencyFeatures {
  ContainerConfig container;
  RequestsPerSecond container_load;
  Interference interference;
  friend bool operator==(const LatencyFeatures&, const LatencyFeatures&) = default;
};

// One label: the P95 own latency of a container under `features`.
struct LatencySample {
  LatencyFeatures features;
  Latency tail{0};
  // Estimated, of `tail`; what the label's weight in training is computed from.
  double relative_standard_error = 0;
  // Share of the time in which no thread of the container was free.
  double pool_full_share = 0;
  // Measured in a run of the whole call tree, not with the container alone.
  bool whole_tree = false;
};

}  // namespace trimtab
