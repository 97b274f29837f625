// Predictors that any network has to beat.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "trimtab/graphdynamics/graph_predictor.h"
#include "trimtab/graphdynamics/share_series.h"

namespace trimtab {

// Ridge regression of the move from the newest shares to the next on every number of the window,
// with an intercept; the outcome cut at zero and scaled to sum to one. Cost of training: the cube
// of window * width, 0.3 s for 245 numbers and 60,000 samples.
absl::StatusOr<std::unique_ptr<GraphPredictor>> TrainAutoregressive(
    const ShareSeries& training, const GraphPredictorOptions& options);
// blend_last of the newest step, the rest the global mean.
absl::StatusOr<std::unique_ptr<GraphPredictor>> TrainFixedBlend(
    const ShareSeries& training, const GraphPredictorOptions& options);
// The mean shares of all training steps.
absl::StatusOr<std::unique_ptr<GraphPredictor>> TrainGlobalMean(
    const ShareSeries& training, const GraphPredictorOptions& options);
// The mean of the window.
absl::StatusOr<std::unique_ptr<GraphPredictor>> TrainMovingAverage(
    const ShareSeries& training, const GraphPredictorOptions& options);
// The newest step.
absl::StatusOr<std::unique_ptr<GraphPredictor>> TrainPersistence(
    const ShareSeries& training, const GraphPredictorOptions& options);

// Mean graph shares over all steps. REQUIRES: a valid series with at least one step.
std::vector<double> MeanShares(const ShareSeries& series);

}  // namespace trimtab
