// How the own latency of one visit answers the load of a container, as the solver of Derm sees it.
#pragma once

#include <span>
#include <vector>

#include "absl/status/statusor.h"

namespace trimtab {

// Eq. 2 and 3: own latency is offset + Exp(rate) with rate = intercept + slope * container_load.
struct RateLaw {
  double offset = 0;     // s; the paper's l0; below 0 where moments of a heavy tail are matched
  double slope = 0;      // 1/s for each call/s; the paper's a
  double intercept = 0;  // 1/s; the paper's b, the rate of an idle container
  double most_load = 0;  // calls/s of a container above which the law was not seen; 0: no bound
};

// Mean (s), variance (s^2) and third cumulant (s^3) of own latency at one load (calls/s).
struct LoadPoint {
  double load = 0;
  double mean = 0;
  double variance = 0;
  double third = 0;
};

// The two kinds of law in one coordinate, the mean latency z of a visit (without the offset of a
// RateLaw): the solver trades containers n = demand / load against z, at a price for each second.
// A RateLaw has z = 1/rate, variance z^2, third cumulant 2 z^3. A table is logarithmic-linear in
// the load between its points and flat below the first; it ends at the last.
// Thread-safety: const methods from any thread. Cost: O(points) each, no allocation.
class LoadLaw {
 public:
  // kInvalidArgument names what is wrong: an intercept, offset or load that is not finite or has
  // the wrong sign. A slope >= 0 is read as no answer to load: the rate is the intercept (D9).
  static absl::StatusOr<LoadLaw> Of(const RateLaw& law);
  // At least one point, loads rising from >= 0, mean and variance > 0. A mean or variance that
  // falls while the load rises is raised to the one before: sampling noise, never a reward.
  static absl::StatusOr<LoadLaw> Of(std::span<const LoadPoint> points);

  // Whether more containers make a visit faster at all.
  bool answers() const { return answers_; }
  // The load that is never reached: where the rate is 0, or the last point of a table, or the
  // bound of the law; infinite when there is none.
  double limit() const { return limit_; }
  double offset() const { return offset_; }
  bool exponential() const { return points_.empty(); }

  // At limit() and above a rate law's mean is infinite, above it a table's. REQUIRES: 0 <= load.
  double Mean(double load) const;
  // Its slope by the load, to 1e-4.
  double MeanSlope(double load) const {
    const double step = 1e-4 * load;
    return (Mean(load) - Mean(load - step)) / step;
  }
  struct Moments {
    double mean = 0;  // with the offset
    double variance = 0;
    double third = 0;
    double variance_slope = 0;  // by the mean
    double third_slope = 0;     // by the mean
  };
  Moments At(double load) const;
  // The load whose mean is `mean`, between 0 and limit().
  double LoadOf(double mean) const;

  struct Choice {
    double load = 0;
    double mean = 0;
    double slope = 0;  // of the mean by the price; 0 at a bound
  };
  // The load in [lowest, highest] that minimises demand / load + price * Mean(load): for a rate law
  // 1/rate = 1/b + (1/b) sqrt(|a| demand / price), the square-root rule of the KKT conditions.
  // REQUIRES: answers(), demand > 0, price > 0, 0 < lowest <= highest < limit() of a rate law.
  Choice Cheapest(double demand, double price, double lowest, double highest) const;

 private:
  struct Segment {  // ln(value) = ln(value at load) + slope * (w - load) up to the next point
    LoadPoint at;
    double mean_slope = 0;
    double variance_slope = 0;
    double third_slope = 0;
  };
  std::size_t SegmentOf(double load) const;
  Choice CheapestOfRate(double demand, double price, double lowest, double highest) const;
  Choice CheapestOfTable(double demand, double price, double lowest, double highest) const;

  bool answers_ = true;
  double limit_ = 0;
  double offset_ = 0;
  double slope_ = 0;  // of the rate, below 0 when it answers
  double intercept_ = 0;
  std::vector<Segment> points_;  // of a table
};

}  // namespace trimtab
