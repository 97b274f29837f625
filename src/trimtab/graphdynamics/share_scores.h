// How well predicted shares meet those that came, overall and where they change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/graphdynamics/graph_predictor.h"
#include "trimtab/graphdynamics/share_series.h"

namespace trimtab {

struct ShareScoreOptions {
  std::size_t window = 5;  // steps before the first place that counts, for every model alike
  // A step is a change when its shares are further than this (total variation) from those of the
  // step before. Expected shares are compared where a block has them, measured ones elsewhere.
  // Measured shares of few requests move by chance, and picking steps by that chance flatters every
  // model that does not follow it: the threshold has to be well above the noise of a step.
  double change = 0.05;
  int resamples = 2000;  // of the bootstrap
  std::uint64_t seed = 1;
};

// A mean and the middle 95 % of its bootstrap.
struct ScoreInterval {
  double mean = 0;
  double low = 0;
  double high = 0;
};

struct ShareScores {
  std::string model;
  bool naive = false;
  std::size_t samples = 0;
  double one_minus_tv = 0;  // 1 - total variation, mean over the samples
  double kl = 0;            // Kullback-Leibler, nats
  std::size_t changes = 0;
  std::optional<ScoreInterval> at_changes =
      std::nullopt;  // 1 - TV of the changed step; none without changes
  std::optional<double> after_changes = std::nullopt;  // of the step that follows a change
  // 1 - TV at changes less that of the naive model that is best overall; none for naive models.
  std::optional<ScoreInterval> gain_at_changes = std::nullopt;
};

// Every predictor on every place of `test`; with expected shares in all blocks also the model
// "hidden-state", which knows them: what sampling leaves to be missed. Intervals come from a
// bootstrap of whole blocks, or of pieces of 25 places where there are fewer than eight blocks.
// kInvalidArgument for a bad series, a predictor of another space or no place to test on.
absl::StatusOr<std::vector<ShareScores>> ScoreGraphPredictors(
    std::span<const std::unique_ptr<GraphPredictor>> predictors, const ShareSeries& test,
    const ShareScoreOptions& options);

// Whether the step at `place` is a change. REQUIRES: place.step >= 1.
bool IsChange(const ShareSeries& series, const SharePlace& place, double threshold);

// The interval of the mean of `values`, units of equal number resampled together.
// REQUIRES: at least one value, units of the same size as values and rising.
ScoreInterval BootstrapMean(std::span<const double> values, std::span<const std::size_t> units,
                            int resamples, std::uint64_t seed);

// JSON: {"models": [{"model", "oneMinusTv", "kl", "oneMinusTvAtChanges", "samples", ...}]}, see
// docs/schemas/graph-dynamics.json.
std::string ShareScoresJson(std::span<const ShareScores> scores);

}  // namespace trimtab
