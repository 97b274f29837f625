#include "trimtab/latency/latency_distribution.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/latency/distribution_fit.h"
#include "trimtab/probability/random_stream.h"

namespace trimtab {
namespace {

constexpr std::size_t kFittedPoints = 200;
// Tracers count whole microseconds or milliseconds; a logarithm needs more than 0.
constexpr double kShortestSeconds = 1e-9;

std::vector<CdfPoint> ShiftedPoints(std::span<const double> sorted) {
  std::vector<CdfPoint> points = EvenProbabilityPoints(sorted, kFittedPoints);
  for (CdfPoint& point : points) point.value -= sorted.front();
  return points;
}

double MeanOf(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

LatencyDistribution FitExponential(std::span<const double> sorted) {
  const double mean = MeanOf(sorted) - sorted.front();
  return {.family = LatencyFamily::kExponential,
          .location = sorted.front(),
          .scale = 1 / FitExponentialRate(ShiftedPoints(sorted), 1 / mean)};
}

// The logarithm of t / location is exponential with rate `power`.
LatencyDistribution FitPareto(std::span<const double> sorted) {
  const double least = std::max(sorted.front(), kShortestSeconds);
  std::vector<CdfPoint> points = EvenProbabilityPoints(sorted, kFittedPoints);
  double mean = 0;
  for (CdfPoint& point : points) {
    point.value = std::log(std::max(point.value, least) / least);
    mean += point.value / static_cast<double>(points.size());
  }
  const double power = mean > 0 ? FitExponentialRate(points, 1 / mean) : 1e6;
  return {.family = LatencyFamily::kPareto, .location = least, .power = power};
}

LatencyDistribution FitBurrFamily(LatencyFamily family, std::span<const double> sorted) {
  std::vector<CdfPoint> points = EvenProbabilityPoints(sorted, kFittedPoints);
  for (CdfPoint& point : points) point.value = std::max(point.value, kShortestSeconds);
  const BurrShape shape = FitBurrShape(points, family == LatencyFamily::kLogLogistic);
  return {.family = family, .scale = shape.scale, .power = shape.power, .tail = shape.tail};
}

LatencyDistribution FitNormal(std::span<const double> sorted) {
  const double mean = MeanOf(sorted);
  double squares = 0;
  for (const double value : sorted) squares += (value - mean) * (value - mean);
  const double deviation = std::sqrt(squares / static_cast<double>(sorted.size() - 1));
  return {.family = LatencyFamily::kNormal, .location = mean, .scale = deviation};
}

}  // namespace

std::string_view LatencyFamilyName(LatencyFamily family) {
  switch (family) {
    case LatencyFamily::kExponential:
      return "exponential";
    case LatencyFamily::kLogLogistic:
      return "log-logistic";
    case LatencyFamily::kBurr:
      return "burr";
    case LatencyFamily::kPareto:
      return "pareto";
    case LatencyFamily::kNormal:
      return "normal";
  }
  return "";
}

double LatencyDistribution::Cdf(double seconds) const {
  switch (family) {
    case LatencyFamily::kExponential:
      return seconds <= location ? 0 : -std::expm1((location - seconds) / scale);
    case LatencyFamily::kLogLogistic:
    case LatencyFamily::kBurr:
      if (seconds <= 0) return 0;
      return -std::expm1(-tail * std::log1p(std::pow(seconds / scale, power)));
    case LatencyFamily::kPareto:
      return seconds <= location ? 0 : -std::expm1(power * std::log(location / seconds));
    case LatencyFamily::kNormal:
      return 0.5 * std::erfc((location - seconds) / (scale * std::numbers::sqrt2));
  }
  return 0;
}

double LatencyDistribution::Quantile(double p) const {
  switch (family) {
    case LatencyFamily::kExponential:
      return location - scale * std::log1p(-p);
    case LatencyFamily::kLogLogistic:
    case LatencyFamily::kBurr:
      return scale * std::pow(std::expm1(-std::log1p(-p) / tail), 1 / power);
    case LatencyFamily::kPareto:
      return location * std::exp(-std::log1p(-p) / power);
    case LatencyFamily::kNormal:
      return location + scale * InverseNormal(p);
  }
  return 0;
}

absl::Status ValidateLatencies(std::span<const double> sorted) {
  if (sorted.size() < 2) {
    return absl::InvalidArgumentError(
        fmt::format("{} latencies, a distribution needs at least 2", sorted.size()));
  }
  for (const double value : {sorted.front(), sorted.back()}) {
    if (!std::isfinite(value) || value < 0) {
      return absl::InvalidArgumentError(
          fmt::format("a latency is {} s, expected a finite number of at least 0", value));
    }
  }
  if (!(sorted.back() > sorted.front())) {
    return absl::InvalidArgumentError(
        fmt::format("all {} latencies are {} s, a distribution needs two different ones",
                    sorted.size(), sorted.front()));
  }
  return absl::OkStatus();
}

absl::StatusOr<LatencyDistribution> FitLatencyFamily(LatencyFamily family,
                                                     std::span<const double> sorted) {
  if (absl::Status status = ValidateLatencies(sorted); !status.ok()) return status;
  switch (family) {
    case LatencyFamily::kExponential:
      return FitExponential(sorted);
    case LatencyFamily::kLogLogistic:
    case LatencyFamily::kBurr:
      return FitBurrFamily(family, sorted);
    case LatencyFamily::kPareto:
      return FitPareto(sorted);
    case LatencyFamily::kNormal:
      return FitNormal(sorted);
  }
  return absl::InternalError("unknown latency family");
}

GoodnessOfFit GoodnessOf(const LatencyDistribution& distribution, std::span<const double> sorted) {
  GoodnessOfFit goodness;
  const auto count = static_cast<double>(sorted.size());
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const double fitted = distribution.Cdf(sorted[i]);
    // Just below a sample the share is i / n, from it on (i + 1) / n.
    goodness.ks = std::max({goodness.ks, std::abs(fitted - static_cast<double>(i) / count),
                            std::abs(fitted - static_cast<double>(i + 1) / count)});
  }
  goodness.p95_error = distribution.Quantile(0.95) / SortedQuantile(sorted, 0.95) - 1;
  return goodness;
}

}  // namespace trimtab
