#include "trimtab/endtoend/composition_fit.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "trimtab/endtoend/end_to_end_predictor.h"
#include "trimtab/neural/portable_math.h"

namespace trimtab {
namespace {

constexpr int kSteps = 600;
constexpr double kPeakRate = 0.1;

double InMs(Latency latency) {
  return InMilliseconds(std::max(latency, EndToEndPredictor::kShortest));
}

}  // namespace

Composition FitComposition(std::span<const EndToEndSample* const> samples,
                           std::span<const double> weights, double huber_log) {
  const std::size_t n = samples[0]->own_latency.size();
  std::vector<double> means;  // [sample][token]
  std::vector<double> log_tails;
  double total_weight = 0;
  double log_ratio = 0;
  for (std::size_t s = 0; s < samples.size(); ++s) {
    double sum = 0;
    for (const OwnLatency& own : samples[s]->own_latency) {
      means.push_back(InMs(own.mean));
      sum += means.back();
    }
    log_tails.push_back(PortableLog(InMs(samples[s]->tail)));
    log_ratio += weights[s] * (log_tails.back() - PortableLog(sum));
    total_weight += weights[s];
  }
  // All shares alike and a small constant to begin with. The last parameter is the constant's.
  std::vector<double> theta(n + 1, log_ratio / total_weight);
  std::vector<double> first(n + 1, 0.0);
  std::vector<double> second(n + 1, 0.0);
  std::vector<double> share(n + 1);
  std::vector<double> slope(n + 1);
  double decay_first = 1;
  double decay_second = 1;
  for (int step = 0; step < kSteps; ++step) {
    for (std::size_t i = 0; i <= n; ++i) share[i] = PortableExp(theta[i]);
    std::fill(slope.begin(), slope.end(), 0.0);
    for (std::size_t s = 0; s < samples.size(); ++s) {
      const double* mean = &means[s * n];
      double sum = share[n];
      for (std::size_t i = 0; i < n; ++i) sum += share[i] * mean[i];
      const double error = std::clamp(PortableLog(sum) - log_tails[s], -huber_log, huber_log);
      const double by_sum = weights[s] / total_weight * error / huber_log / sum;
      for (std::size_t i = 0; i < n; ++i) slope[i] += by_sum * share[i] * mean[i];
      slope[n] += by_sum * share[n];
    }
    decay_first *= 0.9;
    decay_second *= 0.99;
    const double progress = static_cast<double>(step) / kSteps;
    const double rate = kPeakRate * (1 - progress) * (1 - progress);
    for (std::size_t i = 0; i <= n; ++i) {
      first[i] = 0.9 * first[i] + 0.1 * slope[i];
      second[i] = 0.99 * second[i] + 0.01 * slope[i] * slope[i];
      const double mean = first[i] / (1 - decay_first);
      const double deviation = std::sqrt(second[i] / (1 - decay_second));
      theta[i] = std::clamp(theta[i] - rate * mean / (deviation + 1e-12), -20.0, 5.0);
    }
  }
  Composition fit;
  for (std::size_t i = 0; i < n; ++i) fit.shares.push_back(PortableExp(theta[i]));
  fit.constant = PortableExp(theta[n]);
  return fit;
}

}  // namespace trimtab
