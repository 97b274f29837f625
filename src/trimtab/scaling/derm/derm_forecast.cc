#include "trimtab/scaling/derm/derm_forecast.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
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

}  // namespace

void DermForecast::Note(const Observation& seen, std::optional<double> load) {
  if (load) {
    loads_.push_back(std::clamp(*load, 0.0, kMostLoad));
    if (loads_.size() > kMostLoads) loads_.pop_front();
  }
  if (!seen.graph_classes.empty()) {
    windows_.push_back(seen.graph_classes);
    while (windows_.size() > static_cast<std::size_t>(options_.share_windows)) {
      windows_.pop_front();
    }
  }
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

std::vector<ForecastClass> DermForecast::Classes() const {
  struct Sum {
    std::int64_t traces = 0;
    const CallTree* tree = nullptr;
  };
  std::map<std::string, Sum> sums;
  std::int64_t all = 0;
  for (const auto& window : windows_) {
    for (const GraphClassObservation& of : window) {
      Sum& sum = sums[of.id];
      sum.traces += of.traces;
      sum.tree = &of.tree;  // the newest: what is parallel is better known
      all += of.traces;
    }
  }
  std::vector<ForecastClass> classes;
  for (const auto& [id, sum] : sums) {
    if (sum.traces <= 0) continue;
    classes.push_back({.id = id,
                       .tree = *sum.tree,
                       .share = static_cast<double>(sum.traces) / static_cast<double>(all)});
  }
  std::ranges::stable_sort(
      classes, [](const ForecastClass& a, const ForecastClass& b) { return a.share > b.share; });
  return classes;
}

}  // namespace trimtab
