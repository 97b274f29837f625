// A series as a description instead of data: trend, harmonics and an autoregressive residual.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/quantity/time.h"
#include "trimtab/workload/load_series.h"

namespace trimtab {

// amplitude * cos(2 pi t / period + phase).
struct Harmonic {
  Duration period{0};
  double amplitude = 0;
  double phase = 0;  // radians
};

// What is kept of a recording. At recorded time t, in steps of `step`,
//   x(t) = clamp(level + slope * t + sum of harmonics + r(t), lowest, highest)
//   r(i) = sum_j autoregression[j] * r(i - 1 - j) + sigma * normal
// so that any number of series with the recording's shape, spread and memory come from a handful of
// numbers. Thread-safety: a value type.
struct FittedSeries {
  Duration length{0};  // of the recording
  Duration step{0};    // of its grid, on which the residual moves
  double level = 0;
  double slope = 0;  // per second of the recording
  std::vector<Harmonic> harmonics;
  std::vector<double> autoregression;  // newest first; empty: independent residuals
  double sigma = 0;                    // of the innovations
  double lowest = 0;
  double highest = 0;
};

// Every violation, each with name, value and bound: length and step above 0, length >= step and at
// most kMostSeriesSteps of them, finite numbers, periods above 0, sigma >= 0, 0 <= lowest <=
// highest, and a stationary residual.
absl::Status ValidateFittedSeries(const FittedSeries& description);

// The same with every number rounded to `digits` significant ones: what a file holds.
FittedSeries RoundedTo(const FittedSeries& description, int digits);

// factor * x + offset of the whole description, bounds at 0 from below. REQUIRES: factor > 0.
FittedSeries Rescaled(const FittedSeries& description, double factor, double offset);

// A grid longer than this is refused wherever a series is read or made: 16 MB of values.
inline constexpr std::int64_t kMostSeriesSteps = 2'000'000;

// One series that the description stands for: the same (seed, stream) gives the same values.
// `stretch` > 0 is simulated time over recorded time, for the residual as for the rest: 60 recorded
// minutes stretched to 400 have stretch 400 / 60. kInvalidArgument if the description is not valid.
absl::StatusOr<StepSeries> Realize(const FittedSeries& description, double stretch,
                                   std::uint64_t seed, std::string_view stream);

}  // namespace trimtab
