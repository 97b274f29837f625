// Derm figure 19: what scaling optimisation saves against holding every graph to the SLA.
#pragma once

#include "absl/status/statusor.h"
#include "trimtab/experiment/experiment.h"

namespace trimtab {

// Generated instances of 50 microservices and 12 graphs, sequences and trees, at three tightnesses
// of the SLA and five seeds: whole containers of Derm's optimum beside those when every graph has
// to reach 95 % by itself, with the same laws, solver and rounding (VIII-D2). Solved, not
// simulated. Fails as PlanUniform().
absl::StatusOr<ExperimentResult> RunDermFig19(const ExperimentInput& input);

}  // namespace trimtab
