#include "trimtab/operator/scaler_options.h"

#include <algorithm>

namespace trimtab {

namespace {

SafetyOptions WithBehavior(SafetyOptions safety, const ScaleBehavior& behavior) {
  const DirectionBehavior& up = behavior.up;
  const DirectionBehavior& down = behavior.down;
  if (up.largest_change) {
    safety.largest_raise = 1 + *up.largest_change;
    safety.largest_raise_in_window = std::max(safety.largest_raise_in_window, safety.largest_raise);
  }
  if (down.largest_change) {
    safety.largest_lower = std::min(1.0, *down.largest_change);
    safety.largest_lower_in_window = std::max(safety.largest_lower_in_window, safety.largest_lower);
  }
  safety.scale_up_stabilisation = up.stabilization.value_or(safety.scale_up_stabilisation);
  safety.scale_down_stabilisation = down.stabilization.value_or(safety.scale_down_stabilisation);
  safety.raise_tolerance = up.tolerance.value_or(safety.raise_tolerance);
  safety.lower_tolerance = down.tolerance.value_or(safety.lower_tolerance);
  safety.most_throttled = behavior.most_throttled.value_or(safety.most_throttled);
  return safety;
}

}  // namespace

ControlOptions ControlOptionsOf(const AppScaler& scaler, const ControlOptions& base) {
  ControlOptions options = base;
  options.sla = {.latency = scaler.objective.latency, .quantile = scaler.objective.quantile};
  if (scaler.algorithm == ScalerAlgorithm::kDerm) {
    options.sla.quantile = Quantile(scaler.objective.share);
  }
  options.tails.quantile = options.sla.quantile;
  options.tails.window = scaler.objective.window;
  options.effect_poll = std::min(options.effect_poll, options.interval);
  options.safety = WithBehavior(options.safety, scaler.behavior);
  const auto differs = [](const ScaledWorkload& workload) {
    return workload.behavior != ScaleBehavior();
  };
  if (std::ranges::any_of(scaler.workloads, differs)) {
    for (const ScaledWorkload& workload : scaler.workloads) {
      options.safety_of.push_back(WithBehavior(options.safety, workload.behavior));
    }
  }
  return options;
}

}  // namespace trimtab
