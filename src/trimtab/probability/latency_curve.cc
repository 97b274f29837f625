#include "trimtab/probability/latency_curve.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace trimtab {
namespace {

// The integral of F from the start to each point: cubic through the four nearest points.
std::vector<double> Integrals(const LatencyCurve& curve) {
  const auto& f = curve.within;
  const std::size_t n = f.size();
  std::vector<double> integral(n, 0.0);
  const double scale = curve.step / 24.0;
  for (std::size_t i = 0; i + 1 < n; ++i) {
    double cell = 12.0 * (f[i] + f[i + 1]);
    if (n >= 4) {
      if (i == 0) {
        cell = 9.0 * f[0] + 19.0 * f[1] - 5.0 * f[2] + f[3];
      } else if (i + 2 == n) {
        cell = 9.0 * f[n - 1] + 19.0 * f[n - 2] - 5.0 * f[n - 3] + f[n - 4];
      } else {
        cell = 13.0 * (f[i] + f[i + 1]) - f[i - 1] - f[i + 2];
      }
    }
    integral[i + 1] = integral[i] + scale * cell;
  }
  return integral;
}

// The integral up to `offset` after the start: Hermite's cubic, for F is its slope.
double IntegralAt(const LatencyCurve& curve, const std::vector<double>& integral, double offset) {
  if (offset <= 0.0) return 0.0;
  const double place = offset / curve.step;
  const std::size_t last = curve.within.size() - 1;
  const auto end = static_cast<double>(last);
  if (place >= end) return integral[last] + (place - end) * curve.step * curve.within[last];
  const auto i = static_cast<std::size_t>(place);
  const double u = place - static_cast<double>(i);
  const double v = 1.0 - u;
  return integral[i] * v * v * (1 + 2 * u) + integral[i + 1] * u * u * (1 + 2 * v) +
         curve.step * u * v * (curve.within[i] * v - curve.within[i + 1] * u);
}

std::vector<double> Product(const std::vector<double>& a, const std::vector<double>& b,
                            std::size_t count) {
  std::vector<double> product(std::min(count, a.size() + b.size() - 1), 0.0);
  for (std::size_t m = 0; m < std::min(a.size(), product.size()); ++m) {
    const std::size_t most = std::min(b.size(), product.size() - m);
    for (std::size_t n = 0; n < most; ++n) product[m + n] += a[m] * b[n];
  }
  return product;
}

}  // namespace

double LatencyCurve::At(double time) const {
  if (!(time >= start)) return 0.0;
  if (is_constant()) return 1.0;
  const double place = (time - start) / step;
  const std::size_t n = within.size();
  // A hair beyond the last point is rounding.
  if (place > static_cast<double>(n - 1) + 1e-6) return complete ? 1.0 : within.back();
  const auto cell = std::min(static_cast<std::size_t>(place), n - 2);
  const std::size_t first = std::min(cell > 0 ? cell - 1 : 0, n - 4);
  const double* f = within.data() + first;
  const double u = place - static_cast<double>(first);
  const double value = f[0] * (1 - u) * (2 - u) * (3 - u) / 6 + f[1] * u * (2 - u) * (3 - u) / 2 +
                       f[2] * u * (u - 1) * (3 - u) / 2 + f[3] * u * (u - 1) * (u - 2) / 6;
  return std::clamp(value, within[cell], std::max(within[cell], within[cell + 1]));
}

double LatencyCurve::TimeOf(double level) const {
  const auto above = std::ranges::lower_bound(within, level);
  if (above == within.begin()) return start;
  const auto index = static_cast<double>(above - within.begin());
  if (above == within.end()) return start + step * (index - 1);
  double low = start + step * (index - 1);
  double high = start + step * index;
  for (int i = 0; i < 50; ++i) {
    const double middle = 0.5 * (low + high);
    (At(middle) < level ? low : high) = middle;
  }
  return high;
}

std::vector<double> HatWeights(const LatencyCurve& curve, double step, std::size_t count) {
  if (curve.is_constant()) return {1.0};
  const std::vector<double> integral = Integrals(curve);
  const double span = curve.step * static_cast<double>(curve.within.size() - 1);
  // One weight beyond the last point, when nothing is cut off.
  count = std::min(count, static_cast<std::size_t>(std::min(1e9, span / step)) + 3);
  std::vector<double> weights(count);
  double before = 0.0;
  double here = 0.0;
  for (std::size_t m = 0; m < count; ++m) {
    const double after = IntegralAt(curve, integral, step * static_cast<double>(m + 1));
    weights[m] = (after - 2.0 * here + before) / step;
    before = here;
    here = after;
  }
  return weights;
}

std::vector<double> PowerOfWeights(std::vector<double> weights, double repeats, std::size_t count) {
  std::vector<double> power = {1.0};
  for (auto left = static_cast<std::size_t>(repeats); left > 0; left /= 2) {
    if (left % 2 == 1) power = Product(power, weights, count);
    if (left > 1) weights = Product(weights, weights, count);
  }
  return power;
}

void Convolve(std::span<const double> weights, std::vector<double>& within) {
  std::vector<double> sum(within.size(), 0.0);
  for (std::size_t m = 0; m < std::min(weights.size(), sum.size()); ++m) {
    if (weights[m] == 0.0) continue;
    for (std::size_t n = m; n < sum.size(); ++n) sum[n] += weights[m] * within[n - m];
  }
  within = std::move(sum);
}

void ConvolveExponential(double rate, double step, std::vector<double>& within) {
  const double x = rate * step;
  const double decay = std::exp(-x);
  // Below 1e-2 the closed forms are differences of nearly equal numbers.
  const double mean_decay =
      x < 1e-2 ? 1.0 - x * (0.5 - x * (1.0 / 6 - x * (1.0 / 24 - x / 120))) : -std::expm1(-x) / x;
  const double left =
      x < 1e-2 ? x * (0.5 - x * (1.0 / 3 - x * (1.0 / 8 - x / 30))) : mean_decay - decay;
  const double right =
      x < 1e-2 ? x * (0.5 - x * (1.0 / 6 - x * (1.0 / 24 - x / 120))) : 1.0 - mean_decay;
  double before = within.front();
  double value = 0.0;
  within.front() = 0.0;
  for (std::size_t m = 1; m < within.size(); ++m) {
    const double here = within[m];
    value = decay * value + left * before + right * here;
    within[m] = value;
    before = here;
  }
}

}  // namespace trimtab
