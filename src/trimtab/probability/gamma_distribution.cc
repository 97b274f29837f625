#include "trimtab/probability/gamma_distribution.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <span>

namespace trimtab {
namespace {

constexpr double kEpsilon = 1e-16;
constexpr double kLargeShape = 1e4;

// Stirling's series from 16 on. std::lgamma writes a global sign, which threads would share.
double LogGamma(double x) {
  if (x == 1.0) return 0.0;
  double product = 1.0;
  for (; x < 16.0; x += 1.0) product *= x;
  const double inverse = 1.0 / x;
  const double square = inverse * inverse;
  const double series =
      inverse * (1.0 / 12 - square * (1.0 / 360 - square * (1.0 / 1260 - square / 1680)));
  return (x - 0.5) * std::log(x) - x + 0.5 * std::log(2.0 * std::numbers::pi) + series -
         std::log(product);
}

}  // namespace

GammaDistribution::GammaDistribution(double shape)
    : shape_(shape), log_gamma_(shape == 1.0 ? 0.0 : LogGamma(shape)) {}

double GammaDistribution::Above(double digits) const {
  if (shape_ == 1.0) return digits;  // of an exponential, exactly
  return shape_ + std::sqrt(2.0 * shape_ * digits) + digits;
}

// Temme 1979: with eta^2 / 2 = mu - ln(1 + mu), mu = x / shape - 1, the upper tail is
// erfc(eta sqrt(shape / 2)) / 2 + exp(-shape eta^2 / 2) (C0 + C1 / shape) / sqrt(2 pi shape).
double GammaDistribution::WithinOfLarge(double x) const {
  const double mu = (x - shape_) / shape_;
  // The square cancels near the mean, where its series has converged after three terms.
  const double eta = std::abs(mu) < 1e-4
                         ? mu * (1.0 - mu / 3.0 + 7.0 * mu * mu / 36.0)
                         : std::copysign(std::sqrt(2.0 * std::max(0.0, mu - std::log1p(mu))), mu);
  // Beyond this many deviations nothing is left, and the series below end.
  if (std::abs(eta) * std::sqrt(shape_) > 9.0) return eta > 0.0 ? 1.0 : 0.0;
  const double c0 =
      -1.0 / 3 +
      eta * (1.0 / 12 +
             eta * (-2.0 / 135 + eta * (1.0 / 864 + eta * (1.0 / 2835 - eta * 139.0 / 777600))));
  const double c1 = -1.0 / 540 + eta * (-1.0 / 288 + eta / 378);
  const double rest = std::exp(-0.5 * shape_ * eta * eta) * (c0 + c1 / shape_) /
                      std::sqrt(2.0 * std::numbers::pi * shape_);
  return std::clamp(0.5 * std::erfc(-eta * std::sqrt(0.5 * shape_)) - rest, 0.0, 1.0);
}

double GammaDistribution::Within(double x) const {
  if (!(x > 0.0)) return 0.0;
  if (std::isinf(x)) return 1.0;
  if (shape_ >= kLargeShape) return WithinOfLarge(x);
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

void GammaDistribution::Sweep(double first, double step, std::span<double> within) const {
  // Of a cell: how much ln of the density may change over it.
  constexpr double kMostChange = 0.3;
  const double power = shape_ - 1.0;
  const double curvature = std::sqrt(std::abs(power)) + 1.0;
  double density[2] = {};  // with its first two derivatives, at the last point and at this one
  double slope[2] = {};
  double bend[2] = {};
  bool resolved = false;
  for (std::size_t m = 0; m < within.size(); ++m) {
    const double x = first + static_cast<double>(m) * step;
    const bool was_resolved = resolved;
    if (m > 0 && within[m - 1] == 1.0) {
      within[m] = 1.0;
      continue;
    }
    const double relative = power / x - 1.0;
    resolved = x > 0.0 && step * std::max(std::abs(relative), curvature / x) <= kMostChange;
    if (!resolved) {
      within[m] = Within(x);
      continue;
    }
    density[1] = std::exp(power * std::log(x) - x - log_gamma_);
    slope[1] = density[1] * relative;
    bend[1] = density[1] * (relative * relative - power / (x * x));
    if (was_resolved) {
      const double cell =
          step * (0.5 * (density[0] + density[1]) +
                  step * (0.1 * (slope[0] - slope[1]) + step / 120.0 * (bend[0] + bend[1])));
      within[m] = std::min(within[m - 1] + std::max(cell, 0.0), 1.0);
    } else {
      within[m] = Within(x);
    }
    density[0] = density[1];
    slope[0] = slope[1];
    bend[0] = bend[1];
  }
}

}  // namespace trimtab
