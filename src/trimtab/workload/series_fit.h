// Fits the description of a series to a recording, and says how far it is off.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/quantity/time.h"
#include "trimtab/workload/fitted_series.h"

namespace trimtab {

// A recording on an even grid; a value that is missing is NaN.
struct RecordedSeries {
  Duration step{0};
  std::vector<double> values;
};

struct SeriesFitOptions {
  int most_harmonics = 8;     // decides what is kept: harmonics are length / k, strongest first
  double least_gain = 0.002;  // a harmonic that explains less of the variance is left out
  int autoregression_order = 2;
};

struct SeriesFit {
  FittedSeries description;
  // Of trend and harmonics against the recording: root mean square error over the recording's mean.
  double relative_error = 0;
  double explained_variance = 0;  // by trend and harmonics, in [0, 1]
  // A whole realization against the recording, averaged over 20 seeds: |difference| of the mean,
  // of the standard deviation, of P5 and of P95, each over the recording's mean.
  double mean_error = 0;
  double deviation_error = 0;
  double p5_error = 0;
  double p95_error = 0;
  std::size_t values = 0;  // present
  std::size_t missing = 0;
};

// Least squares for trend and harmonics on the values present, Yule-Walker for the residual, bounds
// at the recording's extremes. kInvalidArgument: fewer than 16 values present, a negative or
// infinite value, or a step not above 0. Cost: O(n * harmonics^2).
absl::StatusOr<SeriesFit> FitSeries(const RecordedSeries& recording,
                                    const SeriesFitOptions& options = {});

}  // namespace trimtab
