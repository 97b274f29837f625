// The structural part of the predictor: what own latencies add up to.
#pragma once

#include <span>
#include <vector>

#include "trimtab/endtoend/own_latency.h"

namespace trimtab {

struct Composition {
  double constant = 0;         // in ms
  std::vector<double> shares;  // ms per ms, none below 0
};

// Minimises sum_s weight_s Huber(log(constant + sum_i share_i mean_si) - log tail_s, huber_log)
// over shares >= 0 and constant >= 0 by Adam on their logarithms, all samples in every step.
// Deterministic. REQUIRES: at least one sample, one weight a sample.
Composition FitComposition(std::span<const EndToEndSample* const> samples,
                           std::span<const double> weights, double huber_log);

}  // namespace trimtab
