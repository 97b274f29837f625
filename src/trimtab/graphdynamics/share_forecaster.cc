#include "trimtab/graphdynamics/share_forecaster.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "fmt/format.h"

namespace trimtab {
namespace {

constexpr std::size_t kMostSteps = 480;
// Before so many predictions were scored the validation says which predictor is better.
constexpr std::size_t kFewestScored = 5;
// As many historical steps as recent ones on schedule. What has drifted is learned from the newest
// steps: history speaks for a law that may no longer hold.
constexpr double kHistory = 1;
constexpr double kHistoryAfterDrift = 0.25;
constexpr int kMostVain = 3;
constexpr std::size_t kStepsAfterDrift = 3;  // times scored_steps

}  // namespace

void ShareForecaster::Note(std::optional<ShareStep> step, const ShareMix& naive,
                           std::size_t stride) {
  ++calls_;
  stride = std::max<std::size_t>(stride, 1);
  if (step) {
    ++measured_;
    Score(*step);
  }
  while (!pending_.empty() && pending_.front().at <= calls_) pending_.pop_front();
  steps_.push_back(std::move(step));
  if (steps_.size() > kMostSteps) steps_.pop_front();
  MaybeLearn(stride);
  if (adopt_at_ && *adopt_at_ <= calls_) {
    learner_.Adopt();
    adopt_at_.reset();
    // What was foreseen until now, scored or not, was another model's.
    scores_.clear();
    for (Foreseen& of : pending_) of.network.reset();
  }
  Foresee(naive, stride);
}

void ShareForecaster::Score(const ShareStep& step) {
  const ShareMix came = SharesOfMix(step.graphs);
  for (const Foreseen& of : pending_) {
    if (of.at != calls_ || !of.network) continue;
    const Pair pair{1 - TotalVariation(*of.network, came), 1 - TotalVariation(of.naive, came)};
    scores_.push_back(pair);
    if (scores_.size() > options_.scored_steps) scores_.pop_front();
    const auto before = static_cast<double>(all_.steps++);
    all_.network += (pair.network - all_.network) / (before + 1);
    all_.naive += (pair.naive - all_.naive) / (before + 1);
  }
}

ShareForecaster::Scores ShareForecaster::recent() const {
  Scores mean{.steps = scores_.size()};
  for (const Pair& pair : scores_) {
    mean.network += pair.network / static_cast<double>(scores_.size());
    mean.naive += pair.naive / static_cast<double>(scores_.size());
  }
  return mean;
}

bool ShareForecaster::trusted() const {
  if (!foreseen_) return false;
  if (!options_.gated) return true;
  const Scores mean = recent();
  if (mean.steps < kFewestScored) return learner_.validation_score() >= learner_.naive_score();
  return mean.network >= mean.naive;
}

bool ShareForecaster::Drifted() {
  best_validation_ = std::max(best_validation_, learner_.validation_score());
  if (scores_.size() < options_.scored_steps) return false;
  const double mean = recent().network;
  double squares = 0;
  for (const Pair& pair : scores_) squares += (pair.network - mean) * (pair.network - mean);
  const auto count = static_cast<double>(scores_.size());
  const double error = std::sqrt(squares / count / count);
  if (mean + 2 * error >= best_validation_ - options_.drift) {
    vain_trainings_ = 0;
    return false;
  }
  return calls_ - learned_at_ >= options_.scored_steps << std::min(vain_trainings_, kMostVain);
}

void ShareForecaster::MaybeLearn(std::size_t stride) {
  const std::size_t since = calls_ - learned_at_;
  const bool first = !learner_.has_model();
  const bool due = first ? measured_ >= options_.fewest_steps &&
                               (learned_at_ == 0 || since >= options_.retrain_every)
                         : since >= options_.retrain_every;
  const bool drifted = !first && Drifted();
  if (adopt_at_ || (!due && !drifted)) return;
  learned_at_ = calls_;
  if (drifted) ++vain_trainings_;
  const absl::Status learned =
      drifted ? learner_.Learn(Runs(kStepsAfterDrift * options_.scored_steps, stride),
                               kHistoryAfterDrift)
              : learner_.Learn(Runs(kMostSteps, stride), kHistory);
  const std::string_view why = first ? "trained" : drifted ? "retrained on drift" : "retrained";
  if (!learned.ok()) {
    ++failed_trainings_;
    last_ = fmt::format("not {}: {}", why, std::string(learned.message()));
    return;
  }
  ++trainings_;
  last_ = why;
  adopt_at_ = calls_ + options_.training_delay;
}

// Of the newest calls, every stride-th: `stride` series side by side, cut where one is missing.
std::vector<ShareRun> ShareForecaster::Runs(std::size_t newest, std::size_t stride) const {
  std::vector<ShareRun> runs;
  const std::size_t from = steps_.size() > newest ? steps_.size() - newest : 0;
  for (std::size_t phase = 0; phase < stride; ++phase) {
    runs.push_back({.steps = {}, .stride = stride});
    for (std::size_t i = from + phase; i < steps_.size(); i += stride) {
      if (!steps_[i]) {
        runs.push_back({.steps = {}, .stride = stride});
        continue;
      }
      runs.back().steps.push_back(*steps_[i]);
      runs.back().end = i;
    }
  }
  return runs;
}

void ShareForecaster::Foresee(const ShareMix& naive, std::size_t stride) {
  foreseen_.reset();
  if (learner_.has_model()) {
    std::vector<ShareStep> past;  // newest first
    const std::size_t window = learner_.window();
    for (std::size_t back = 0; back < window * stride && back < steps_.size(); back += stride) {
      const auto& step = steps_[steps_.size() - 1 - back];
      if (!step) break;
      past.push_back(*step);
    }
    std::ranges::reverse(past);
    if (!past.empty()) foreseen_ = learner_.Predict(past);
  }
  pending_.push_back({.at = calls_ + stride, .network = foreseen_, .naive = naive});
}

std::string ShareForecaster::Words() const {
  std::string words = trusted() ? "network" : "persistence";
  const Scores mean = recent();
  if (mean.steps > 0) {
    words += fmt::format(" (1 - TV of the network {:.3f}, of persistence {:.3f} over {} steps)",
                         mean.network, mean.naive, mean.steps);
  } else if (!learner_.has_model()) {
    words += " (no network yet)";
  }
  if (!last_.empty()) words += fmt::format(", {} {} steps ago", last_, calls_ - learned_at_);
  return words;
}

}  // namespace trimtab
