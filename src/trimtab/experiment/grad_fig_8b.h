// Grad figure 8b: how well each kind of end-to-end predictor does on unseen runs.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/experiment/experiment.h"

namespace trimtab {

// One kind of predictor, trained from several seeds; accuracies are 100 % - MAPE, in percent.
struct SeededAccuracy {
  std::string kind;
  double mean = 0;
  double low = 0;
  double high = 0;
};
// REQUIRES: at least one accuracy.
SeededAccuracy SummarizeSeeds(std::string kind, const std::vector<double>& accuracies);

// Trains every EndToEndKind from several seeds on the whole-tree runs of one sweep, fed with what
// the latency models predict, and tests it on the runs held out: no run is on both sides (VI-B).
// Fails as MeasureSamples(), TrainProfile() and EvaluateEndToEnd().
absl::StatusOr<ExperimentResult> RunGradFig8b(const ExperimentInput& input);

}  // namespace trimtab
