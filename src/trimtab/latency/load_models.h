// How well models of latency over load predict a load that they have not seen.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/latency/conditional_exponential.h"

namespace trimtab {

// The own latencies of one microservice at one load.
struct LoadLevel {
  double container_load = 0;            // calls/s to one container
  std::span<const double> sorted = {};  // s, rising
};

// One model with each load left out in turn. Accuracies are 100 % - MAPE, in percent, over the
// loads left out.
struct LoadModelAccuracy {
  // "least-squares", "authors-bins", "moments", "unbiased", "tail": a ConditionalExponential of
  // that fit under the constraints of D9. "paper": the authors' bins and a free line. "cumulants":
  // the CumulantCurve. Beside them what takes no model: "straight-line" through the measured P95s,
  // and "constant", their mean.
  std::string_view model;
  // Of the latency_rate that the same fit finds at the load left out; exponentials only.
  std::optional<double> rate_accuracy;
  // Of the measured P95 there; nothing where a free line has no rate at that load.
  std::optional<double> p95_accuracy;
};

// The order is that of the comment above. That the loads left out were served is known to the
// constrained fits, their latencies are not.
// kInvalidArgument for fewer than three levels, or as FitShiftedExponential(), naming the load.
absl::StatusOr<std::vector<LoadModelAccuracy>> EvaluateLoadModels(
    std::span<const LoadLevel> levels);

}  // namespace trimtab
