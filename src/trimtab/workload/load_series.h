// A rate or a share as a function of time: what drives arrivals and interference.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// Values on an even grid, each holding from its instant to the next: the form to which fitted
// descriptions, recordings and constants are all brought. The last value holds for ever.
// Thread-safety: const methods from any thread.
class StepSeries {
 public:
  // One value for ever.
  static StepSeries Constant(double value);
  // kInvalidArgument: no values, a negative or non-finite value, or a step not above 0.
  static absl::StatusOr<StepSeries> Create(Duration step, std::vector<double> values);

  // REQUIRES: since >= 0 (time since the start of the series).
  double At(Duration since) const {
    const auto index = static_cast<std::size_t>(since / step_);
    return values_[index < values_.size() ? index : values_.size() - 1];
  }
  Duration step() const { return step_; }
  const std::vector<double>& values() const { return values_; }

 private:
  StepSeries(Duration step, std::vector<double> values);
  Duration step_;
  std::vector<double> values_;
};

}  // namespace trimtab
