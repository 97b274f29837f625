#include "trimtab/operator/scaler_options.h"

#include <algorithm>

namespace trimtab {

ControlOptions ControlOptionsOf(const AppScaler& scaler, const ControlOptions& base) {
  ControlOptions options = base;
  options.sla = {.latency = scaler.objective.latency, .quantile = scaler.objective.quantile};
  if (scaler.algorithm == ScalerAlgorithm::kDerm) {
    options.sla.quantile = Quantile(scaler.objective.share);
  }
  options.tails.quantile = options.sla.quantile;
  options.tails.window = scaler.objective.window;
  options.effect_poll = std::min(options.effect_poll, options.interval);
  SafetyOptions& safety = options.safety;
  if (scaler.behavior.largest_raise) {
    safety.largest_raise = 1 + *scaler.behavior.largest_raise;
    safety.largest_raise_in_window = std::max(safety.largest_raise_in_window, safety.largest_raise);
  }
  if (scaler.behavior.largest_lower) {
    safety.largest_lower = std::min(1.0, *scaler.behavior.largest_lower);
    safety.largest_lower_in_window = std::max(safety.largest_lower_in_window, safety.largest_lower);
  }
  if (scaler.behavior.stabilization) {
    safety.scale_down_stabilisation = *scaler.behavior.stabilization;
  }
  return options;
}

}  // namespace trimtab
