// Grad figure 8a: how well each kind of latency model predicts held-out settings.
#pragma once

#include "absl/status/statusor.h"
#include "trimtab/experiment/experiment.h"

namespace trimtab {

// Trains piecewise-linear models, XGBoost and networks of 2 to 6 layers for every microservice on
// one sweep and tests them on the 15 % of its settings that were held out (VI-B).
// Fails as MeasureSamples() and EvaluateLatencyModel().
absl::StatusOr<ExperimentResult> RunGradFig8a(const ExperimentInput& input);

}  // namespace trimtab
