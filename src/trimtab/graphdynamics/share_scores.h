// How well predicted shares meet those that came, overall and where they change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/graphdynamics/graph_predictor.h"
#include "trimtab/graphdynamics/share_series.h"

namespace trimtab {

struct ShareScoreOptions {
  std::size_t window = 5;  // steps before the first place of a block that counts
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
  double one_minus_tv = 0;                  // 1 - total variation, mean over the samples
  std::optional<double> kl = std::nullopt;  // Kullback-Leibler, nats
  std::size_t changes = 0;
  std::optional<ScoreInterval> at_changes =
      std::nullopt;  // 1 - TV of the changed step; none without changes
  std::optional<double> after_changes = std::nullopt;  // of the step that follows a change
  // 1 - TV at changes less that of the naive model that is best overall; none for naive models.
  std::optional<ScoreInterval> gain_at_changes = std::nullopt;
};

// Anything that says the shares of a step. `predict` writes as many shares as there are graph
// classes; a forecast reads only steps before the place, a nowcast also the place's own arguments.
struct ShareModel {
  std::string name;
  bool naive = false;
  std::function<void(const ShareSeries& series, const SharePlace& place, std::span<double> shares)>
      predict;
};
// The predictor must outlive the model.
ShareModel ModelOf(GraphPredictor& predictor);
// "hidden-state", which knows the expected shares: what it misses is the chance of a sample. A
// ceiling. REQUIRES: every block has them.
ShareModel HiddenStateModel();
bool HasExpectedShares(const ShareSeries& series);

// Gathers the scores of the same models over one test series, or several: the folds of a
// cross-validation, each tested on what its models did not see. Intervals come from a bootstrap of
// whole blocks, or of pieces of 25 places where there are fewer than eight blocks in all.
// Thread-safety: none.
class ShareScoreBoard {
 public:
  explicit ShareScoreBoard(ShareScoreOptions options) : options_(options) {}

  // Scores `models` on every place of `test` that has options.window steps before it.
  // kInvalidArgument for a bad series, or models that are not those of the call before.
  absl::Status Add(std::span<const ShareModel> models, const ShareSeries& test);

  // In the order of the models. kInvalidArgument when there was no place to test on.
  absl::StatusOr<std::vector<ShareScores>> Scores() const;

 private:
  struct Place {
    std::size_t block = 0;  // counted over all series
    bool changed = false;
    bool followed = false;  // the step before was a change and this is none
  };
  struct Model {
    std::string name;
    bool naive = false;
    std::vector<double> one_minus_tv;  // by place
    double kl_sum = 0;
  };
  std::vector<std::size_t> Units() const;
  ShareScores Summarise(const Model& model, const Model* best_naive,
                        const std::vector<std::size_t>& units) const;

  ShareScoreOptions options_;
  std::size_t blocks_ = 0;
  std::vector<Place> places_;
  std::vector<Model> models_;
};

// One series, predictors and, where every block has expected shares, the ceiling.
// Errors as ShareScoreBoard, and for a predictor of another space.
absl::StatusOr<std::vector<ShareScores>> ScoreGraphPredictors(
    std::span<const std::unique_ptr<GraphPredictor>> predictors, const ShareSeries& test,
    const ShareScoreOptions& options);

// Whether the step at `place` is a change. REQUIRES: place.step >= 1.
bool IsChange(const ShareSeries& series, const SharePlace& place, double threshold);

// The interval of the mean of `values`, units of equal number resampled together.
// REQUIRES: at least one value, units of the same size as values and rising.
ScoreInterval BootstrapMean(std::span<const double> values, std::span<const std::size_t> units,
                            int resamples, std::uint64_t seed);

}  // namespace trimtab
