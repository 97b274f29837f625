#include "trimtab/probability/gamma_distribution.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace trimtab {
namespace {

constexpr double kEpsilon = 1e-16;

// Stirling's series from 16 on. std::lgamma writes a global sign, which threads would share.
double LogGamma(double x) {
  double shift = 0.0;
  for (; x < 16.0; x += 1.0) shift += std::log(x);
  const double inverse = 1.0 / x;
  const double square = inverse * inverse;
  const double series =
      inverse * (1.0 / 12 - square * (1.0 / 360 - square * (1.0 / 1260 - square / 1680)));
  return (x - 0.5) * std::log(x) - x + 0.5 * std::log(2.0 * std::numbers::pi) + series - shift;
}

}  // namespace

GammaDistribution::GammaDistribution(double shape) : shape_(shape), log_gamma_(LogGamma(shape)) {}

double GammaDistribution::Above(double digits) const {
  return shape_ + std::sqrt(2.0 * shape_ * digits) + digits;
}

double GammaDistribution::Within(double x) const {
  if (!(x > 0.0)) return 0.0;
  if (std::isinf(x)) return 1.0;
  const double scale = std::exp(shape_ * std::log(x) - x - log_gamma_);
  if (x < shape_ + 1.0) {
    double term = 1.0 / shape_;
    double sum = term;
    for (double a = shape_ + 1.0; term > kEpsilon * sum; a += 1.0) {
      term *= x / a;
      sum += term;
    }
    return std::min(1.0, scale * sum);
  }
  // Lentz's method.
  constexpr double kTiny = std::numeric_limits<double>::min() / kEpsilon;
  double b = x + 1.0 - shape_;
  double c = 1.0 / kTiny;
  double d = 1.0 / b;
  double fraction = d;
  for (double i = 1.0; i < 1e7; i += 1.0) {
    const double a = -i * (i - shape_);
    b += 2.0;
    d = a * d + b;
    if (std::abs(d) < kTiny) d = kTiny;
    c = b + a / c;
    if (std::abs(c) < kTiny) c = kTiny;
    d = 1.0 / d;
    const double factor = d * c;
    fraction *= factor;
    if (std::abs(factor - 1.0) < kEpsilon * 4) break;
  }
  return std::max(0.0, 1.0 - scale * fraction);
}

}  // namespace trimtab
