// Distributions of own latency at one load, and how well they fit (Derm IV-A and figure 9a).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace trimtab {

// What own latency may look like at one load.
enum class LatencyFamily : std::uint8_t { kExponential, kLogLogistic, kBurr, kPareto, kNormal };
inline constexpr LatencyFamily kLatencyFamilies[] = {
    LatencyFamily::kExponential, LatencyFamily::kLogLogistic, LatencyFamily::kBurr,
    LatencyFamily::kPareto, LatencyFamily::kNormal};
// "exponential", "log-logistic", "burr", "pareto", "normal".
std::string_view LatencyFamilyName(LatencyFamily family);

// One member of a family. Values are in seconds. Thread-safety: a value type.
//   exponential   1 - exp(-(t - location) / scale)            (Derm eq. 2)
//   log-logistic  1 - 1 / (1 + (t / scale)^power)
//   Burr XII      1 - (1 + (t / scale)^power)^-tail
//   Pareto        1 - (t / location)^-power, t >= location
//   normal        Phi((t - location) / scale)
struct LatencyDistribution {
  LatencyFamily family = LatencyFamily::kExponential;
  double location = 0;
  double scale = 1;
  double power = 1;
  double tail = 1;

  double Cdf(double seconds) const;
  // REQUIRES: 0 < p < 1.
  double Quantile(double p) const;
};

// Whether anything can be fitted: kInvalidArgument for fewer than two samples, one that is negative
// or not finite, or no spread, naming the value. REQUIRES: `sorted` rises.
absl::Status ValidateLatencies(std::span<const double> sorted);

// The member of `family` nearest to the samples: the squared error of the distribution function at
// 200 evenly spaced probabilities. The exponential and the Pareto start at the smallest sample, as
// Derm's do. The normal is fitted by mean and deviation: it is what a fit must beat.
// Fails as ValidateLatencies(). Cost: 20 us (exponential) to 0.3 ms (Burr).
absl::StatusOr<LatencyDistribution> FitLatencyFamily(LatencyFamily family,
                                                     std::span<const double> sorted);

// How far a distribution is from samples.
struct GoodnessOfFit {
  double ks = 0;         // Kolmogorov-Smirnov: the largest distance of the distribution functions
  double p95_error = 0;  // P95 of the distribution / P95 of the samples - 1
};
// REQUIRES: `sorted` rises, is not empty and has a P95 above 0.
GoodnessOfFit GoodnessOf(const LatencyDistribution& distribution, std::span<const double> sorted);

}  // namespace trimtab
