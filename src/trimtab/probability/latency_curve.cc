#include "trimtab/probability/latency_curve.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "trimtab/probability/grid_kernels.h"

namespace trimtab {
namespace {

// Of a step: what rounding may do to the place of a point.
constexpr double kHair = 1e-6;

// The integral of F from the start to each point, in steps: cubic through the four nearest points.
std::vector<double> Integrals(const LatencyCurve& curve) {
  const auto& f = curve.within;
  const std::size_t n = f.size();
  std::vector<double> cells(n, 0.0);
  if (n < 4) {
    for (std::size_t i = 0; i + 1 < n; ++i) cells[i + 1] = 0.5 * (f[i] + f[i + 1]);
  } else {
    cells[1] = (9.0 * f[0] + 19.0 * f[1] - 5.0 * f[2] + f[3]) / 24;
    for (std::size_t i = 1; i + 2 < n; ++i) {
      cells[i + 1] = (13.0 * (f[i] + f[i + 1]) - f[i - 1] - f[i + 2]) * (1.0 / 24);
    }
    cells[n - 1] = (9.0 * f[n - 1] + 19.0 * f[n - 2] - 5.0 * f[n - 3] + f[n - 4]) / 24;
  }
  std::partial_sum(cells.begin(), cells.end(), cells.begin());
  return cells;
}

std::vector<double> Product(const std::vector<double>& a, const std::vector<double>& b,
                            std::size_t count) {
  std::vector<double> product(std::min(count, a.size() + b.size() - 1));
  grid::Convolve(a, b, product);
  return product;
}

}  // namespace

double LatencyCurve::At(double time) const {
  double value = 0.0;
  Sample(time, 0.0, std::span(&value, 1));
  return value;
}

void LatencyCurve::Sample(double first, double by, std::span<double> values) const {
  const auto fill = [values](std::size_t from, std::size_t to, double value) {
    std::ranges::fill(values.subspan(from, to - from), value);
  };
  // Of the first `count` values, those at which `inside` holds: all after them do not.
  const auto count_while = [values](double place, double ratio, const auto& inside) {
    const auto at = [&](std::size_t m) { return inside(place + static_cast<double>(m) * ratio); };
    std::size_t low = 0;
    for (std::size_t high = values.size(); low < high;) {
      const std::size_t middle = low + (high - low) / 2;
      if (at(middle)) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  };
  if (is_constant()) {
    const std::size_t before = count_while(first, by, [&](double time) { return time < start; });
    fill(0, before, 0.0);
    fill(before, values.size(), 1.0);
    return;
  }
  const double ratio = by / step;
  const double place = (first - start) / step;
  const double end = static_cast<double>(within.size() - 1);
  const std::size_t before = count_while(place, ratio, [](double at) { return at < -kHair; });
  const std::size_t inside =
      std::max(before, count_while(place, ratio, [end](double at) { return at <= end + kHair; }));
  fill(0, before, 0.0);
  grid::Interpolate(within, place + static_cast<double>(before) * ratio, ratio,
                    values.subspan(before, inside - before));
  fill(inside, values.size(), complete ? 1.0 : within.back());
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
  const double ratio = step / curve.step;
  std::vector<double> integrals(count + 1, 0.0);
  grid::Integrate(curve.within, integral, ratio, std::span(integrals).subspan(1));
  std::vector<double> weights(count);
  const double scale = 1.0 / ratio;
  weights[0] = scale * integrals[1];
  for (std::size_t m = 1; m < count; ++m) {
    weights[m] = scale * (integrals[m + 1] - 2.0 * integrals[m] + integrals[m - 1]);
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
  std::vector<double> sum(within.size());
  grid::Convolve(weights, within, sum);
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
  // Four cells at a time: only the last of them has to wait for the ones before.
  const double second = decay * decay;
  const double third = second * decay;
  const double fourth = second * second;
  double before = within.front();
  double value = 0.0;
  within.front() = 0.0;
  std::size_t m = 1;
  for (; m + 4 <= within.size(); m += 4) {
    double* const y = within.data() + m;
    const double after = y[3];
    const double own0 = left * before + right * y[0];
    const double own1 = left * y[0] + right * y[1] + decay * own0;
    const double own2 = left * y[1] + right * y[2] + decay * own1;
    const double own3 = left * y[2] + right * y[3] + decay * own2;
    y[0] = own0 + decay * value;
    y[1] = own1 + second * value;
    y[2] = own2 + third * value;
    value = own3 + fourth * value;
    y[3] = value;
    before = after;
  }
  for (; m < within.size(); ++m) {
    const double here = within[m];
    value = decay * value + left * before + right * here;
    within[m] = value;
    before = here;
  }
}

}  // namespace trimtab
