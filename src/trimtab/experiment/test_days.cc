#include "trimtab/experiment/test_days.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace trimtab {
namespace {

constexpr int kSteps = 12;
constexpr double kClose = 0.002;  // of both shares together
constexpr double kMostStep = 1.5;
constexpr double kMost = 4;
constexpr double kFirstStep = 0.3;

using Vector = std::array<double, 2>;

class DaySearch {
 public:
  DaySearch(const SizeShares& wanted,
            const std::function<absl::StatusOr<SizeShares>(const TestDays&)>& measure)
      : wanted_(wanted), measure_(measure) {}

  absl::StatusOr<TestDays> Find() {
    Vector at{0, 0};
    auto error = ErrorAt(at);
    if (!error.ok()) return error.status();
    if (const absl::Status s = FirstSlopes(*error); !s.ok()) return s;
    for (int i = 0; i < kSteps && least_ > kClose; ++i) {
      const Vector step = StepFrom(at, *error);
      const double length = step[0] * step[0] + step[1] * step[1];
      if (!(length > 0)) break;
      for (std::size_t k = 0; k < 2; ++k) at[k] += step[k];
      const auto after = ErrorAt(at);
      if (!after.ok()) return after.status();
      for (std::size_t row = 0; row < 2; ++row) {
        const double missed =
            (*after)[row] - (*error)[row] - slopes_[row][0] * step[0] - slopes_[row][1] * step[1];
        for (std::size_t k = 0; k < 2; ++k) slopes_[row][k] += missed * step[k] / length;
      }
      error = *after;
    }
    return best_;
  }

 private:
  // Nothing where the slopes say nothing.
  Vector StepFrom(const Vector& at, const Vector& error) const {
    const auto& [a, b] = slopes_[0];
    const auto& [c, d] = slopes_[1];
    const double determinant = a * d - b * c;
    if (!(std::abs(determinant) > 1e-9)) return {0, 0};
    Vector step{(b * error[1] - d * error[0]) / determinant,
                (c * error[0] - a * error[1]) / determinant};
    for (std::size_t k = 0; k < 2; ++k) {
      step[k] = std::clamp(step[k], -kMostStep, kMostStep);
      step[k] = std::clamp(at[k] + step[k], -kMost, kMost) - at[k];
    }
    return step;
  }

  absl::StatusOr<Vector> ErrorAt(const Vector& at) {
    const TestDays days{.operations = at[0], .stocks = at[1]};
    const auto now = measure_(days);
    if (!now.ok()) return now.status();
    const Vector error{now->simple - wanted_.simple, now->complex - wanted_.complex};
    if (std::abs(error[0]) + std::abs(error[1]) < least_) {
      least_ = std::abs(error[0]) + std::abs(error[1]);
      best_ = days;
    }
    return error;
  }

  absl::Status FirstSlopes(const Vector& error) {
    for (std::size_t k = 0; k < 2; ++k) {
      Vector at{0, 0};
      at[k] = kFirstStep;
      const auto moved = ErrorAt(at);
      if (!moved.ok()) return moved.status();
      for (std::size_t row = 0; row < 2; ++row) {
        slopes_[row][k] = ((*moved)[row] - error[row]) / kFirstStep;
      }
    }
    return absl::OkStatus();
  }

  const SizeShares wanted_;
  const std::function<absl::StatusOr<SizeShares>(const TestDays&)>& measure_;
  std::array<Vector, 2> slopes_{};  // of (simple, complex) by (operations, stocks)
  double least_ = HUGE_VAL;
  TestDays best_;
};

}  // namespace

ClusterScenario OnTestDays(ClusterScenario cluster, const TestDays& days,
                           const std::vector<double>& simple) {
  for (std::size_t i = 0; i < cluster.entries.size(); ++i) {
    cluster.entries[i].share *= std::exp(days.operations * simple[i]);
  }
  const auto scaled = [&](std::int64_t units) {
    return static_cast<std::int64_t>(
        std::llround(static_cast<double>(units) * std::exp(days.stocks)));
  };
  for (StateSpec& state : cluster.states) {
    state.initial = scaled(state.initial);
    state.most = scaled(state.most);
    if (state.restock) state.restock->level = scaled(state.restock->level);
  }
  return cluster;
}

absl::StatusOr<TestDays> FindTestDays(
    const SizeShares& wanted,
    const std::function<absl::StatusOr<SizeShares>(const TestDays& days)>& measure) {
  return DaySearch(wanted, measure).Find();
}

}  // namespace trimtab
