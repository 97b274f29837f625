// Derm figures 5 and 6, the edge counts: calls of a request over the load and over the distance.
#pragma once

#include "absl/status/statusor.h"
#include "trimtab/experiment/experiment.h"

namespace trimtab {

// Figure 5(b): mean calls of a search over the application's load. A higher load sells the tickets
// sooner, and a search that finds none asks less. Containers (5(a)) are not part of it.
// kInvalidArgument: the scenario has no operation `search`, no state or no argument `distance`.
absl::StatusOr<ExperimentResult> RunDermFig5(const ExperimentInput& input);

// Figure 6(b): mean calls of a search when every request asks for one distance.
absl::StatusOr<ExperimentResult> RunDermFig6(const ExperimentInput& input);

}  // namespace trimtab
