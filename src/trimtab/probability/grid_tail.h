// P(Z <= t) of a series-parallel tree on a grid of times: the reference that checks every plan.
#pragma once

#include <cstddef>
#include <span>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/probability/cumulants.h"
#include "trimtab/probability/latency_curve.h"
#include "trimtab/probability/latency_tree.h"
#include "trimtab/probability/sequence_tail.h"

namespace trimtab {

// A distribution by its quantiles: `values` (s, not descending) at equally spaced levels
// 0, 1 / (n - 1), ..., 1; linear between them.
struct QuantileTable {
  std::vector<double> values;
};

// The law of one visit of a stage. A Stage is exact, its own `visits` multiplied with those in
// the tree; Cumulants stand for the shifted gamma that has them (a normal where the third is 0).
using StageLaw = std::variant<Stage, Cumulants, QuantileTable>;

struct GridOptions {
  std::size_t cells = 256;  // of the coarse grid; [8, 65536]
  // Also a grid of twice the cells, and Richardson's extrapolation of the two.
  bool richardson = true;
};

// kInvalidArgument naming stage, value and bound; `laws` must cover the tree's stages.
absl::Status ValidateLaws(const LatencyTree& tree, std::span<const StageLaw> laws);

// P(Z <= time): the distribution function of every node on a grid, exact at the leaves; a series
// convolves (equation 4 of Derm), a parallel block multiplies (equation 6). Every node's grid
// starts at its own floor, the sum or the maximum of the offsets below it, and ends where it is
// done or nobody looks further, so no offset is rounded to a grid, and negative ones are as good as
// others. Second order in the cell; with Richardson about 1e-6 at 256 cells.
// kInvalidArgument as ValidateLaws, or for cells outside their bound or a time that is NaN.
// Cost: leaves * cells for shifted exponentials, cells^2 for a block or another law within a
// series; memory O(cells * log nodes). No recursion: any depth.
absl::StatusOr<double> GridWithin(const LatencyTree& tree, std::span<const StageLaw> laws,
                                  double time, const GridOptions& options = {});

// The whole distribution on one grid, without extrapolation: for mixtures of trees.
// kInvalidArgument as ValidateLaws, or for cells outside their bound.
absl::StatusOr<LatencyCurve> GridCurve(const LatencyTree& tree, std::span<const StageLaw> laws,
                                       std::size_t cells);

// The time (s) by which a share `level` is done. Coarser than GridWithin, for the grid covers the
// whole distribution. kInvalidArgument as GridWithin, or for a level outside (0, 1).
absl::StatusOr<double> GridQuantile(const LatencyTree& tree, std::span<const StageLaw> laws,
                                    double level, const GridOptions& options = {.cells = 1024});

}  // namespace trimtab
