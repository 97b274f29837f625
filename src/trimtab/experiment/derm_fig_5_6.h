// Derm figures 5 and 6: calls of a request and containers over the load and over the distance.
#pragma once

#include "absl/status/statusor.h"
#include "trimtab/experiment/experiment.h"

namespace trimtab {

// Figure 5(b): mean calls of a search over the application's load. A higher load sells the tickets
// sooner, and a search that finds none asks less. Figure 5(a): the containers that Derm plans for
// the mix, AddPlannedContainers(). kInvalidArgument: the scenario has no operation `search`, no
// state or no argument `distance`.
absl::StatusOr<ExperimentResult> RunDermFig5(const ExperimentInput& input);

// Figure 6(b): mean calls of a search when every request asks for one distance; 6(a) as 5(a).
absl::StatusOr<ExperimentResult> RunDermFig6(const ExperimentInput& input);

}  // namespace trimtab
