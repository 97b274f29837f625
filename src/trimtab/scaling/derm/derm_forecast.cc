#include "trimtab/scaling/derm/derm_forecast.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <utility>

namespace trimtab {
namespace {

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
  if (load) load_.Note(std::clamp(*load, 0.0, kMostLoad));
  arrivals_.resize(std::max(arrivals_.size(), seen.microservices.size()));
  for (std::size_t i = 0; i < seen.microservices.size(); ++i) {
    const auto& rate = seen.microservices[i].arrival_rate;
    if (!rate || !(rate->value() >= 0 && rate->value() <= kMostLoad)) continue;
    arrivals_[i].Note(rate->value());
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
  if (load_.empty()) return std::nullopt;
  return load_.last();
}

std::optional<double> DermForecast::LoadQuantile(double level) const {
  if (load_.empty()) return std::nullopt;
  return load_.Quantile(level);
}

std::optional<double> DermForecast::ArrivalQuantile(std::size_t microservice, double level) const {
  if (microservice >= arrivals_.size() || arrivals_[microservice].empty()) return std::nullopt;
  return arrivals_[microservice].Quantile(level);
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
