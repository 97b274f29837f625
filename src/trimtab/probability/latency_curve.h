// Distribution functions on equally spaced times: the arithmetic of the grid evaluator.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace trimtab {

// F(start + i * step) = within[i]; 0 before `start`. Of a constant: one point, within 1.
struct LatencyCurve {
  double start = 0.0;
  double step = 1.0;
  std::vector<double> within;
  // Whether F is 1 after the last point; else the curve was cut off where nobody looks further.
  bool complete = true;

  bool is_constant() const { return within.size() == 1; }
  // Cubic between the points.
  double At(double time) const;
  // At() at first, first + by, ..., faster.
  void Sample(double first, double by, std::span<double> values) const;
  // The first time at which F reaches `level`; the last point when it never does.
  double TimeOf(double level) const;
};

// The law of `curve` as weights on the times start + m * step, m < count: hat functions
// integrated against it. They keep the probability and the mean of every cell, so a law narrower
// than a cell is as good as any other.
std::vector<double> HatWeights(const LatencyCurve& curve, double step, std::size_t count);

// The weights of `repeats` independent times one after the other, cut to their first count.
std::vector<double> PowerOfWeights(std::vector<double> weights, double repeats, std::size_t count);

// within[n] = sum_m weights[m] within[n - m]: adds an independent time with these weights.
void Convolve(std::span<const double> weights, std::vector<double>& within);

// Adds an exponential time: y[m+1] = E y[m] + A x[m] + B x[m+1], exact where x is linear.
void ConvolveExponential(double rate, double step, std::vector<double>& within);

}  // namespace trimtab
