// The cumulants of own latency over the load of a container, without any form of the distribution.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/probability/cumulants.h"

namespace trimtab {

// Mean (s), variance (s^2) and third cumulant (s^3) of samples in seconds: unbiased (Fisher's
// k-statistics). REQUIRES: at least three samples.
Cumulants CumulantsOf(std::span<const double> seconds);

// The p-quantile of the Pearson III law with these cumulants, by Wilson and Hilferty: within 1.5 %
// of an exponential's P95. REQUIRES: variance > 0, 0 < p < 1.
double QuantileOf(const Cumulants& cumulants, double p);

// Own latency is not skewed to the left: a third cumulant below this times deviation^3 counts as
// that.
inline constexpr double kLeastSkewness = 1e-3;
double LeastThird(const Cumulants& of);

struct CumulantPoint {
  double container_load = 0;  // calls/s to one container
  Cumulants cumulants;
};

// A table over container_load, its logarithm linear in between. Each cumulant rises with the load
// or stays: less load never promises a longer latency, so more containers never look worse.
// Immutable; thread-safe. Cost: O(points), no allocation.
class CumulantCurve {
 public:
  // As measured, in rising load, each weighing alike. What falls with the load is noise (or an idle
  // server that is slower than a busy one) and replaced by the nearest rising values in least
  // squares of logarithms. A third cumulant below LeastThird() is raised to that.
  // kInvalidArgument when there is no point, loads do not rise from at least 0, a number is not
  // finite, or a mean or variance is not above 0, naming the point.
  static absl::StatusOr<CumulantCurve> Fit(std::vector<CumulantPoint> measured);
  // As it was printed. Fails as Fit(), and when a cumulant falls or a third one is not above 0.
  static absl::StatusOr<CumulantCurve> Create(std::vector<CumulantPoint> points);

  // Flat below the first load. Above the last nothing is known: the last point, which is too low,
  // so plans end at highest_load().
  Cumulants At(double container_load) const;
  double lowest_load() const { return points_.front().container_load; }
  double highest_load() const { return points_.back().container_load; }
  const std::vector<CumulantPoint>& points() const { return points_; }

 private:
  explicit CumulantCurve(std::vector<CumulantPoint> points) : points_(std::move(points)) {}

  std::vector<CumulantPoint> points_;
};

}  // namespace trimtab
