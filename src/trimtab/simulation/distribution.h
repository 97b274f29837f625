// The laws that demands, waits and start-up times follow, as plain data.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

struct Deterministic {
  Latency value{0};
};
struct Exponential {
  Latency mean{0};
};
// `mean` and `cv` are those of the variable itself, not of its logarithm.
struct Lognormal {
  Latency mean{0};
  double cv = 1.0;  // standard deviation / mean
};
// `shift` plus a lognormal of `mean` and `cv`: a floor that no request beats.
struct ShiftedLognormal {
  Latency shift{0};
  Latency mean{0};  // of what comes on top of the shift
  double cv = 1.0;
};
// `high` with probability `high_share`, otherwise `low`: a cache hit and a miss.
struct TwoPoint {
  Latency low{0};
  Latency high{0};
  double high_share = 0.0;
};
// An empirical law: straight lines between (probability, value) points, which start at probability
// 0, end at 1 and fall in neither coordinate.
struct EmpiricalLaw {
  struct Point {
    double probability = 0.0;
    Latency value{0};
  };
  std::vector<Point> points;
};

// A law of a non-negative time.
using Distribution =
    std::variant<Deterministic, Exponential, Lognormal, ShiftedLognormal, TwoPoint, EmpiricalLaw>;

// Everything that is wrong with it, each with name, value and bound, "; " between; OK if nothing.
absl::Status ValidateDistribution(const Distribution& distribution);

// REQUIRES, from here on: valid.
Latency MeanOf(const Distribution& distribution);
// The inverse CDF; the supremum of an unbounded law at probability 1 is its value at 1 - 1e-12.
Latency QuantileOf(const Distribution& distribution, double probability);
// The law of `factor` times the variable. REQUIRES: factor >= 0.
Distribution Scaled(const Distribution& distribution, double factor);

}  // namespace trimtab
