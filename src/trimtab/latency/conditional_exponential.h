// Derm's latency model of one microservice: a shifted exponential whose rate is linear in the load.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace trimtab {

// Own latency at one load (Derm eq. 2): offset + Exp(rate). Thread-safety: a value type.
struct ShiftedExponential {
  // The paper's l0, in s. Below 0 when moments of a law with a heavier tail than the exponential's
  // are matched: then no execution time, only the place of the curve.
  double offset_seconds = 0;
  double rate = 1;  // 1/s

  double mean() const { return offset_seconds + 1 / rate; }
  double Cdf(double seconds) const;
  // REQUIRES: 0 < p < 1.
  double Quantile(double p) const;
};

// How the two parameters are found.
enum class ExponentialFit : std::uint8_t {
  // Offset the smallest sample, rate by non-linear least squares on the distribution function at
  // 200 evenly spaced probabilities (Derm IV-A). The bulk decides, the tail hardly counts (D8).
  kLeastSquares,
  // The same on 100 equally wide bins, as Derm's authors do.
  kAuthorsBins,
  // Mean and standard deviation are the samples': what adds up along a chain is right.
  kMoments,
  // The smallest sample is late by 1 / (n rate) on average; offset and rate without that bias (D7).
  kUnbiased,
  // Mean and P95 are the samples': the tail that promises are made of is right (D8).
  kTail,
};
// "least-squares", "authors-bins", "moments", "unbiased", "tail".
std::string_view ExponentialFitName(ExponentialFit fit);

// Fails as ValidateLatencies() of latency_distribution.h. REQUIRES: `sorted` rises, in s.
// Cost for 2,000 samples: 10 us; least squares 20 us.
absl::StatusOr<ShiftedExponential> FitShiftedExponential(std::span<const double> sorted,
                                                         ExponentialFit fit);

// What was fitted at one container_load, in calls/s to one container.
struct LoadedExponential {
  double container_load = 0;
  ShiftedExponential law;
};

// Derm eq. 3: latency_rate = intercept + slope * container_load. Units (D10): 1/s, and calls/s to
// one container; a microservice that is called n times by a request has n times its load, and n
// such stages (D11). Thread-safety: a value type.
struct ConditionalExponential {
  double offset_seconds = 0;
  double slope = 0;      // 1/s for each call/s; 0 when latency does not answer to load
  double intercept = 1;  // 1/s, above 0
  // The loads that it may be asked for; the rate is above 0 in all of them.
  double lowest_load = 0;
  double highest_load = 0;

  double LatencyRate(double container_load) const { return intercept + slope * container_load; }
  // The load at which the rate is 0; infinite when it never is.
  double SaturationLoad() const {
    return slope < 0 ? intercept / -slope : std::numeric_limits<double>::infinity();
  }
  // REQUIRES: LatencyRate(container_load) > 0.
  ShiftedExponential At(double container_load) const {
    return {offset_seconds, LatencyRate(container_load)};
  }
  friend bool operator==(const ConditionalExponential&, const ConditionalExponential&) = default;
};

// kInvalidArgument names a member that is not finite, an intercept or load out of its bound, loads
// that do not rise, or a rate that is not above 0 at highest_load.
absl::Status ValidateConditionalExponential(const ConditionalExponential& law);

// The constraints of the line (D9).
struct RateLineOptions {
  // false: the straight regression of the paper, whose slope may be positive and whose rate may
  // reach 0 inside the loads.
  bool constrained = true;
  // The highest load that the law will be asked for; nothing: the highest that was measured.
  std::optional<double> highest_load = std::nullopt;
  // The rate reaches 0 no earlier than at this multiple of the highest load: what was measured ran,
  // so it was not saturated.
  double margin = 1.05;
  // Where the highest load lies above all measured ones, the multiple is the square of by how much,
  // as the variance of a line that is extrapolated grows: two noisy points say little of a load
  // twice as high, but that it was served says that saturation is further away. At most this; 2
  // was chosen on the measured Hotel Reservation, where 1.5 and 3 are worse by 3 to 6 points.
  double margin_beyond = 2;
};

// The offset is the mean of the offsets. The line is fitted by least squares; under the constraints
// in relative error (a rate from n samples is known to 1/sqrt(n) of itself), with a slope of at
// most 0 and the margins above, so that it is positive wherever it may be asked. One load gives a
// slope of 0: the law is then right at that load only, which is its range. kInvalidArgument when
// there is no load, two are equal, one is negative, a rate is not above 0, or the free line has a
// rate of 0 or less within the loads.
absl::StatusOr<ConditionalExponential> FitConditionalExponential(
    std::span<const LoadedExponential> loads, const RateLineOptions& options);

}  // namespace trimtab
