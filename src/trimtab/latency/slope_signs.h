// Whether a latency model reacts to CPU, memory and load in the right direction.
#pragma once

#include <span>

#include "trimtab/latency/latency_model.h"
#include "trimtab/latency/latency_sample.h"

namespace trimtab {

// Shares of samples at which the slope has the right sign: not above 0 along CPU and memory, not
// below 0 along load (Grad eq. 2 and 3 gain nothing from a model that says otherwise).
struct SlopeSigns {
  double cpu = 0;
  double memory = 0;
  double load = 0;
};

// REQUIRES: at least one sample.
SlopeSigns RightSlopeSigns(const LatencyModel& model, std::span<const LatencySample> samples);

}  // namespace trimtab
