// The one source of this room that includes Ceres' TinySolver.
#include "trimtab/latency/distribution_fit.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "ceres/tiny_solver.h"
#include "trimtab/neural/portable_math.h"

namespace trimtab {
namespace {

// Parameters are searched within a factor of e^30 of 1 around the start, where nothing overflows.
constexpr double kWidestLogarithm = 30;

double Bounded(double x) { return std::clamp(x, -kWidestLogarithm, kWidestLogarithm); }
double BoundedExp(double x) { return PortableExp(Bounded(x)); }

// x: logarithm of rate / start.
class ExponentialResiduals {
 public:
  using Scalar = double;
  enum { NUM_RESIDUALS = Eigen::Dynamic, NUM_PARAMETERS = 1 };

  ExponentialResiduals(std::span<const CdfPoint> points, double start)
      : points_(points), start_(start) {}
  int NumResiduals() const { return static_cast<int>(points_.size()); }

  bool operator()(const double* x, double* residuals, double* jacobian) const {
    const double rate = start_ * BoundedExp(x[0]);
    for (std::size_t i = 0; i < points_.size(); ++i) {
      const double exponent = std::min(rate * points_[i].value, 700.0);
      const double survival = PortableExp(-exponent);
      residuals[i] = 1 - survival - points_[i].probability;
      if (jacobian != nullptr) jacobian[i] = exponent * survival;
    }
    return true;
  }

 private:
  std::span<const CdfPoint> points_;
  double start_;
};

// x: logarithms of scale / start.scale, power / start.power and, with three parameters, tail.
template <int kParameters>
class BurrResiduals {
 public:
  using Scalar = double;
  enum { NUM_RESIDUALS = Eigen::Dynamic, NUM_PARAMETERS = kParameters };

  BurrResiduals(std::span<const CdfPoint> points, const BurrShape& start) : start_(start) {
    for (const CdfPoint& point : points) {
      log_values_.push_back(PortableLog(point.value / start.scale));
      probabilities_.push_back(point.probability);
    }
  }
  int NumResiduals() const { return static_cast<int>(log_values_.size()); }

  bool operator()(const double* x, double* residuals, double* jacobian) const {
    const double power = start_.power * BoundedExp(x[1]);
    const double tail = kParameters == 3 ? BoundedExp(x[kParameters - 1]) : 1.0;
    const std::size_t count = log_values_.size();
    for (std::size_t i = 0; i < count; ++i) {
      const double log_ratio = log_values_[i] - Bounded(x[0]);
      const double ratio = PortableExp(std::clamp(power * log_ratio, -600.0, 600.0));
      // Towards a Weibull law the ratio vanishes and the tail grows: 1 + ratio would lose it.
      const double log_one_more = ratio < 1e-5 ? ratio * (1 - ratio / 2) : PortableLog(1 + ratio);
      const double survival = PortableExp(std::max(-tail * log_one_more, -700.0));
      residuals[i] = 1 - survival - probabilities_[i];
      if (jacobian == nullptr) continue;
      // d F / d ln(ratio).
      const double by_ratio = tail * survival * (ratio / (1 + ratio));
      jacobian[i] = -power * by_ratio;
      jacobian[count + i] = power * log_ratio * by_ratio;
      if (kParameters == 3) jacobian[2 * count + i] = tail * log_one_more * survival;
    }
    return true;
  }

 private:
  BurrShape start_;
  std::vector<double> log_values_;
  std::vector<double> probabilities_;
};

template <class Residuals>
Eigen::Matrix<double, Residuals::NUM_PARAMETERS, 1> Minimize(const Residuals& residuals) {
  ceres::TinySolver<Residuals> solver;
  solver.options.max_num_iterations = 100;
  solver.options.function_tolerance = 1e-12;
  Eigen::Matrix<double, Residuals::NUM_PARAMETERS, 1> x;
  x.setZero();
  solver.Solve(residuals, &x);
  return x;
}

double ValueAt(std::span<const CdfPoint> points, double probability) {
  for (const CdfPoint& point : points) {
    if (point.probability >= probability) return point.value;
  }
  return points.back().value;
}

}  // namespace

double SortedQuantile(std::span<const double> sorted, double p) {
  const double place = p * static_cast<double>(sorted.size()) - 0.5;
  if (place <= 0) return sorted.front();
  const auto below = static_cast<std::size_t>(place);
  if (below + 1 >= sorted.size()) return sorted.back();
  const double part = place - static_cast<double>(below);
  return sorted[below] + part * (sorted[below + 1] - sorted[below]);
}

std::vector<CdfPoint> EvenProbabilityPoints(std::span<const double> sorted, std::size_t count) {
  const std::size_t used = std::clamp<std::size_t>(count, 1, sorted.size());
  std::vector<CdfPoint> points;
  points.reserve(used);
  for (std::size_t i = 0; i < used; ++i) {
    const double p = (static_cast<double>(i) + 0.5) / static_cast<double>(used);
    points.push_back({SortedQuantile(sorted, p), p});
  }
  return points;
}

std::vector<CdfPoint> EvenWidthPoints(std::span<const double> sorted, std::size_t count) {
  const double width = (sorted.back() - sorted.front()) / static_cast<double>(count);
  std::vector<CdfPoint> points;
  points.reserve(count);
  std::size_t below = 0;
  for (std::size_t bin = 1; bin <= count; ++bin) {
    const double end =
        bin == count ? sorted.back() : sorted.front() + width * static_cast<double>(bin);
    while (below < sorted.size() && sorted[below] <= end) ++below;
    points.push_back({end, static_cast<double>(below) / static_cast<double>(sorted.size())});
  }
  return points;
}

double FitExponentialRate(std::span<const CdfPoint> points, double start) {
  return start * BoundedExp(Minimize(ExponentialResiduals(points, start))[0]);
}

BurrShape FitBurrShape(std::span<const CdfPoint> points, bool tail_is_one) {
  const double low = ValueAt(points, 0.25);
  const double high = ValueAt(points, 0.75);
  BurrShape start;
  start.scale = ValueAt(points, 0.5);
  // The quartiles of a log-logistic are scale * 3^(-1/power) and scale * 3^(1/power).
  start.power = high > low ? 2 * PortableLog(3) / PortableLog(high / low) : 10;
  start.power = std::clamp(start.power, 0.1, 50.0);
  const auto two = Minimize(BurrResiduals<2>(points, start));
  const BurrShape log_logistic{.scale = start.scale * BoundedExp(two[0]),
                               .power = start.power * BoundedExp(two[1])};
  if (tail_is_one) return log_logistic;
  const auto three = Minimize(BurrResiduals<3>(points, log_logistic));
  return {.scale = log_logistic.scale * BoundedExp(three[0]),
          .power = log_logistic.power * BoundedExp(three[1]),
          .tail = BoundedExp(three[2])};
}

}  // namespace trimtab
