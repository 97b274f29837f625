// Derm figure 3: what it saves to hold simple and complex graphs to different percentiles.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "trimtab/experiment/experiment.h"
#include "trimtab/scaling/derm/derm_problem.h"

namespace trimtab {

// Nine of ten requests visit 10 microservices one after the other; one of ten visits 40, 5 of them
// the same, the others five at a time in parallel. Laws as MakeDermInstance() draws them, 200
// requests/s (VIII-A's largest load). The SLA is `tightness` times the P95 of the complex graph
// with idle containers.
absl::StatusOr<DermProblem> TwoGraphs(double tightness, std::uint64_t seed);

// Containers over (p_s, p_c) with 0.9 p_s + 0.1 p_c = 0.95 (II-B), at three tightnesses of the SLA
// and five seeds; solved, not simulated. Fails as SolveFloors().
absl::StatusOr<ExperimentResult> RunDermFig3(const ExperimentInput& input);

}  // namespace trimtab
