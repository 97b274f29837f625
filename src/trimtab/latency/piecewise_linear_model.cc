#include "trimtab/latency/piecewise_linear_model.h"

#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/application/interference.h"
#include "trimtab/latency/feature_ranges.h"
#include "trimtab/latency/latency_model.h"
#include "trimtab/latency/latency_sample.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"

namespace trimtab {
namespace {

constexpr auto kTerms = static_cast<Eigen::Index>(2 * PiecewiseLinearModel::kSettings);
// Shares of the samples, ordered by load per core, that start on the piece before the inflection.
constexpr double kStarts[] = {0.5, 0.7, 0.85};
constexpr int kMostTurns = 30;

using Matrix = Eigen::Matrix<double, kTerms, kTerms>;
using Terms = Eigen::Matrix<double, kTerms, 1>;

double Normalise(const FeatureInterval& range, double value) {
  return range.length() > 0 ? (value - range.low) / range.length() : 0;
}

// Least squares of the relative errors, accumulated sample by sample.
class RelativeLeastSquares {
 public:
  void Add(const Terms& terms, double value) {
    const double weight = 1 / (value * value);
    moments_.selfadjointView<Eigen::Lower>().rankUpdate(terms, weight);
    right_ += weight * value * terms;
    ++count_;
  }
  // Enough samples to decide every term with something left to average over.
  bool Decides() const { return count_ >= 2 * static_cast<std::size_t>(kTerms); }
  Terms Solve() const {
    Matrix full = moments_.selfadjointView<Eigen::Lower>();
    // A setting that never varies leaves its terms free; a touch of ridge holds them at zero.
    full.diagonal().array() += 1e-9 * full.trace() / static_cast<double>(kTerms);
    return full.ldlt().solve(right_);
  }

 private:
  Matrix moments_ = Matrix::Zero();
  Terms right_ = Terms::Zero();
  std::size_t count_ = 0;
};

struct Fitted {
  std::array<Terms, 2> pieces;
  double relative_error = std::numeric_limits<double>::infinity();
};

double MeanRelativeError(const std::array<Terms, 2>& pieces, std::span<const Terms> rows,
                         std::span<const double> values) {
  double error = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double predicted = std::max(pieces[0].dot(rows[i]), pieces[1].dot(rows[i]));
    error += std::abs(predicted / values[i] - 1);
  }
  return error / static_cast<double>(rows.size());
}

// One start: fit both pieces, hand every sample to the piece that is higher there, repeat.
Fitted FitFrom(std::vector<bool> is_second, std::span<const Terms> rows,
               std::span<const double> values) {
  Fitted best;
  for (int turn = 0; turn < kMostTurns; ++turn) {
    std::array<RelativeLeastSquares, 2> sides;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      sides[is_second[i] ? 1 : 0].Add(rows[i], values[i]);
    }
    if (!sides[0].Decides() || !sides[1].Decides()) break;
    const std::array<Terms, 2> pieces = {sides[0].Solve(), sides[1].Solve()};
    const double error = MeanRelativeError(pieces, rows, values);
    if (error < best.relative_error) best = {pieces, error};
    std::vector<bool> next(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      next[i] = pieces[1].dot(rows[i]) > pieces[0].dot(rows[i]);
    }
    if (next == is_second) break;
    is_second.swap(next);
  }
  return best;
}

Fitted FitOnePiece(std::span<const Terms> rows, std::span<const double> values) {
  RelativeLeastSquares all;
  for (std::size_t i = 0; i < rows.size(); ++i) all.Add(rows[i], values[i]);
  const Terms piece = all.Solve();
  const std::array<Terms, 2> pieces = {piece, piece};
  return {pieces, MeanRelativeError(pieces, rows, values)};
}

// The best of one piece and of two pieces from every start.
Fitted FitPieces(std::span<const Terms> rows, std::span<const double> values,
                 std::span<const double> pressure) {
  std::vector<double> sorted(pressure.begin(), pressure.end());
  std::ranges::sort(sorted);
  Fitted best = FitOnePiece(rows, values);
  for (const double start : kStarts) {
    const double cut = sorted[static_cast<std::size_t>(start * static_cast<double>(sorted.size()))];
    std::vector<bool> is_second(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) is_second[i] = pressure[i] > cut;
    const Fitted fitted = FitFrom(is_second, rows, values);
    if (fitted.relative_error < best.relative_error) best = fitted;
  }
  return best;
}

double LoadPerCore(const LatencyFeatures& features) {
  return features.container_load.value() / InCores(features.container.cpu);
}

}  // namespace

std::array<double, PiecewiseLinearModel::kSettings> PiecewiseLinearModel::SettingOf(
    const LatencyFeatures& features) const {
  std::array<double, kSettings> setting{};
  setting[0] = 1;
  setting[1] = Normalise(ranges_.cpu_cores, InCores(features.container.cpu));
  setting[2] = Normalise(ranges_.memory_mib, InMebibytes(features.container.memory));
  for (std::size_t k = 0; k < kInterferenceKinds.size(); ++k) {
    setting[3 + k] =
        Normalise(ranges_.interference[k],
                  features.interference.ValueOr(kInterferenceKinds[k], mean_interference_[k]));
  }
  return setting;
}

double PiecewiseLinearModel::Evaluate(const Piece& piece, const LatencyFeatures& features) const {
  const std::array<double, kSettings> setting = SettingOf(features);
  const double load = Normalise(ranges_.container_load, features.container_load.value());
  double value = 0;
  for (std::size_t k = 0; k < kSettings; ++k) {
    value += setting[k] * (piece[k] * load + piece[kSettings + k]);
  }
  return value;
}

void PiecewiseLinearModel::Summarise(std::span<const LatencySample> samples) {
  fastest_ms_ = std::numeric_limits<double>::infinity();
  std::array<double, kInterferenceKinds.size()> known{};
  for (const LatencySample& sample : samples) {
    fastest_ms_ = std::min(fastest_ms_, sample.tail.count());
    for (std::size_t k = 0; k < kInterferenceKinds.size(); ++k) {
      const auto share = sample.features.interference[kInterferenceKinds[k]];
      if (!share) continue;
      known[k] += 1;
      mean_interference_[k] += (share->value() - mean_interference_[k]) / known[k];
    }
  }
}

absl::StatusOr<PiecewiseLinearModel> PiecewiseLinearModel::Fit(
    std::span<const LatencySample> samples) {
  if (absl::Status status = ValidateSamples(samples); !status.ok()) return status;
  PiecewiseLinearModel model(FeatureRanges::Of(samples));
  model.Summarise(samples);
  std::vector<Terms> rows;
  std::vector<double> values;
  std::vector<double> pressure;
  for (const LatencySample& sample : samples) {
    const std::array<double, kSettings> setting = model.SettingOf(sample.features);
    const double load =
        Normalise(model.ranges_.container_load, sample.features.container_load.value());
    Terms terms;
    for (std::size_t k = 0; k < kSettings; ++k) {
      terms[static_cast<Eigen::Index>(k)] = setting[k] * load;
      terms[static_cast<Eigen::Index>(kSettings + k)] = setting[k];
    }
    rows.push_back(terms);
    values.push_back(sample.tail.count());
    pressure.push_back(LoadPerCore(sample.features));
  }
  const Fitted best = FitPieces(rows, values, pressure);
  for (std::size_t p = 0; p < model.pieces_.size(); ++p) {
    for (std::size_t k = 0; k < 2 * kSettings; ++k) {
      model.pieces_[p][k] = best.pieces[p][static_cast<Eigen::Index>(k)];
    }
  }
  return model;
}

Latency PiecewiseLinearModel::Predict(const LatencyFeatures& features) const {
  return Latency(
      std::max({fastest_ms_, Evaluate(pieces_[0], features), Evaluate(pieces_[1], features)}));
}

LatencyPrediction PiecewiseLinearModel::PredictWithGradient(const LatencyFeatures& features) const {
  const double first = Evaluate(pieces_[0], features);
  const double second = Evaluate(pieces_[1], features);
  if (std::max(first, second) <= fastest_ms_) return {Latency(fastest_ms_), {}};
  const Piece& piece = second > first ? pieces_[1] : pieces_[0];
  const std::array<double, kSettings> setting = SettingOf(features);
  const double load = Normalise(ranges_.container_load, features.container_load.value());
  const auto per = [](const FeatureInterval& range) {
    return range.length() > 0 ? 1 / range.length() : 0;
  };
  LatencyGradient gradient;
  gradient.by_cpu = (piece[1] * load + piece[kSettings + 1]) * per(ranges_.cpu_cores);
  gradient.by_memory = (piece[2] * load + piece[kSettings + 2]) * per(ranges_.memory_mib);
  for (std::size_t k = 0; k < kSettings; ++k) {
    gradient.by_load += setting[k] * piece[k] * per(ranges_.container_load);
  }
  return {Latency(std::max(first, second)), gradient};
}

}  // namespace trimtab
