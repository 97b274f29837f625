// Grad figure 3: the best trade changes from step to step.
#pragma once

#include "absl/status/statusor.h"
#include "trimtab/experiment/experiment.h"

namespace trimtab {

// Runs the scenario under a steady load with 40 % CPU and 35 % memory-capacity interference where
// `reservation` runs, measures every single trade from the present allocation in the simulated
// cluster, takes the one with the lowest tail, and so on (II-C). Beside each step stands what Grad,
// `corrected` and `paper`, would choose from the same allocation, and its rank.
// kInvalidArgument for a scenario without the operation `hotels` or the microservice `reservation`;
// otherwise fails as GradChoice() and SampleSource::Measure().
absl::StatusOr<ExperimentResult> RunGradFig3(const ExperimentInput& input);

}  // namespace trimtab
