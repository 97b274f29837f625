// A network of graph shares that goes on learning from what is observed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/graphdynamics/graph_predictor.h"
#include "trimtab/graphdynamics/share_network_model.h"
#include "trimtab/graphdynamics/share_network_trainer.h"
#include "trimtab/graphdynamics/share_series.h"
#include "trimtab/graphdynamics/share_steps.h"

namespace trimtab {

// What was learned before a run, and from what.
struct ShareKnowledge {
  ShareNetworkModel model;
  ShareSeries history;  // of the model's space, which ends with "(other)"; oldest first

  // kInvalidArgument names what does not fit.
  absl::Status Validate() const;
};

struct ShareLearnerOptions {
  bool plain = false;  // the paper's network as it is, without copying and blend
  int window = 5;      // steps that a prediction reads (Derm V-A)
  int encoder = 128;   // Derm V-B
  int decoder = 32;    // Derm V-B
  // Read by a training that goes on from a model: 75 us of CPU time each at this size. One that
  // begins anew reads twice as many.
  std::int64_t samples_read = 8'000;
  std::uint64_t seed = 1;
  SimdLevel level = SimdLevel::kNative;
};

// Derm V-B with VII's retraining on recent and historical data. A model keeps the classes that it
// was trained with; a class that it does not know has the share of the newest step, and the others
// share the rest as the network says. A training has two candidates: one goes on from the model
// that there is, on recent and historical steps, the other begins anew on the recent ones alone,
// with a roster of its own when too many requests are of unknown classes. Which of them is kept the
// newest steps decide: history speaks for a law that may no longer hold.
// Deterministic. Thread-safety: none. Cost: ShareLearnerOptions::samples_read bounds a training.
class ShareLearner {
 public:
  using Train = std::function<absl::StatusOr<ShareNetworkModel>(const ShareSeries& training,
                                                                const ShareTrainingOptions& how)>;

  // Without `before` there is no model until the first training; with it, the shape of the network
  // is the model's. `train` is TrainShareNetwork unless given.
  explicit ShareLearner(ShareLearnerOptions options,
                        std::shared_ptr<const ShareKnowledge> before = nullptr,
                        Train train = nullptr);

  std::size_t window() const { return static_cast<std::size_t>(options_.window); }
  bool has_model() const { return predictor_ != nullptr; }
  // Mean 1 - total variation one step ahead on the steps held out of the training, of the model
  // and of the mean of the two newest steps. REQUIRES: has_model().
  double validation_score() const { return validation_score_; }
  double naive_score() const { return naive_score_; }

  // Shares of the step after `past`, oldest first; they sum to one.
  // REQUIRES: has_model(), at least one step.
  ShareMix Predict(std::span<const ShareStep> past) const;

  // Trains on `recent`, one candidate with `history_share` as many historical steps as recent
  // ones. The newest quarter of the recent runs is held out. The outcome waits for Adopt(). On an
  // error everything stays as it was: kInvalidArgument when there is too little to learn from.
  absl::Status Learn(std::span<const ShareRun> recent, double history_share);
  // Puts what was learned last into use; nothing without it.
  void Adopt();

 private:
  struct Model {
    ShareNetworkModel network;
    std::unique_ptr<GraphPredictor> predictor;
    double validation_score = 0;
    double naive_score = 0;
  };
  ShareSpace SpaceFor(std::span<const ShareRun> recent) const;
  void AddHistory(std::size_t steps, ShareSeries& training);
  absl::StatusOr<Model> TrainOn(const ShareSeries& series, std::size_t recent,
                                const ShareNetworkModel* start) const;
  absl::StatusOr<Model> Finish(ShareNetworkModel network, const ShareSeries& series,
                               std::span<const SharePlace> held_out) const;
  void Use(Model model);

  ShareLearnerOptions options_;
  std::shared_ptr<const ShareKnowledge> before_;
  Train train_;
  ShareNetworkModel network_;
  std::unique_ptr<GraphPredictor> predictor_;
  double validation_score_ = 0;
  double naive_score_ = 0;
  std::optional<Model> learned_;
  std::uint64_t trainings_ = 0;
};

}  // namespace trimtab
