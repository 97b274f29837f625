// What every policy of the comparison gets before it: the same number of runs to choose its
// options.
#pragma once

#include "absl/status/statusor.h"
#include "trimtab/experiment/experiment.h"

namespace trimtab {

// Finds the options of every baseline on a load and seeds that must not be those of a comparison,
// and writes them beside the scenario. 20 runs each for the HPA and for Grad: 14 candidates on
// `input.seed`, the best three again on the two seeds after it, the best of those by its means.
// The static allocation is the cheapest that holds the worst five minutes.
absl::StatusOr<ExperimentResult> RunTune(const ExperimentInput& input);

}  // namespace trimtab
