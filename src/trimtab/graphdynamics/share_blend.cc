#include "trimtab/graphdynamics/share_blend.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "trimtab/graphdynamics/share_series.h"
#include "trimtab/neural/portable_math.h"

namespace trimtab {
namespace {

constexpr double kLeastShare = 1e-6;
constexpr int kParts = 10;
constexpr std::array kQuietParts = {0.5, 0.7, 0.8, 0.9, 0.95, 0.98};

std::vector<double> MeanOfWindow(const ShareWindow& past, std::size_t graphs) {
  std::vector<double> mean(graphs, 0.0);
  for (std::size_t t = 0; t < past.steps(); ++t) {
    for (std::size_t g = 0; g < graphs; ++g) mean[g] += past.graphs(t)[g];
  }
  for (double& share : mean) share /= static_cast<double>(past.steps());
  return mean;
}

// Of every mixture in tenths: [tenths predicted][tenths of the newest step].
using BlendDistances = std::array<std::array<double, kParts + 1>, kParts + 1>;

struct PlaceDistance {
  double signal = 0;
  BlendDistances distances{};
};

PlaceDistance DistanceAt(std::span<const double> measured, const ShareWindow& past,
                         std::span<const double> predicted) {
  const std::size_t graphs = measured.size();
  const std::size_t newest = past.steps() - 1;
  const auto last = past.graphs(newest);
  const auto mean = MeanOfWindow(past, graphs);
  PlaceDistance place{.signal = MoveSignal(predicted, last, past.load(newest))};
  for (int n = 0; n <= kParts; ++n) {
    for (int l = 0; n + l <= kParts; ++l) {
      for (std::size_t g = 0; g < graphs; ++g) {
        place.distances[n][l] += std::abs(
            (n * predicted[g] + l * last[g] + (kParts - n - l) * mean[g]) / kParts - measured[g]);
      }
    }
  }
  return place;
}

void AddTo(const BlendDistances& distances, BlendDistances& sums) {
  for (int n = 0; n <= kParts; ++n) {
    for (int l = 0; n + l <= kParts; ++l) sums[n][l] += distances[n][l];
  }
}

BlendDistances Difference(BlendDistances all, const BlendDistances& part) {
  for (int n = 0; n <= kParts; ++n) {
    for (int l = 0; n + l <= kParts; ++l) all[n][l] -= part[n][l];
  }
  return all;
}

std::pair<ShareWeights, double> BestWeights(const BlendDistances& distances) {
  int best_n = kParts;
  int best_l = 0;
  for (int n = kParts; n >= 0; --n) {
    for (int l = 0; n + l <= kParts; ++l) {
      if (distances[n][l] < distances[best_n][best_l]) {
        best_n = n;
        best_l = l;
      }
    }
  }
  const double parts = kParts;
  return {{best_n / parts, best_l / parts, (kParts - best_n - best_l) / parts},
          distances[best_n][best_l]};
}

}  // namespace

double TotalVariation(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::abs(a[i] - b[i]);
  return sum / 2;
}

double CrossEntropy(std::span<const double> measured, std::span<const double> predicted) {
  double sum = 0;
  for (std::size_t i = 0; i < measured.size(); ++i) {
    if (measured[i] > 0) sum -= measured[i] * PortableLog(std::max(predicted[i], kLeastShare));
  }
  return sum;
}

double KullbackLeibler(std::span<const double> measured, std::span<const double> predicted) {
  double entropy = 0;
  for (const double share : measured) {
    if (share > 0) entropy -= share * PortableLog(share);
  }
  return CrossEntropy(measured, predicted) - entropy;
}

double MoveSignal(std::span<const double> predicted, std::span<const double> newest, double load) {
  return TotalVariation(predicted, newest) * std::sqrt(load);
}

ShareBlend BestBlend(const ShareSeries& series, std::span<const SharePlace> places,
                     std::span<const double> predicted, std::size_t window) {
  const std::size_t graphs = series.space.graphs();
  std::vector<PlaceDistance> by_signal(places.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    const ShareWindow past = series.Before(places[i].block, places[i].step, window);
    by_signal[i] = DistanceAt(series.graphs(places[i].block, places[i].step), past,
                              predicted.subspan(i * graphs, graphs));
  }
  std::ranges::stable_sort(by_signal, {}, &PlaceDistance::signal);
  // What the places below each bound are off by, and from the sum of all what those above are.
  std::vector<std::size_t> bounds = {0};
  for (const double part : kQuietParts) {
    bounds.push_back(static_cast<std::size_t>(part * static_cast<double>(places.size())));
  }
  BlendDistances all{};
  std::vector<BlendDistances> below;
  for (std::size_t i = 0; i < by_signal.size(); ++i) {
    while (below.size() < bounds.size() && bounds[below.size()] == i) below.push_back(all);
    AddTo(by_signal[i].distances, all);
  }
  ShareBlend best;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t b = 0; b < below.size(); ++b) {
    const auto [quiet, quiet_distance] = BestWeights(below[b]);
    const auto [moving, moving_distance] = BestWeights(Difference(all, below[b]));
    if (quiet_distance + moving_distance >= least) continue;
    least = quiet_distance + moving_distance;
    best = {.moving = moving, .quiet = quiet, .signal = b == 0 ? 0 : by_signal[bounds[b]].signal};
  }
  return best;
}

}  // namespace trimtab
