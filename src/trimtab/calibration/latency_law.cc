#include "trimtab/calibration/latency_law.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "Eigen/Dense"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ceres/tiny_solver.h"
#include "ceres/tiny_solver_autodiff_function.h"
#include "fmt/format.h"
#include "trimtab/calibration/run_samples.h"
#include "trimtab/probability/random_stream.h"

namespace trimtab {
namespace {

constexpr std::array<double, 9> kProbabilities = {0.02, 0.05, 0.1,  0.25, 0.5,
                                                  0.75, 0.9,  0.95, 0.98};
constexpr std::array<double, 9> kWeights = {0.3, 0.5, 0.7, 1, 2, 1, 1, 2, 0.5};
constexpr std::size_t kFewestValues = 20;
// The resolution of a recording; nothing shorter has a logarithm worth fitting.
constexpr double kShortest = 1e-3;

struct Observed {
  double rate;
  std::array<double, kProbabilities.size()> log_quantiles;
};

// Parameters: logarithms of shift, mean, cv and growth with the rate.
class QuantileResiduals {
 public:
  using Scalar = double;
  // Names that the solver asks for.
  // NOLINTNEXTLINE(readability-identifier-naming)
  enum { NUM_RESIDUALS = Eigen::Dynamic, NUM_PARAMETERS = 4 };

  QuantileResiduals(const std::vector<Observed>& runs, bool grows) : runs_(runs), grows_(grows) {
    for (std::size_t i = 0; i < kProbabilities.size(); ++i) {
      normal_[i] = InverseNormal(kProbabilities[i]);
    }
  }
  int NumResiduals() const { return static_cast<int>(runs_.size() * kProbabilities.size()); }

  template <class T>
  bool operator()(const T* const x, T* residuals) const {
    using std::exp;
    using std::log;
    using std::sqrt;
    const T variance = log(1.0 + exp(2.0 * x[2]));
    const T sigma = sqrt(variance);
    std::size_t next = 0;
    for (const Observed& run : runs_) {
      T growth(0.0);
      if (grows_) growth = log(1.0 + exp(x[3]) * run.rate);
      for (std::size_t i = 0; i < kProbabilities.size(); ++i) {
        const T value = exp(x[0]) + exp(x[1] - variance * 0.5 + sigma * normal_[i]);
        residuals[next++] = kWeights[i] * (log(value) + growth - run.log_quantiles[i]);
      }
    }
    return true;
  }

 private:
  const std::vector<Observed>& runs_;
  bool grows_;
  std::array<double, kProbabilities.size()> normal_{};
};

LatencyMode FitMode(const std::vector<Observed>& runs) {
  double lowest = runs.front().rate;
  double highest = lowest;
  for (const Observed& run : runs) {
    lowest = std::min(lowest, run.rate);
    highest = std::max(highest, run.rate);
  }
  const bool grows = highest > 1.2 * lowest;
  const QuantileResiduals residuals(runs, grows);
  using Function = ceres::TinySolverAutoDiffFunction<QuantileResiduals, Eigen::Dynamic, 4>;
  Function function(residuals);
  ceres::TinySolver<Function> solver;
  solver.options.max_num_iterations = 200;
  Eigen::Vector4d x(runs[0].log_quantiles[0] + std::log(0.7), runs[0].log_quantiles[4], 0.0,
                    std::log(0.005));
  solver.Solve(function, &x);
  return {std::exp(x[0]), std::exp(x[1]), std::exp(x[2]), grows ? std::exp(x[3]) : 0.0};
}

absl::StatusOr<Observed> Observe(double rate, std::span<const double> values) {
  if (values.size() < kFewestValues) {
    return absl::InvalidArgumentError(
        fmt::format("{} values of one mode in a run at {:.1f} requests/s, at least {} are needed",
                    values.size(), rate, kFewestValues));
  }
  Observed observed{rate, {}};
  for (std::size_t i = 0; i < kProbabilities.size(); ++i) {
    observed.log_quantiles[i] =
        std::log(std::max(kShortest, QuantileOfSorted(values, kProbabilities[i])));
  }
  return observed;
}

}  // namespace

double LatencyMode::Quantile(double p, double rate) const {
  const double variance = std::log1p(cv * cv);
  return (shift +
          std::exp(std::log(mean) - variance / 2 + std::sqrt(variance) * InverseNormal(p))) *
         (1 + per_rate * rate);
}

double LatencyLaw::Quantile(double p, double rate) const {
  constexpr double kEdge = 1e-6;
  if (fast && p < fast_share) {
    return fast->Quantile(std::clamp(p / fast_share, kEdge, 1 - kEdge), rate);
  }
  return slow.Quantile(std::clamp((p - fast_share) / (1 - fast_share), kEdge, 1 - kEdge), rate);
}

std::optional<double> ModeThreshold(std::span<const LatencyRun> runs) {
  // Decades from 1 us to 100 s in tenths, smoothed over three.
  constexpr int kBins = 80;
  std::array<double, kBins> raw{};
  double total = 0;
  for (const LatencyRun& run : runs) {
    for (const double value : run.values) {
      const double decade = 10 * (std::log10(std::max(kShortest, value)) + 3);
      raw[static_cast<std::size_t>(std::clamp(decade, 0.0, kBins - 1.0))] += 1;
      total += 1;
    }
  }
  std::array<double, kBins> density{};
  for (int i = 0; i < kBins; ++i) {
    for (int j = std::max(0, i - 1); j <= std::min(kBins - 1, i + 1); ++j) {
      density[static_cast<std::size_t>(i)] += raw[static_cast<std::size_t>(j)];
    }
  }
  std::optional<double> best;
  double best_depth = 0.15;
  double below = 0;
  for (int i = 1; i + 1 < kBins; ++i) {
    below += raw[static_cast<std::size_t>(i - 1)];
    const double left = *std::max_element(density.begin(), density.begin() + i);
    const double right = *std::max_element(density.begin() + i + 1, density.end());
    if (below < 0.1 * total || below > 0.9 * total) continue;
    const double depth = density[static_cast<std::size_t>(i)] / std::min(left, right);
    if (depth < best_depth) {
      best_depth = depth;
      best = std::pow(10, (i + 0.5) / 10 - 3);
    }
  }
  return best;
}

absl::StatusOr<LatencyLaw> FitLatencyLaw(std::span<const LatencyRun> runs,
                                         std::optional<double> threshold) {
  if (runs.empty()) return absl::InvalidArgumentError("there are no runs");
  std::vector<Observed> fast;
  std::vector<Observed> slow;
  LatencyLaw law;
  for (const LatencyRun& run : runs) {
    std::size_t split = 0;
    if (threshold) {
      split = static_cast<std::size_t>(
          std::lower_bound(run.values.begin(), run.values.end(), *threshold) - run.values.begin());
      const auto observed = Observe(run.rate, run.values.subspan(0, split));
      if (!observed.ok()) return observed.status();
      fast.push_back(*observed);
      law.fast_share += static_cast<double>(split) / static_cast<double>(run.values.size()) /
                        static_cast<double>(runs.size());
    }
    const auto observed = Observe(run.rate, run.values.subspan(split));
    if (!observed.ok()) return observed.status();
    slow.push_back(*observed);
  }
  if (threshold) {
    law.fast = FitMode(fast);
    law.threshold = *threshold;
  }
  law.slow = FitMode(slow);
  return law;
}

}  // namespace trimtab
