#include "trimtab/scaling/derm/derm_forecast.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <utility>

namespace trimtab {
namespace {

// How far ahead a plan must hold, in steps: the step it is made for, and the one in which its
// containers start while the measured window lies behind.
constexpr std::size_t kHorizon = 2;
constexpr std::size_t kMostLoads = 240;
// Before this many changes were seen, this one is taken for their quantile.
constexpr std::size_t kFewestChanges = 20;
constexpr double kPriorChange = 1.15;
// A load from which no ratio can be taken.
constexpr double kLeastLoad = 1e-3;
// Loads beyond this are nonsense of a counter.
constexpr double kMostLoad = 1e9;
// Trees remembered; beyond it those of classes not seen in the last windows go.
constexpr std::size_t kMostTrees = 4096;

ShareForecasterOptions ForecasterOf(const DermOptions& options) {
  const bool paper = options.fidelity == DermFidelity::kPaper;
  return {.gated = !paper,
          .scored_steps = static_cast<std::size_t>(options.scored_windows),
          .retrain_every = static_cast<std::size_t>(options.retrain_windows),
          .drift = options.drift,
          .fewest_steps = static_cast<std::size_t>(options.first_training_windows),
          .learner = {.plain = paper, .samples_read = options.training_samples}};
}

}  // namespace

DermForecast::DermForecast(const DermOptions& options, std::shared_ptr<const ShareKnowledge> before)
    : options_(options) {
  if (options.predictor == DermPredictor::kNetwork) {
    shares_.emplace(ForecasterOf(options), std::move(before));
  }
}

void DermForecast::Note(const Observation& seen, std::optional<double> load) {
  if (load) {
    loads_.push_back(std::clamp(*load, 0.0, kMostLoad));
    if (loads_.size() > kMostLoads) loads_.pop_front();
  }
  if (!seen.graph_classes.empty()) {
    ShareMix& window = windows_.emplace_back();
    for (const GraphClassObservation& of : seen.graph_classes) {
      if (of.traces <= 0) continue;
      window[of.id] = static_cast<double>(of.traces);
      trees_[of.id] = of.tree;
    }
    while (windows_.size() > static_cast<std::size_t>(options_.share_windows)) {
      windows_.pop_front();
    }
  }
  if (trees_.size() > kMostTrees) {
    const ShareMix known = LastWindows();
    std::erase_if(trees_, [&known](const auto& of) { return !known.contains(of.first); });
  }
  if (shares_) NoteShares(seen, load);
}

void DermForecast::NoteShares(const Observation& seen, std::optional<double> load) {
  std::optional<ShareStep> step;
  if (load && !seen.graph_classes.empty() && !windows_.back().empty()) {
    step.emplace(ShareStep{.graphs = windows_.back(), .load = std::clamp(*load, 0.0, kMostLoad)});
    for (const ArgumentClassObservation& of : seen.argument_classes) {
      step->arguments[of.name] = static_cast<double>(of.traces);
    }
  }
  const auto stride =
      static_cast<std::size_t>((seen.window + options_.step - Duration(1)) / options_.step);
  shares_->Note(std::move(step), LastWindows(), stride);
}

std::optional<double> DermForecast::LastLoad() const {
  if (loads_.empty()) return std::nullopt;
  return loads_.back();
}

std::optional<double> DermForecast::LoadQuantile(double level) const {
  if (loads_.empty()) return std::nullopt;
  std::vector<double> changes;
  for (std::size_t i = kHorizon; i < loads_.size(); ++i) {
    if (loads_[i - kHorizon] >= kLeastLoad) changes.push_back(loads_[i] / loads_[i - kHorizon]);
  }
  if (changes.size() < kFewestChanges) return loads_.back() * kPriorChange;
  std::ranges::sort(changes);
  const auto rank =
      static_cast<std::size_t>(std::ceil(level * static_cast<double>(changes.size())));
  return loads_.back() * std::max(changes[std::max<std::size_t>(rank, 1) - 1], 1.0);
}

ShareMix DermForecast::LastWindows() const {
  ShareMix sum;
  for (const ShareMix& window : windows_) {
    for (const auto& [id, traces] : window) sum[id] += traces;
  }
  return SharesOfMix(std::move(sum));
}

std::vector<ForecastClass> DermForecast::Classes() const {
  const ShareMix mix = shares_ && shares_->trusted() ? *shares_->foreseen() : LastWindows();
  std::vector<ForecastClass> classes;
  double sum = 0;
  for (const auto& [id, share] : mix) {
    const auto tree = trees_.find(id);
    if (tree == trees_.end() || !(share > 0)) continue;
    classes.push_back({.id = id, .tree = tree->second, .share = share});
    sum += share;
  }
  for (ForecastClass& each : classes) each.share /= sum;
  std::ranges::stable_sort(
      classes, [](const ForecastClass& a, const ForecastClass& b) { return a.share > b.share; });
  return classes;
}

std::string DermForecast::Words() const { return shares_ ? shares_->Words() : ""; }

}  // namespace trimtab
