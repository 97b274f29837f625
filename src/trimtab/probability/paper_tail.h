// Derm's own closed forms (equations 7 and 10), as the paper has them: for comparison only.
#pragma once

#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/probability/latency_tree.h"
#include "trimtab/probability/sequence_tail.h"

namespace trimtab {

// The sequence that the paper takes for a tree: of every parallel block the branch that holds the
// smallest latency_rate, whole; what the other branches add to the maximum is dropped (paper-notes
// D5). Calls of a stage are one exponential of their mean, as in the authors' program (D11): rate /
// visits, with all their offsets (D6). In the order of the tree's nodes.
// REQUIRES: stages.size() >= tree.stage_count().
std::vector<Stage> PaperSequence(const LatencyTree& tree, std::span<const Stage> stages);

// Equation 10: P(Z <= time) = 1 - sum_i exp(-l_i x) prod_{j != i} l_j / (l_j - l_i), x = time less
// all offsets. Singular where two rates are equal and useless where they are close (D2).
// kOutOfRange, naming the "probability" and the two closest rates, where it leaves [0, 1] by more
// than 1e-9 or is no number. Cost: O(n^2).
// REQUIRES: ValidateStages(stages) is OK. `visits` as in PaperSequence.
absl::StatusOr<double> PaperWithin(std::span<const Stage> stages, double time);

// Equation 7, the density in 1/s. kOutOfRange where it is negative by more than 1e-9 of the largest
// rate or is no number.
absl::StatusOr<double> PaperDensity(std::span<const Stage> stages, double time);

}  // namespace trimtab
