// Which predictor of graph shares to believe, step by step.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/graphdynamics/share_learner.h"
#include "trimtab/graphdynamics/share_steps.h"

namespace trimtab {

struct ShareForecasterOptions {
  // ---- decides behaviour
  // The network is used while its mean score over this many newest predictions is not below the
  // naive one's; false: as it is, however it scores.
  bool gated = true;
  std::size_t scored_steps = 20;
  // A training is begun this many steps after the last one, and earlier when the network scores
  // more than `drift` below the best validation there was, two standard errors apart: once in
  // scored_steps, and half as often after each training that did not help.
  std::size_t retrain_every = 60;
  double drift = 0.05;
  // Without a model the first training waits for this many measured steps.
  std::size_t fewest_steps = 60;
  // What is learned at a step is used from this many steps later on: training takes its time.
  std::size_t training_delay = 1;
  ShareLearnerOptions learner;
};

// Takes the steps as they are measured and foresees the shares of the next one. Scores are
// 1 - total variation of what was foreseen for a step from what came.
// Deterministic: a function of the steps so far. Thread-safety: none.
// Cost: a prediction (35 us) a step, and now and then a training.
class ShareForecaster {
 public:
  ShareForecaster(ShareForecasterOptions options, std::shared_ptr<const ShareKnowledge> before,
                  ShareLearner::Train train = nullptr)
      : options_(options), learner_(options.learner, std::move(before), std::move(train)) {}

  // The step that ended now, or nothing where it could not be measured; what the naive predictor
  // foresees; and how many calls make up one step: of `stride` calls each measures a step that
  // overlaps the others, and the one that is foreseen ends `stride` calls from now.
  void Note(std::optional<ShareStep> step, const ShareMix& naive, std::size_t stride);

  // Of the network, for the step that ends `stride` calls after the last; nothing without a model.
  const std::optional<ShareMix>& foreseen() const { return foreseen_; }
  // Whether the network is to be used.
  bool trusted() const;
  // "network (1 - TV 0.912 over 20 steps, persistence 0.893)", and what was learned last.
  std::string Words() const;

  struct Scores {
    double network = 0;
    double naive = 0;
    std::size_t steps = 0;
  };
  // Means over the newest scored_steps; over the whole run.
  Scores recent() const;
  Scores all() const { return all_; }
  int trainings() const { return trainings_; }
  int failed_trainings() const { return failed_trainings_; }

 private:
  struct Pair {
    double network = 0;
    double naive = 0;
  };
  struct Foreseen {
    std::size_t at = 0;  // the call that measures it
    std::optional<ShareMix> network;
    ShareMix naive;
  };
  void Score(const ShareStep& step);
  void MaybeLearn(std::size_t stride);
  bool Drifted();
  std::vector<ShareRun> Runs(std::size_t newest, std::size_t stride) const;
  void Foresee(const ShareMix& naive, std::size_t stride);

  ShareForecasterOptions options_;
  ShareLearner learner_;
  std::size_t calls_ = 0;
  std::size_t measured_ = 0;
  std::deque<std::optional<ShareStep>> steps_;  // one a call, the newest at the back
  std::deque<Foreseen> pending_;
  std::deque<Pair> scores_;
  std::optional<ShareMix> foreseen_;
  Scores all_;  // means
  double best_validation_ = 0;
  int vain_trainings_ = 0;      // on drift, since the score was last as it should be
  std::size_t learned_at_ = 0;  // the call of the last attempt
  std::optional<std::size_t> adopt_at_;
  int trainings_ = 0;
  int failed_trainings_ = 0;
  std::string last_;  // what the last training did
};

}  // namespace trimtab
