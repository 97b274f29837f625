// The experiments that run policies side by side.
#pragma once

#include "absl/status/statusor.h"
#include "trimtab/experiment/experiment.h"

namespace trimtab {

// Grad VI-D2 and the main job of this repository: 400 minutes of diurnal load with interference
// and a surge; Grad beside the Kubernetes HPA as it comes and tuned, and a static allocation.
absl::StatusOr<ExperimentResult> RunDemo(const ExperimentInput& input);

// The same over five seeds, with the goal: Grad violates in at most 4.7 % of the windows (VI-D1)
// with fewer units than the tuned HPA.
absl::StatusOr<ExperimentResult> RunGradGoal(const ExperimentInput& input);

}  // namespace trimtab
