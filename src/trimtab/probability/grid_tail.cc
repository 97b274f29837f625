#include "trimtab/probability/grid_tail.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "trimtab/probability/grid_pass.h"
#include "trimtab/probability/latency_curve.h"
#include "trimtab/probability/latency_tree.h"

namespace trimtab {
namespace {

absl::Status ValidateGrid(const LatencyTree& tree, std::span<const StageLaw> laws,
                          const GridOptions& options) {
  if (options.cells < 8 || options.cells > 65536) {
    return absl::InvalidArgumentError(
        absl::StrCat("grid of ", options.cells, " cells, expected within [8, 65536]"));
  }
  return ValidateLaws(tree, laws);
}

}  // namespace

absl::StatusOr<double> GridWithin(const LatencyTree& tree, std::span<const StageLaw> laws,
                                  double time, const GridOptions& options) {
  if (absl::Status status = ValidateGrid(tree, laws, options); !status.ok()) return status;
  if (std::isnan(time)) return absl::InvalidArgumentError("time nan s, expected a number");
  GridPass pass(tree, laws);
  if (time < pass.floor()) return 0.0;
  if (time >= pass.ceiling()) return 1.0;
  const double coarse = pass.Evaluate(time, options.cells).At(time);
  if (!options.richardson) return coarse;
  const double fine = pass.Evaluate(time, 2 * options.cells, 2.0).At(time);
  return std::clamp(fine + (fine - coarse) / 3.0, 0.0, 1.0);
}

absl::StatusOr<LatencyCurve> GridCurve(const LatencyTree& tree, std::span<const StageLaw> laws,
                                       std::size_t cells) {
  if (absl::Status status = ValidateGrid(tree, laws, {.cells = cells}); !status.ok()) return status;
  return GridPass(tree, laws).Evaluate(std::numeric_limits<double>::infinity(), cells);
}

absl::StatusOr<double> GridQuantile(const LatencyTree& tree, std::span<const StageLaw> laws,
                                    double level, const GridOptions& options) {
  if (absl::Status status = ValidateGrid(tree, laws, options); !status.ok()) return status;
  if (!(level > 0.0 && level < 1.0)) {
    return absl::InvalidArgumentError(
        absl::StrCat("level ", level, " of a quantile, expected within (0, 1)"));
  }
  GridPass pass(tree, laws);
  const double whole = std::numeric_limits<double>::infinity();
  const double coarse = pass.Evaluate(whole, options.cells).TimeOf(level);
  if (!options.richardson) return coarse;
  const double fine = pass.Evaluate(whole, 2 * options.cells, 2.0).TimeOf(level);
  return fine + (fine - coarse) / 3.0;
}

}  // namespace trimtab
