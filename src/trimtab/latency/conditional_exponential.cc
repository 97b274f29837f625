#include "trimtab/latency/conditional_exponential.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/latency/distribution_fit.h"
#include "trimtab/latency/latency_distribution.h"

namespace trimtab {
namespace {

constexpr std::size_t kEvenPoints = 200;
constexpr std::size_t kAuthorsBinCount = 100;
constexpr double kTail = 0.95;

struct MeanAndDeviation {
  double mean = 0;
  double deviation = 0;
};

MeanAndDeviation MomentsOf(std::span<const double> values) {
  const auto count = static_cast<double>(values.size());
  double sum = 0;
  for (const double value : values) sum += value;
  const double mean = sum / count;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {mean, std::sqrt(squares / (count - 1))};
}

ShiftedExponential FitTail(std::span<const double> sorted, double mean) {
  const double tail = SortedQuantile(sorted, kTail);
  const double mean_to_tail = -std::log1p(-kTail) - 1;
  // More than a twentieth of the samples far above the rest can lift the mean over the P95.
  const double excess = std::max(tail - mean, 1e-3 * mean);
  const double rate = mean_to_tail / excess;
  return {mean - 1 / rate, rate};
}

struct Line {
  double slope = 0;
  double intercept = 0;
};

struct WeightedPoint {
  double load = 0;
  double rate = 0;
  double weight = 1;
};

Line Regress(std::span<const WeightedPoint> points) {
  double weight = 0;
  double load = 0;
  double rate = 0;
  for (const WeightedPoint& at : points) {
    weight += at.weight;
    load += at.weight * at.load;
    rate += at.weight * at.rate;
  }
  load /= weight;
  rate /= weight;
  double squares = 0;
  double products = 0;
  for (const WeightedPoint& at : points) {
    squares += at.weight * (at.load - load) * (at.load - load);
    products += at.weight * (at.load - load) * (at.rate - rate);
  }
  const double slope = squares > 0 ? products / squares : 0;
  return {slope, rate - slope * load};
}

// The best intercept when the rate is 0 at `saturation`, which may be infinite.
Line RegressTo(std::span<const WeightedPoint> points, double saturation) {
  double above = 0;
  double below = 0;
  for (const WeightedPoint& at : points) {
    const double share = 1 - at.load / saturation;
    above += at.weight * share * at.rate;
    below += at.weight * share * share;
  }
  const double intercept = above / below;
  return {-intercept / saturation, intercept};
}

Line RegressConstrained(std::span<const WeightedPoint> points, double saturation_at_least) {
  const Line free = Regress(points);
  // The objective is convex in the line: a free optimum outside is replaced by the one on the edge.
  if (free.slope >= 0)
    return {0, RegressTo(points, std::numeric_limits<double>::infinity()).intercept};
  if (free.intercept / -free.slope >= saturation_at_least) return free;
  return RegressTo(points, saturation_at_least);
}

absl::Status ValidateLoads(std::span<const LoadedExponential> loads) {
  if (loads.empty()) return absl::InvalidArgumentError("no load was measured");
  for (std::size_t i = 0; i < loads.size(); ++i) {
    const LoadedExponential& at = loads[i];
    if (!std::isfinite(at.container_load) || at.container_load < 0) {
      return absl::InvalidArgumentError(fmt::format(
          "load {} is {} calls/s, expected a finite number of at least 0", i, at.container_load));
    }
    if (i > 0 && at.container_load <= loads[i - 1].container_load) {
      return absl::InvalidArgumentError(
          fmt::format("load {} is {} calls/s, expected more than {} before it", i,
                      at.container_load, loads[i - 1].container_load));
    }
    if (!std::isfinite(at.law.rate) || at.law.rate <= 0 || !std::isfinite(at.law.offset_seconds)) {
      return absl::InvalidArgumentError(
          fmt::format("the exponential at {} calls/s has rate {} 1/s and offset {} s, expected a "
                      "rate above 0",
                      at.container_load, at.law.rate, at.law.offset_seconds));
    }
  }
  return absl::OkStatus();
}

}  // namespace

double ShiftedExponential::Cdf(double seconds) const {
  return seconds <= offset_seconds ? 0 : -std::expm1(rate * (offset_seconds - seconds));
}

double ShiftedExponential::Quantile(double p) const {
  return offset_seconds - std::log1p(-p) / rate;
}

std::string_view ExponentialFitName(ExponentialFit fit) {
  switch (fit) {
    case ExponentialFit::kLeastSquares:
      return "least-squares";
    case ExponentialFit::kAuthorsBins:
      return "authors-bins";
    case ExponentialFit::kMoments:
      return "moments";
    case ExponentialFit::kUnbiased:
      return "unbiased";
    case ExponentialFit::kTail:
      return "tail";
  }
  return "";
}

absl::StatusOr<ShiftedExponential> FitShiftedExponential(std::span<const double> sorted,
                                                         ExponentialFit fit) {
  if (absl::Status status = ValidateLatencies(sorted); !status.ok()) return status;
  const MeanAndDeviation moments = MomentsOf(sorted);
  const double least = sorted.front();
  const auto count = static_cast<double>(sorted.size());
  switch (fit) {
    case ExponentialFit::kLeastSquares:
    case ExponentialFit::kAuthorsBins: {
      std::vector<CdfPoint> points = fit == ExponentialFit::kLeastSquares
                                         ? EvenProbabilityPoints(sorted, kEvenPoints)
                                         : EvenWidthPoints(sorted, kAuthorsBinCount);
      for (CdfPoint& point : points) point.value -= least;
      return ShiftedExponential{least, FitExponentialRate(points, 1 / (moments.mean - least))};
    }
    case ExponentialFit::kMoments:
      return ShiftedExponential{moments.mean - moments.deviation, 1 / moments.deviation};
    case ExponentialFit::kUnbiased: {
      // (n - 2) leaves nothing of two samples: then the biased rate.
      const double degrees = count > 2 ? count - 2 : count;
      return ShiftedExponential{least - (moments.mean - least) / (count - 1),
                                degrees / (count * (moments.mean - least))};
    }
    case ExponentialFit::kTail:
      return FitTail(sorted, moments.mean);
  }
  return absl::InternalError("unknown fit of an exponential");
}

absl::Status ValidateConditionalExponential(const ConditionalExponential& law) {
  for (const double value :
       {law.offset_seconds, law.slope, law.intercept, law.lowest_load, law.highest_load}) {
    if (!std::isfinite(value)) {
      return absl::InvalidArgumentError(fmt::format(
          "a member of the conditional exponential is {}, expected a finite number", value));
    }
  }
  if (!(law.intercept > 0)) {
    return absl::InvalidArgumentError(
        fmt::format("the intercept is {} 1/s, expected more than 0", law.intercept));
  }
  if (!(law.lowest_load >= 0 && law.lowest_load <= law.highest_load)) {
    return absl::InvalidArgumentError(
        fmt::format("the loads are {} to {} calls/s, expected to rise from at least 0",
                    law.lowest_load, law.highest_load));
  }
  if (!(law.LatencyRate(law.highest_load) > 0)) {
    return absl::InvalidArgumentError(
        fmt::format("the rate at {} calls/s is {} 1/s, expected more than 0", law.highest_load,
                    law.LatencyRate(law.highest_load)));
  }
  return absl::OkStatus();
}

absl::StatusOr<ConditionalExponential> FitConditionalExponential(
    std::span<const LoadedExponential> loads, const RateLineOptions& options) {
  if (absl::Status status = ValidateLoads(loads); !status.ok()) return status;
  ConditionalExponential law;
  law.lowest_load = loads.front().container_load;
  const double highest_measured = loads.back().container_load;
  law.highest_load = std::max(options.highest_load.value_or(highest_measured), highest_measured);
  std::vector<WeightedPoint> points;
  for (const LoadedExponential& at : loads) {
    law.offset_seconds += at.law.offset_seconds / static_cast<double>(loads.size());
    const double weight = options.constrained ? 1 / (at.law.rate * at.law.rate) : 1;
    points.push_back({at.container_load, at.law.rate, weight});
  }
  const double beyond = highest_measured > 0 ? law.highest_load / highest_measured : 1;
  const double margin = std::max(
      options.margin, std::min(beyond * beyond, std::max(options.margin_beyond, options.margin)));
  const Line line =
      options.constrained ? RegressConstrained(points, margin * law.highest_load) : Regress(points);
  law.slope = line.slope;
  law.intercept = line.intercept;
  if (absl::Status status = ValidateConditionalExponential(law); !status.ok()) return status;
  return law;
}

}  // namespace trimtab
