// Least-squares fits of distribution functions to samples (Derm IV-A: "non-linear least squares").
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace trimtab {

// A value and the share of samples up to it.
struct CdfPoint {
  double value = 0;
  double probability = 0;
};

// The value with a share p of the samples below it, linear between order statistics: sample i of n
// (from 0) is the (i + 0.5) / n quantile. REQUIRES: `sorted` rises and is not empty, 0 < p < 1.
double SortedQuantile(std::span<const double> sorted, double p);

// `count` quantiles at evenly spaced probabilities: every sample counts alike, whatever the longest
// one is. At most one point a sample. REQUIRES: `sorted` rises and is not empty.
std::vector<CdfPoint> EvenProbabilityPoints(std::span<const double> sorted, std::size_t count);
// The ends of `count` equally wide bins from the smallest to the largest sample and the share of
// samples below each, as Derm's authors fit them: one outlier moves all bins (D8).
// REQUIRES: `sorted` rises and is not empty.
std::vector<CdfPoint> EvenWidthPoints(std::span<const double> sorted, std::size_t count);

// The rate that minimises the squared error of 1 - exp(-rate * value), in 1 / the unit of the
// values, started from `start`. REQUIRES: start > 0, at least one value above 0.
// Cost: about 10 us for 100 points.
double FitExponentialRate(std::span<const CdfPoint> points, double start);

// 1 - (1 + (value / scale)^power)^-tail, the Burr (XII) distribution function; log-logistic when
// tail is 1.
struct BurrShape {
  double scale = 1;
  double power = 1;
  double tail = 1;
};
// As FitExponentialRate; `tail_is_one` keeps it so. REQUIRES: at least two different values, all
// above 0.
BurrShape FitBurrShape(std::span<const CdfPoint> points, bool tail_is_one);

}  // namespace trimtab
