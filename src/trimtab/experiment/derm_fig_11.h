// Derm figure 11: what wrong shares of call graphs cost.
#pragma once

#include "absl/status/statusor.h"
#include "trimtab/experiment/experiment.h"

namespace trimtab {

// Containers planned for wrong shares, over the divergence of these from the true ones, and what
// of the promise is left under the true ones. Five seeds; planned, not simulated.
absl::StatusOr<ExperimentResult> RunDermFig11(const ExperimentInput& input);

}  // namespace trimtab
