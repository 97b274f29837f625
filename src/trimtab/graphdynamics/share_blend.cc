#include "trimtab/graphdynamics/share_blend.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "trimtab/graphdynamics/share_series.h"
#include "trimtab/neural/portable_math.h"

namespace trimtab {
namespace {

constexpr double kLeastShare = 1e-6;
constexpr int kParts = 10;

std::vector<double> MeanOfWindow(const ShareWindow& past, std::size_t graphs) {
  std::vector<double> mean(graphs, 0.0);
  for (std::size_t t = 0; t < past.steps(); ++t) {
    for (std::size_t g = 0; g < graphs; ++g) mean[g] += past.graphs(t)[g];
  }
  for (double& share : mean) share /= static_cast<double>(past.steps());
  return mean;
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

std::array<double, 3> BestBlend(const ShareSeries& series, std::span<const SharePlace> places,
                                std::span<const double> predicted, std::size_t window) {
  const std::size_t graphs = series.space.graphs();
  std::array<std::array<double, kParts + 1>, kParts + 1> distance{};
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto measured = series.graphs(places[i].block, places[i].step);
    const ShareWindow past = series.Before(places[i].block, places[i].step, window);
    const auto last = past.graphs(window - 1);
    const auto mean = MeanOfWindow(past, graphs);
    for (int n = 0; n <= kParts; ++n) {
      for (int l = 0; n + l <= kParts; ++l) {
        double sum = 0;
        for (std::size_t g = 0; g < graphs; ++g) {
          sum += std::abs(
              (n * predicted[i * graphs + g] + l * last[g] + (kParts - n - l) * mean[g]) / kParts -
              measured[g]);
        }
        distance[n][l] += sum;
      }
    }
  }
  int best_n = kParts;
  int best_l = 0;
  for (int n = kParts; n >= 0; --n) {
    for (int l = 0; n + l <= kParts; ++l) {
      if (distance[n][l] < distance[best_n][best_l]) {
        best_n = n;
        best_l = l;
      }
    }
  }
  const double parts = kParts;
  return {best_n / parts, best_l / parts, (kParts - best_n - best_l) / parts};
}

}  // namespace trimtab
