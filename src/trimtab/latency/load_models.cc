#include "trimtab/latency/load_models.h"

#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/latency/conditional_exponential.h"
#include "trimtab/latency/cumulant_curve.h"
#include "trimtab/latency/distribution_fit.h"

namespace trimtab {
namespace {

constexpr double kTail = 0.95;
constexpr std::size_t kFewestLevels = 3;

// 100 % - MAPE, one prediction after the other; nothing as soon as one is missing.
class MeanAccuracy {
 public:
  void Add(std::optional<double> predicted, double actual) {
    ++count_;
    if (!predicted) {
      missing_ = true;
      return;
    }
    error_ += std::abs(*predicted / actual - 1);
  }
  std::optional<double> value() const {
    if (missing_ || count_ == 0) return std::nullopt;
    return 100 * (1 - error_ / count_);
  }

 private:
  double error_ = 0;
  int count_ = 0;
  bool missing_ = false;
};

template <class T>
std::vector<T> Without(const std::vector<T>& all, std::size_t left_out) {
  std::vector<T> kept = all;
  kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(left_out));
  return kept;
}

absl::StatusOr<std::vector<LoadedExponential>> FitLevels(std::span<const LoadLevel> levels,
                                                         ExponentialFit fit) {
  std::vector<LoadedExponential> fitted;
  for (const LoadLevel& level : levels) {
    const auto law = FitShiftedExponential(level.sorted, fit);
    if (!law.ok()) {
      return absl::Status(law.status().code(),
                          fmt::format("at {:.4g} calls/s: {}", level.container_load,
                                      std::string(law.status().message())));
    }
    fitted.push_back({level.container_load, *law});
  }
  return fitted;
}

absl::StatusOr<LoadModelAccuracy> JudgeExponential(std::string_view model, ExponentialFit fit,
                                                   const RateLineOptions& options,
                                                   std::span<const LoadLevel> levels,
                                                   const std::vector<double>& tails) {
  const auto fitted = FitLevels(levels, fit);
  if (!fitted.ok()) return fitted.status();
  MeanAccuracy rates;
  MeanAccuracy p95s;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const auto law = FitConditionalExponential(Without(*fitted, i), options);
    std::optional<double> rate;
    std::optional<double> p95;
    const double load = levels[i].container_load;
    if (law.ok() && law->LatencyRate(load) > 0) {
      rate = law->LatencyRate(load);
      p95 = law->At(load).Quantile(kTail);
    }
    rates.Add(rate, (*fitted)[i].law.rate);
    p95s.Add(p95, tails[i]);
  }
  return LoadModelAccuracy{model, rates.value(), p95s.value()};
}

absl::StatusOr<LoadModelAccuracy> JudgeCumulants(std::span<const LoadLevel> levels,
                                                 const std::vector<double>& tails) {
  std::vector<CumulantPoint> points;
  for (const LoadLevel& level : levels) {
    points.push_back({level.container_load, CumulantsOf(level.sorted)});
  }
  MeanAccuracy p95s;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const auto curve = CumulantCurve::Fit(Without(points, i));
    if (!curve.ok()) return curve.status();
    p95s.Add(QuantileOf(curve->At(levels[i].container_load), kTail), tails[i]);
  }
  return LoadModelAccuracy{"cumulants", std::nullopt, p95s.value()};
}

double LineAt(std::span<const LoadLevel> levels, const std::vector<double>& tails,
              std::size_t left_out) {
  const auto count = static_cast<double>(levels.size() - 1);
  double load = 0;
  double tail = 0;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (i == left_out) continue;
    load += levels[i].container_load / count;
    tail += tails[i] / count;
  }
  double squares = 0;
  double products = 0;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (i == left_out) continue;
    const double distance = levels[i].container_load - load;
    squares += distance * distance;
    products += distance * (tails[i] - tail);
  }
  return tail + products / squares * (levels[left_out].container_load - load);
}

LoadModelAccuracy JudgeStraightLine(std::span<const LoadLevel> levels,
                                    const std::vector<double>& tails) {
  MeanAccuracy p95s;
  for (std::size_t i = 0; i < levels.size(); ++i) p95s.Add(LineAt(levels, tails, i), tails[i]);
  return {"straight-line", std::nullopt, p95s.value()};
}

LoadModelAccuracy JudgeConstant(const std::vector<double>& tails) {
  double sum = 0;
  for (const double tail : tails) sum += tail;
  MeanAccuracy p95s;
  for (const double tail : tails) {
    p95s.Add((sum - tail) / static_cast<double>(tails.size() - 1), tail);
  }
  return {"constant", std::nullopt, p95s.value()};
}

}  // namespace

absl::StatusOr<std::vector<LoadModelAccuracy>> EvaluateLoadModels(
    std::span<const LoadLevel> levels) {
  if (levels.size() < kFewestLevels) {
    return absl::InvalidArgumentError(fmt::format(
        "{} loads, at least {} are needed to leave one out", levels.size(), kFewestLevels));
  }
  std::vector<double> tails;
  for (const LoadLevel& level : levels) tails.push_back(SortedQuantile(level.sorted, kTail));
  std::vector<LoadModelAccuracy> judged;
  const RateLineOptions constrained{.highest_load = levels.back().container_load};
  for (const ExponentialFit fit :
       {ExponentialFit::kLeastSquares, ExponentialFit::kAuthorsBins, ExponentialFit::kMoments,
        ExponentialFit::kUnbiased, ExponentialFit::kTail}) {
    const auto of = JudgeExponential(ExponentialFitName(fit), fit, constrained, levels, tails);
    if (!of.ok()) return of.status();
    judged.push_back(*of);
  }
  const auto paper = JudgeExponential("paper", ExponentialFit::kAuthorsBins, {.constrained = false},
                                      levels, tails);
  if (!paper.ok()) return paper.status();
  judged.push_back(*paper);
  const auto cumulants = JudgeCumulants(levels, tails);
  if (!cumulants.ok()) return cumulants.status();
  judged.push_back(*cumulants);
  judged.push_back(JudgeStraightLine(levels, tails));
  judged.push_back(JudgeConstant(tails));
  return judged;
}

}  // namespace trimtab
