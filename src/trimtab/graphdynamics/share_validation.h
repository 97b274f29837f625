// Cross-validation of graph predictors over whole blocks.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/graphdynamics/graph_predictor.h"
#include "trimtab/graphdynamics/share_scores.h"
#include "trimtab/graphdynamics/share_series.h"
#include "trimtab/graphdynamics/traced_shares.h"

namespace trimtab {

// Blocks 0 to `blocks` - 1 in `folds` runs of neighbours of nearly equal number, at most one a
// block. REQUIRES: both at least 1.
std::vector<std::vector<std::size_t>> FoldsOf(std::size_t blocks, std::size_t folds);

struct ShareValidationOptions {
  std::vector<std::string> models;  // of GraphPredictorKinds()
  std::size_t folds = 5;
  GraphPredictorOptions predictor = {};
  ShareScoreOptions score = {};  // its window is the predictor's
  std::function<void(std::size_t done, std::size_t total)> progress = nullptr;
};

// Each fold's models are trained on the other folds and tested on it. With one or two blocks the
// blocks are cut into pieces first, as many as there are folds; a step then still lies in one fold
// alone. kInvalidArgument when too few steps are left.
absl::StatusOr<std::vector<ShareScores>> CrossValidate(const ShareSeries& series,
                                                       const ShareValidationOptions& options);

// The same for what the entry operations of a window say of its graphs: "entry-mix" and, beside
// it, "global-mean" and the floor that the number of requests sets, "sampling-floor".
absl::StatusOr<std::vector<ShareScores>> CrossValidateEntryMix(const TracedShares& traced,
                                                               std::size_t folds,
                                                               const ShareScoreOptions& score);

}  // namespace trimtab
