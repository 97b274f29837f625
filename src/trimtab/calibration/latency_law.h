// A law of own latency that depends on the load, fitted to runs at several loads.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"

namespace trimtab {

// (shift + lognormal(mean, cv)) * (1 + per_rate * rate), in milliseconds: a floor, what comes on
// top, and how both grow with the load of the recording's own machines.
struct LatencyMode {
  double shift = 0;
  double mean = 0;
  double cv = 0;
  double per_rate = 0;  // per request per second

  double Quantile(double p, double rate) const;
};

// One mode, or two: answers from what the process holds, and answers that need a look-up. The fast
// mode has the share `fast_share` of the visits, below `threshold`.
struct LatencyLaw {
  std::optional<LatencyMode> fast;
  double fast_share = 0;
  double threshold = 0;
  LatencyMode slow;

  double Quantile(double p, double rate) const;
};

// One run: own latencies in milliseconds, ascending.
struct LatencyRun {
  double rate;
  std::span<const double> values;
};

// Where two modes part: the deepest valley of the density of the logarithm, if it is below 15 % of
// the lower of the two peaks beside it and has at least 10 % of the values on each side.
std::optional<double> ModeThreshold(std::span<const LatencyRun> runs);

// Least squares on the logarithms of nine quantiles of each run (Ceres' TinySolver), P50 and P95
// with double weight, those below P25 with less: a logarithm makes much of a microsecond.
// `threshold` as ModeThreshold() found it. The growth with the load is fitted where rates differ by
// a fifth, else 0. kInvalidArgument: fewer than 20 values in a mode of a run.
absl::StatusOr<LatencyLaw> FitLatencyLaw(std::span<const LatencyRun> runs,
                                         std::optional<double> threshold);

}  // namespace trimtab
