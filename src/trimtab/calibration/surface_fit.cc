#include "trimtab/calibration/surface_fit.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <numbers>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "Eigen/Dense"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ceres/tiny_solver.h"
#include "ceres/tiny_solver_autodiff_function.h"
#include "fmt/format.h"
#include "trimtab/workload/csv_table.h"

namespace trimtab {
namespace {

struct Point {
  double load;
  double cpu;
  double memory;
  double log_latency;
  std::size_t operation;
};
using Operations = std::map<std::string, std::vector<Point>>;

absl::StatusOr<std::map<std::string, Operations>> ReadPoints(std::string_view text,
                                                             std::string_view name,
                                                             const SurfaceFitOptions& options) {
  const auto table = CsvTable::Create(text, name);
  if (!table.ok()) return table.status();
  const std::vector<std::string_view> keys = {
      "app",       "service",   "microservice", "load_rps_per_container",
      "cpu_inter", "mem_inter", "p95_latency"};
  std::vector<int> columns;
  for (const std::string_view key : keys) {
    columns.push_back(table->Column({key}));
    if (columns.back() < 0) {
      return absl::InvalidArgumentError(fmt::format("{}:1: there is no column {}", name, key));
    }
  }
  std::map<std::string, Operations> points;
  absl::Status status = table->ForEachRow([&](std::size_t row, const auto& cells) {
    const auto cell = [&](std::size_t key) {
      return cells[static_cast<std::size_t>(columns[key])];
    };
    if (cell(0) != options.application) return absl::OkStatus();
    std::vector<double> numbers;
    for (std::size_t key = 3; key < keys.size(); ++key) {
      const auto number = table->Number(row, cells, columns[key], key == 6 ? 1e-6 : 0.0, 1e12);
      if (!number.ok()) return number.status();
      numbers.push_back(*number);
    }
    points[std::string(cell(2))][std::string(cell(1))].push_back(
        {numbers[0], numbers[1] / options.host_cores, numbers[2] / options.host_mebibytes,
         std::log(numbers[3] * 1e-3), 0});
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  if (points.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("{}: there are no rows of app '{}'", name, options.application));
  }
  return points;
}

// The lowest load at which the mean latency over all contention passes three times its lowest.
double KneeOf(const std::vector<Point>& points) {
  std::map<double, std::pair<double, int>> by_load;
  for (const Point& point : points) {
    auto& [sum, count] = by_load[point.load];
    sum += point.log_latency;
    ++count;
  }
  double lowest = std::numeric_limits<double>::infinity();
  for (const auto& [load, cell] : by_load) lowest = std::min(lowest, cell.first / cell.second);
  for (const auto& [load, cell] : by_load) {
    if (cell.first / cell.second > lowest + std::log(3.0)) return load;
  }
  return by_load.rbegin()->first;
}

// Parameters: logarithms of the slopes, and the floor through a logistic onto (0, 0.8). The bases
// of the operations follow from them as means of what is left.
class SurfaceResiduals {
 public:
  using Scalar = double;
  // Names that the solver asks for.
  // NOLINTNEXTLINE(readability-identifier-naming)
  enum { NUM_RESIDUALS = Eigen::Dynamic, NUM_PARAMETERS = 3 };

  SurfaceResiduals(const std::vector<Point>& points, std::size_t operations)
      : points_(points), operations_(operations) {}
  int NumResiduals() const { return static_cast<int>(points_.size()); }

  template <class T>
  bool operator()(const T* const x, T* residuals) const {
    using std::exp;
    using std::log;
    const T floor = 0.8 / (1.0 + exp(-x[1]));
    std::vector<T> sums(operations_, T(0.0));
    std::vector<double> counts(operations_, 0.0);
    for (std::size_t i = 0; i < points_.size(); ++i) {
      const Point& p = points_[i];
      T over = p.cpu - floor;
      if (over < 0.0) over = T(0.0);
      residuals[i] = log(1.0 + exp(x[0]) * over) + log(1.0 + exp(x[2]) * p.memory) - p.log_latency;
      sums[p.operation] += residuals[i];
      counts[p.operation] += 1;
    }
    for (std::size_t i = 0; i < points_.size(); ++i) {
      residuals[i] -= sums[points_[i].operation] / counts[points_[i].operation];
    }
    return true;
  }
  // log base by operation.
  std::vector<double> Bases(const Eigen::Vector3d& x) const {
    std::vector<double> sums(operations_, 0.0);
    std::vector<double> counts(operations_, 0.0);
    const double floor = 0.8 / (1.0 + std::exp(-x[1]));
    for (const Point& p : points_) {
      sums[p.operation] += p.log_latency -
                           std::log1p(std::exp(x[0]) * std::max(0.0, p.cpu - floor)) -
                           std::log1p(std::exp(x[2]) * p.memory);
      counts[p.operation] += 1;
    }
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] /= counts[i];
    return sums;
  }

 private:
  const std::vector<Point>& points_;
  std::size_t operations_;
};

SurfaceFit Fit(const std::vector<Point>& points, std::size_t operations) {
  using Function = ceres::TinySolverAutoDiffFunction<SurfaceResiduals, Eigen::Dynamic, 3>;
  const SurfaceResiduals residuals(points, operations);
  double best_cost = std::numeric_limits<double>::infinity();
  Eigen::Vector3d best = Eigen::Vector3d::Zero();
  // The floor has local minima between the measured levels: start at each.
  for (const double start : {-3.0, -1.0, 0.0, 1.0}) {
    Function function(residuals);
    ceres::TinySolver<Function> solver;
    solver.options.max_num_iterations = 200;
    Eigen::Vector3d x(std::numbers::ln2, start, std::log(0.05));
    const auto& summary = solver.Solve(function, &x);
    if (summary.final_cost < best_cost) {
      best_cost = summary.final_cost;
      best = x;
    }
  }
  SurfaceFit fit;
  fit.cpu = {std::exp(best[0]), 0.8 / (1.0 + std::exp(-best[1]))};
  fit.memory_capacity = {std::exp(best[2]), 0.0};
  fit.relative_error = std::sqrt(2 * best_cost / static_cast<double>(points.size()));
  for (const double base : residuals.Bases(best)) {
    fit.mean_latency += std::exp(base) / static_cast<double>(operations);
  }
  fit.points = points.size();
  return fit;
}

}  // namespace

absl::StatusOr<std::vector<SurfaceFit>> FitSurface(std::string_view text, std::string_view name,
                                                   const SurfaceFitOptions& options) {
  const auto read = ReadPoints(text, name, options);
  if (!read.ok()) return read.status();
  std::vector<SurfaceFit> fits;
  for (const auto& [microservice, operations] : *read) {
    std::vector<Point> kept;
    double lowest_knee = std::numeric_limits<double>::infinity();
    std::size_t operation = 0;
    for (const auto& [unused, points] : operations) {
      const double knee = KneeOf(points);
      lowest_knee = std::min(lowest_knee, knee);
      const std::size_t before = kept.size();
      for (Point point : points) {
        if (point.load > knee / 2) continue;
        point.operation = operation;
        kept.push_back(point);
      }
      if (kept.size() > before) ++operation;
    }
    if (kept.size() < 8) {
      return absl::InvalidArgumentError(
          fmt::format("{}: microservice '{}' has {} points below half of its knee, at least 8 are "
                      "needed",
                      name, microservice, kept.size()));
    }
    fits.push_back(Fit(kept, operation));
    fits.back().microservice = microservice;
    fits.back().knee = lowest_knee;
  }
  return fits;
}

}  // namespace trimtab
