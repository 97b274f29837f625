// The distribution function of a gamma law.
#pragma once

#include <span>

namespace trimtab {

// P(X <= x) of a gamma of `shape` and scale 1, the regularised incomplete gamma function: by its
// power series below shape + 1, by its continued fraction above, relative error 1e-12 of the
// smaller side; from a shape of 10,000 on by Temme's uniform expansion, error 1e-11.
// Cost: O(sqrt(shape)) terms near the mean, about ten elsewhere; an erfc for large shapes.
// Thread-safety: immutable.
class GammaDistribution {
 public:
  // REQUIRES: shape > 0.
  explicit GammaDistribution(double shape);

  double Within(double x) const;
  // Within() at first, first + step, ...: each cell adds the integral of the density by Hermite's
  // quintic (1e-8 in all at worst) where that resolves it, one density a
  // point; the others are those of Within(). REQUIRES: step >= 0.
  void Sweep(double first, double step, std::span<double> within) const;
  // An x that a share of at most exp(-digits) exceeds (Bernstein's bound).
  double Above(double digits) const;

 private:
  double WithinOfLarge(double x) const;

  double shape_;
  double log_gamma_;
};

}  // namespace trimtab
