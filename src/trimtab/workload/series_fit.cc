#include "trimtab/workload/series_fit.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <utility>
#include <vector>

#include "Eigen/Dense"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/quantity/time.h"
#include "trimtab/workload/fitted_series.h"
#include "trimtab/workload/load_series.h"

namespace trimtab {
namespace {

constexpr std::size_t kFewestValues = 16;
constexpr int kCheckedSeeds = 20;

struct Statistics {
  double mean = 0;
  double deviation = 0;
  double p5 = 0;
  double p95 = 0;
};

Statistics StatisticsOf(std::vector<double> values) {
  Statistics s;
  for (const double v : values) s.mean += v;
  s.mean /= static_cast<double>(values.size());
  for (const double v : values) s.deviation += (v - s.mean) * (v - s.mean);
  s.deviation = std::sqrt(s.deviation / static_cast<double>(values.size()));
  std::sort(values.begin(), values.end());
  const auto last = static_cast<double>(values.size() - 1);
  s.p5 = values[static_cast<std::size_t>(std::lround(0.05 * last))];
  s.p95 = values[static_cast<std::size_t>(std::lround(0.95 * last))];
  return s;
}

// The values present and where they stand on the grid.
struct Present {
  std::vector<std::size_t> index;
  Eigen::VectorXd value;
};

absl::StatusOr<Present> PresentValues(const RecordedSeries& recording) {
  if (recording.step <= Duration(0)) {
    return absl::InvalidArgumentError(
        fmt::format("step is {} ns, must be above 0", recording.step.count()));
  }
  Present present;
  for (std::size_t i = 0; i < recording.values.size(); ++i) {
    const double value = recording.values[i];
    if (std::isnan(value)) continue;
    if (!std::isfinite(value) || value < 0) {
      return absl::InvalidArgumentError(
          fmt::format("value {} is {}, must be finite and not negative", i, value));
    }
    present.index.push_back(i);
  }
  if (present.index.size() < kFewestValues) {
    return absl::InvalidArgumentError(fmt::format("{} values are present, at least {} are needed",
                                                  present.index.size(), kFewestValues));
  }
  present.value.resize(static_cast<Eigen::Index>(present.index.size()));
  for (std::size_t i = 0; i < present.index.size(); ++i) {
    present.value[static_cast<Eigen::Index>(i)] = recording.values[present.index[i]];
  }
  return present;
}

// Columns: 1, t / length, then cos and sin of each chosen harmonic number.
Eigen::MatrixXd Design(const Present& present, std::size_t grid, const std::vector<int>& numbers) {
  Eigen::MatrixXd design(present.value.size(), 2 + 2 * static_cast<Eigen::Index>(numbers.size()));
  for (Eigen::Index row = 0; row < design.rows(); ++row) {
    const double t = static_cast<double>(present.index[static_cast<std::size_t>(row)]) /
                     static_cast<double>(grid);
    design(row, 0) = 1;
    design(row, 1) = t;
    for (std::size_t k = 0; k < numbers.size(); ++k) {
      const double angle = 2 * std::numbers::pi * numbers[k] * t;
      design(row, 2 + 2 * static_cast<Eigen::Index>(k)) = std::cos(angle);
      design(row, 3 + 2 * static_cast<Eigen::Index>(k)) = std::sin(angle);
    }
  }
  return design;
}

// The harmonic number whose cosine and sine explain most of `residual`, and that power.
std::pair<int, double> StrongestHarmonic(const Present& present, std::size_t grid,
                                         const Eigen::VectorXd& residual,
                                         const std::vector<int>& taken) {
  std::pair<int, double> best{0, 0.0};
  const int most = static_cast<int>(std::min<std::size_t>(60, present.index.size() / 4));
  for (int k = 1; k <= most; ++k) {
    if (std::find(taken.begin(), taken.end(), k) != taken.end()) continue;
    double c = 0;
    double s = 0;
    for (Eigen::Index row = 0; row < residual.size(); ++row) {
      const double angle = 2 * std::numbers::pi * k *
                           static_cast<double>(present.index[static_cast<std::size_t>(row)]) /
                           static_cast<double>(grid);
      c += residual[row] * std::cos(angle);
      s += residual[row] * std::sin(angle);
    }
    const double power = 2 * (c * c + s * s) / static_cast<double>(residual.size());
    if (power > best.second) best = {k, power};
  }
  return best;
}

// Yule-Walker by Levinson-Durbin on the residual, over the pairs of which both are present.
void FitAutoregression(const std::vector<double>& residual_on_grid, int order, FittedSeries& d) {
  std::vector<double> covariance(static_cast<std::size_t>(order) + 1, 0.0);
  std::size_t count = 0;
  for (const double r : residual_on_grid) count += std::isnan(r) ? 0U : 1U;
  for (std::size_t lag = 0; lag < covariance.size(); ++lag) {
    for (std::size_t i = lag; i < residual_on_grid.size(); ++i) {
      const double product = residual_on_grid[i] * residual_on_grid[i - lag];
      if (!std::isnan(product)) covariance[lag] += product;
    }
    covariance[lag] /= static_cast<double>(count);
  }
  double error = covariance[0];
  d.autoregression.clear();
  for (int k = 1; k <= order && error > 1e-12 * covariance[0] && error > 0; ++k) {
    double reflection = covariance[static_cast<std::size_t>(k)];
    for (std::size_t j = 0; j < d.autoregression.size(); ++j) {
      reflection -= d.autoregression[j] * covariance[static_cast<std::size_t>(k) - 1 - j];
    }
    reflection /= error;
    if (!(std::abs(reflection) < 1)) break;  // gaps can cost the estimate its positivity
    const std::vector<double> shorter = d.autoregression;
    for (std::size_t j = 0; j < shorter.size(); ++j) {
      d.autoregression[j] -= reflection * shorter[shorter.size() - 1 - j];
    }
    d.autoregression.push_back(reflection);
    error *= 1 - reflection * reflection;
  }
  d.sigma = std::sqrt(std::max(error, 0.0));
}

void CompareRealizations(const Statistics& recorded, SeriesFit& fit) {
  for (int seed = 1; seed <= kCheckedSeeds; ++seed) {
    const auto series =
        Realize(fit.description, 1.0, static_cast<std::uint64_t>(seed), "workload/fit-check");
    if (!series.ok()) return;
    const Statistics made = StatisticsOf(series->values());
    const double scale = kCheckedSeeds * (recorded.mean > 0 ? recorded.mean : 1.0);
    fit.mean_error += std::abs(made.mean - recorded.mean) / scale;
    fit.deviation_error += std::abs(made.deviation - recorded.deviation) / scale;
    fit.p5_error += std::abs(made.p5 - recorded.p5) / scale;
    fit.p95_error += std::abs(made.p95 - recorded.p95) / scale;
  }
}

}  // namespace

absl::StatusOr<SeriesFit> FitSeries(const RecordedSeries& recording,
                                    const SeriesFitOptions& options) {
  const auto present = PresentValues(recording);
  if (!present.ok()) return present.status();
  const std::size_t grid = recording.values.size();
  const double mean = present->value.mean();
  const double variance = (present->value.array() - mean).square().mean();

  std::vector<int> numbers;
  Eigen::VectorXd weights;
  Eigen::VectorXd residual;
  for (;;) {
    const Eigen::MatrixXd design = Design(*present, grid, numbers);
    weights = design.householderQr().solve(present->value);
    residual = present->value - design * weights;
    if (static_cast<int>(numbers.size()) >= options.most_harmonics) break;
    const auto [number, power] = StrongestHarmonic(*present, grid, residual, numbers);
    if (number == 0 ||
        power < options.least_gain * variance * static_cast<double>(residual.size())) {
      break;
    }
    numbers.push_back(number);
  }

  SeriesFit fit;
  FittedSeries& d = fit.description;
  d.step = recording.step;
  d.length = recording.step * static_cast<std::int64_t>(grid);
  d.level = weights[0];
  d.slope = weights[1] / InSeconds(d.length);
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    const double c = weights[2 + 2 * static_cast<Eigen::Index>(k)];
    const double s = weights[3 + 2 * static_cast<Eigen::Index>(k)];
    // a cos(x + phase) = a cos(phase) cos x - a sin(phase) sin x
    d.harmonics.push_back({d.length / numbers[k], std::hypot(c, s), std::atan2(-s, c)});
  }
  std::vector<double> on_grid(grid, std::nan(""));
  for (std::size_t i = 0; i < present->index.size(); ++i) {
    on_grid[present->index[i]] = residual[static_cast<Eigen::Index>(i)];
  }
  FitAutoregression(on_grid, options.autoregression_order, d);
  d.lowest = present->value.minCoeff();
  d.highest = present->value.maxCoeff();

  fit.values = present->index.size();
  fit.missing = grid - fit.values;
  fit.relative_error = std::sqrt(residual.array().square().mean()) / (mean > 0 ? mean : 1.0);
  fit.explained_variance = variance > 0 ? 1 - residual.array().square().mean() / variance : 1.0;
  const Eigen::VectorXd& v = present->value;
  CompareRealizations(StatisticsOf({v.data(), v.data() + v.size()}), fit);
  return fit;
}

}  // namespace trimtab
