#include "trimtab/latency/slope_signs.h"

#include <span>

#include "trimtab/latency/latency_model.h"
#include "trimtab/latency/latency_sample.h"

namespace trimtab {

SlopeSigns RightSlopeSigns(const LatencyModel& model, std::span<const LatencySample> samples) {
  SlopeSigns right;
  const double share = 1 / static_cast<double>(samples.size());
  for (const LatencySample& sample : samples) {
    const LatencyGradient slopes = model.PredictWithGradient(sample.features).gradient;
    if (slopes.by_cpu <= 0) right.cpu += share;
    if (slopes.by_memory <= 0) right.memory += share;
    if (slopes.by_load >= 0) right.load += share;
  }
  return right;
}

}  // namespace trimtab
