#include "trimtab/scaling/derm/load_history.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "trimtab/probability/random_stream.h"

namespace trimtab {
namespace {

constexpr std::size_t kMostLoads = 240;
// Before any change was seen, this is the 95 % quantile of changes; it counts as much as so many
// changes. From kFewestChanges on the changes speak for themselves.
constexpr double kPriorChange = 1.15;
constexpr double kPriorLevel = 0.95;
constexpr double kPriorWeight = 4;
constexpr std::size_t kFewestChanges = 20;
// A load from which no ratio can be taken.
constexpr double kLeastLoad = 1e-3;

// Of few, that of a normal distribution whose variance begins at `prior`.
double QuantileOfRests(std::vector<double>& rests, double level, double prior) {
  if (rests.size() < kFewestChanges) {
    double squares = kPriorWeight * prior;
    for (const double rest : rests) squares += rest * rest;
    return InverseNormal(level) *
           std::sqrt(squares / (kPriorWeight + static_cast<double>(rests.size())));
  }
  const auto rank = static_cast<std::size_t>(std::ceil(level * static_cast<double>(rests.size())));
  const auto at = rests.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
  std::ranges::nth_element(rests, at);
  return *at;
}

}  // namespace

void LoadHistory::Note(double load) {
  last_ = load;
  logarithms_.push_back(std::log(std::max(load, kLeastLoad)));
  if (logarithms_.size() > kMostLoads) logarithms_.pop_front();
}

// Noise of a window takes itself back, a rise goes on: the slope says which. What that leaves
// unexplained has its quantile.
double LoadHistory::Quantile(double level) const {
  const double prior = std::pow(std::log(kPriorChange) / InverseNormal(kPriorLevel), 2);
  const std::size_t last = logarithms_.size() - 1;
  double products = 0;
  double squares = kPriorWeight * prior;
  for (std::size_t i = 2 * kHorizon; i <= last; ++i) {
    products += ChangeTo(i) * ChangeTo(i - kHorizon);
    squares += ChangeTo(i - kHorizon) * ChangeTo(i - kHorizon);
  }
  const double slope = std::clamp(products / squares, -1.0, 1.0);
  std::vector<double> rests;
  for (std::size_t i = kHorizon; i <= last; ++i) {
    rests.push_back(ChangeTo(i) - (i >= 2 * kHorizon ? slope * ChangeTo(i - kHorizon) : 0));
  }
  const double expected = last >= kHorizon ? slope * ChangeTo(last) : 0;
  return last_ * std::exp(std::max(expected + QuantileOfRests(rests, level, prior), 0.0));
}

}  // namespace trimtab
