#include "trimtab/scaling/derm/dual_newton.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace trimtab {
namespace {

constexpr int kNewtonPasses = 15;
constexpr double kLargestStep = 2;
// Of a level: the step is one of many, and its error is that squared.
constexpr double kPrecision = 1e-8;
// How far from its start a level is looked for, and how near the tail its bracket ends.
constexpr double kWidest = 32;
constexpr double kBracketed = 1e-3;
constexpr int kBracketSteps = 25;
// Shifts of log-odds are cut off here, long before a double overflows.
constexpr double kFarthest = 300;
constexpr double kLeastWithin = 1e-9;

// Of the requests of a graph, that are in time.
double WithinOf(double tail) { return std::max(1 - tail, kLeastWithin); }

// Gauss-Jordan elimination with row pivots of an n x (n+1) system; false when it is singular.
bool Eliminate(std::vector<double>& a, std::size_t n) {
  const std::size_t width = n + 1;
  for (std::size_t column = 0; column < n; ++column) {
    std::size_t pivot = column;
    for (std::size_t row = column + 1; row < n; ++row) {
      if (std::fabs(a[row * width + column]) > std::fabs(a[pivot * width + column])) pivot = row;
    }
    const double value = a[pivot * width + column];
    if (!(std::fabs(value) > 1e-300)) return false;
    if (pivot != column) {
      std::swap_ranges(a.begin() + static_cast<std::ptrdiff_t>(pivot * width),
                       a.begin() + static_cast<std::ptrdiff_t>((pivot + 1) * width),
                       a.begin() + static_cast<std::ptrdiff_t>(column * width));
    }
    for (std::size_t row = 0; row < n; ++row) {
      if (row == column) continue;
      const double factor = a[row * width + column] / value;
      if (factor == 0) continue;
      for (std::size_t k = column; k < width; ++k) {
        a[row * width + k] -= factor * a[column * width + k];
      }
    }
  }
  for (std::size_t row = 0; row < n; ++row) a[row * width + n] /= a[row * width + row];
  return true;
}

}  // namespace

bool DualNewton::Solve(std::span<const DualLane> lanes, std::span<const DualCall> calls,
                       std::span<const double> shares, std::span<const double> tails, double tail,
                       double& nu) {
  lanes_ = lanes;
  calls_ = calls;
  shares_ = shares;
  tails_ = tails;
  tail_ = tail;
  const std::size_t graphs = shares.size();
  levels_.resize(graphs);
  weights_.resize(graphs);
  shifts_.resize(graphs);
  means_.resize(lanes.size());
  loads_.resize(lanes.size());
  matrix_.resize(graphs * graphs);
  system_.resize((graphs + 1) * (graphs + 2));
  per_price_.resize(graphs);
  return Newton(Model::kOdds, nu) || Newton(Model::kLogarithm, nu) || Bracket(nu);
}

bool DualNewton::Newton(Model model, double& nu) {
  model_ = model;
  for (std::size_t g = 0; g < levels_.size(); ++g) {
    levels_[g] = nu + std::log(shares_[g]);
    per_price_[g] = 1 / (model == Model::kOdds ? tails_[g] * WithinOf(tails_[g]) : tails_[g]);
  }
  const double start = nu;
  for (int pass = 0; pass < kNewtonPasses; ++pass) {
    Pass(/*with_matrix=*/true);
    double worst = std::fabs(std::log(TailOfAll() / tail_));
    for (std::size_t g = 0; g < levels_.size(); ++g) {
      worst = std::max(worst, std::fabs(LevelResidual(g, nu)));
    }
    if (worst < kPrecision) return true;
    if (!std::isfinite(worst) || !NewtonStep(nu)) break;
  }
  nu = start;
  return false;
}

DualNewton::Shifted DualNewton::ShiftedTail(std::size_t g) const {
  const double grown = tails_[g] * std::exp(std::clamp(shifts_[g], -kFarthest, kFarthest));
  if (model_ == Model::kLogarithm) return {.tail = grown, .bend = 1, .slope = shifts_[g]};
  const double within = WithinOf(tails_[g]);
  const double after = grown / (grown + within);
  return {.tail = after,
          .bend = 1 - 2 * after,
          .slope = std::log(after / (grown + within) / tails_[g])};
}

void DualNewton::Pass(bool with_matrix) {
  const std::size_t graphs = levels_.size();
  for (std::size_t g = 0; g < graphs; ++g) weights_[g] = std::exp(levels_[g]);
  std::ranges::fill(shifts_, 0.0);
  if (with_matrix) std::ranges::fill(matrix_, 0.0);
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    const DualLane& lane = lanes_[i];
    const auto calls = calls_.subspan(lane.first_call, lane.last_call - lane.first_call);
    double price = 1e-300;
    for (const DualCall& call : calls) price += weights_[call.graph] * call.price;
    const LoadLaw::Choice choice =
        lane.law->Cheapest(lane.demand, price, lane.lowest, lane.highest);
    const double moved = lane.damping * (choice.mean - lane.mean);
    means_[i] = lane.mean + moved;
    loads_[i] = choice.load;
    for (const DualCall& call : calls) {
      shifts_[call.graph] += call.price * per_price_[call.graph] * moved;
    }
    if (!with_matrix || choice.slope == 0) continue;
    const double slope = lane.damping * choice.slope;
    for (const DualCall& row : calls) {
      const double scale = row.price * per_price_[row.graph] * slope;
      double* const to = matrix_.data() + static_cast<std::size_t>(row.graph) * graphs;
      for (const DualCall& column : calls) {
        to[column.graph] += scale * weights_[column.graph] * column.price;
      }
    }
  }
}

double DualNewton::LevelResidual(std::size_t g, double nu) const {
  return levels_[g] - nu - std::log(shares_[g]) - ShiftedTail(g).slope;
}

double DualNewton::TailOfAll() const {
  double sum = 0;
  for (std::size_t g = 0; g < shares_.size(); ++g) {
    sum += shares_[g] * ShiftedTail(g).tail;
  }
  return sum;
}

bool DualNewton::NewtonStep(double& nu) {
  const std::size_t graphs = levels_.size();
  const std::size_t width = graphs + 2;
  const double sum = TailOfAll();
  std::ranges::fill(system_, 0.0);
  double* const last = system_.data() + graphs * width;
  for (std::size_t g = 0; g < graphs; ++g) {
    double* const row = system_.data() + g * width;
    const double* const slopes = matrix_.data() + g * graphs;
    const Shifted after = ShiftedTail(g);
    const double rise = model_ == Model::kOdds ? after.tail * (1 - after.tail) : after.tail;
    const double weight = shares_[g] * rise / sum;
    for (std::size_t h = 0; h < graphs; ++h) {
      row[h] = (g == h ? 1 : 0) - after.bend * slopes[h];
      last[h] += weight * slopes[h];
    }
    row[graphs] = -1;
    row[graphs + 1] = LevelResidual(g, nu);
  }
  last[graphs + 1] = std::log(TailOfAll() / tail_);
  if (!Eliminate(system_, graphs + 1)) return false;
  double largest = 0;
  for (std::size_t g = 0; g <= graphs; ++g) {
    largest = std::max(largest, std::fabs(system_[g * width + graphs + 1]));
  }
  if (!std::isfinite(largest)) return false;
  const double scale = largest > kLargestStep ? kLargestStep / largest : 1;
  for (std::size_t g = 0; g < graphs; ++g) levels_[g] -= scale * system_[g * width + graphs + 1];
  nu -= scale * system_[graphs * width + graphs + 1];
  return true;
}

bool DualNewton::Bracket(double& nu) {
  const auto residual_at = [this](double level) {
    for (std::size_t g = 0; g < levels_.size(); ++g) levels_[g] = level + std::log(shares_[g]);
    for (int pass = 0; pass < 3; ++pass) {
      Pass(/*with_matrix=*/false);
      for (std::size_t g = 0; g < levels_.size(); ++g) {
        const double next = level + std::log(shares_[g]) + ShiftedTail(g).slope;
        levels_[g] = 0.5 * (levels_[g] + std::clamp(next, levels_[g] - 4, levels_[g] + 4));
      }
    }
    Pass(/*with_matrix=*/false);
    return std::log(TailOfAll() / tail_);
  };
  // The tail falls while the level, the price of a miss, rises.
  double low = nu;
  double high = nu;
  double at_low = residual_at(nu);
  double at_high = at_low;
  for (double width = 2; at_low < 0 && width <= kWidest; width *= 2) {
    high = std::exchange(low, nu - width);
    at_high = std::exchange(at_low, residual_at(low));
  }
  for (double width = 2; at_high > 0 && width <= kWidest; width *= 2) {
    low = std::exchange(high, nu + width);
    at_low = std::exchange(at_high, residual_at(high));
  }
  // Bounds and trust region end before the tail is reached: all the way, then.
  if (at_low < 0 || at_high > 0) return false;
  // The secant between the ends, an end that stays counting half: regula falsi after Illinois.
  enum class Side { kNone, kLow, kHigh } moved = Side::kNone;
  for (int step = 0; step < kBracketSteps; ++step) {
    const double next = (low * at_high - high * at_low) / (at_high - at_low);
    const double here = residual_at(next);
    if (std::fabs(here) < kBracketed) {
      nu = next;
      return true;
    }
    if (here > 0) {
      low = next;
      at_low = here;
      if (std::exchange(moved, Side::kLow) == Side::kLow) at_high *= 0.5;
    } else {
      high = next;
      at_high = here;
      if (std::exchange(moved, Side::kHigh) == Side::kHigh) at_low *= 0.5;
    }
  }
  return false;
}

}  // namespace trimtab
