#include "trimtab/latency/slope_signs.h"

#include <cstdint>
#include <span>

#include "trimtab/latency/latency_model.h"
#include "trimtab/latency/latency_sample.h"

namespace trimtab {

SlopeSigns RightSlopeSigns(const LatencyModel& model, std::span<const LatencySample> samples) {
  std::int64_t cpu = 0;
  std::int64_t memory = 0;
  std::int64_t load = 0;
  for (const LatencySample& sample : samples) {
    const LatencyGradient slopes = model.PredictWithGradient(sample.features).gradient;
    if (slopes.by_cpu <= 0) ++cpu;
    if (slopes.by_memory <= 0) ++memory;
    if (slopes.by_load >= 0) ++load;
  }
  // Counted, and divided once: a sum of shares can come out above 1.
  const auto all = static_cast<double>(samples.size());
  return {.cpu = static_cast<double>(cpu) / all,
          .memory = static_cast<double>(memory) / all,
          .load = static_cast<double>(load) / all};
}

}  // namespace trimtab
