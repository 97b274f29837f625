#include "trimtab/scaling/derm/derm_constraint.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <utility>

namespace trimtab {
namespace {

constexpr double kLeastShare = 1e-12;
constexpr double kLeastTail = 1e-300;
// How softly the worst graphs of a share error are taken, as attainment.
constexpr double kTemperature = 0.004;
// Of the grid that checks: errors of 1e-5 in attainment, to which a graph of few visits, whose grid
// is that of few sums, needs half the cells. What is rounded is checked on a finer one.
constexpr std::size_t kCheckCells = 128;
constexpr std::size_t kFewMicroservices = 32;
// How much the error of the fast model changes while the tail moves by 1 part.
constexpr double kErrorChange = 0.02;

}  // namespace

DermConstraint::DermConstraint(const DermProblem& problem)
    : problem_(problem),
      tails_(problem),
      laws_(LawsOf(problem)),
      demand_(DemandOf(problem)),
      lanes_(MakeDermLanes(problem, tails_, laws_, demand_)),
      exact_(problem.share_error <= 0),
      moments_(laws_.size()),
      beyond_(problem.graphs.size(), 1.0),
      calls_(lanes_.calls),
      checked_(problem.graphs.size(), 1.0),
      errors_(problem.graphs.size(), 1.0),
      checked_means_(calls_.size(), 0.0) {
  for (std::size_t g = 0; g < problem.graphs.size(); ++g) {
    exact_ = exact_ && tails_.exact(g);
    shares_.push_back(std::max(problem.graphs[g].share, kLeastShare));
  }
  weights_ = shares_;
}

double DermConstraint::Tail(std::span<const double> loads) {
  return Evaluate(loads, /*with_prices=*/false);
}

double DermConstraint::TailAndPrices(std::span<const double> loads) {
  if (priced_ && std::ranges::equal(loads, loads_)) return tail_;
  return Evaluate(loads, /*with_prices=*/true);
}

double DermConstraint::Evaluate(std::span<const double> loads, bool with_prices) {
  loads_.assign(loads.begin(), loads.end());
  priced_ = with_prices;
  for (std::size_t i = 0; i < laws_.size(); ++i) moments_[i] = laws_[i].At(loads[i]);
  for (std::size_t g = 0; g < shares_.size(); ++g) {
    const std::vector<int>& call_of = lanes_.call_of[g];
    graph_prices_.resize(with_prices ? call_of.size() : 0);
    beyond_[g] = std::max(tails_.Beyond(g, moments_, graph_prices_), kLeastTail);
    for (std::size_t k = 0; k < graph_prices_.size(); ++k) {
      if (call_of[k] < 0) continue;
      calls_[static_cast<std::size_t>(call_of[k])].price = std::max(graph_prices_[k], 0.0);
    }
  }
  if (problem_.share_error > 0) {
    weights_ = WorstShares(shares_, beyond_, problem_.share_error, kTemperature);
    for (double& weight : weights_) weight = std::max(weight, kLeastShare);
  }
  tail_ = std::inner_product(weights_.begin(), weights_.end(), beyond_.begin(), 0.0);
  return tail_;
}

double DermConstraint::PriceOf(std::size_t lane) const {
  double price = 0;
  for (std::size_t k = lanes_.lanes[lane].first_call; k < lanes_.lanes[lane].last_call; ++k) {
    price += weights_[static_cast<std::size_t>(calls_[k].graph)] * calls_[k].price;
  }
  return price;
}

std::vector<double> DermConstraint::CostOfLatency() {
  std::vector<double> cost(laws_.size(), 0);
  for (std::size_t g = 0; g < shares_.size(); ++g) {
    const auto members = tails_.MicroservicesOf(g);
    graph_prices_.resize(members.size());
    tails_.Beyond(g, moments_, graph_prices_);
    for (std::size_t k = 0; k < members.size(); ++k) {
      const auto i = static_cast<std::size_t>(members[k]);
      cost[i] += shares_[g] * graph_prices_[k] * moments_[i].mean;
    }
  }
  return cost;
}

double DermConstraint::WorstMix() const {
  const std::vector<double>& mix = shares_;
  if (problem_.share_error <= 0) {
    return std::inner_product(mix.begin(), mix.end(), checked_.begin(), 0.0);
  }
  const auto worst = WorstShares(shares_, checked_, problem_.share_error, 0);
  return std::inner_product(worst.begin(), worst.end(), checked_.begin(), 0.0);
}

void DermConstraint::CheckGraph(std::size_t g) {
  const std::span<const int> members = tails_.MicroservicesOf(g);
  const std::size_t cells = members.size() <= kFewMicroservices ? kCheckCells / 2 : kCheckCells;
  checked_[g] = tails_.exact(g) ? beyond_[g] : tails_.Check(g, moments_, cells);
  errors_[g] = checked_[g] / beyond_[g];
  for (std::size_t k = 0; k < members.size(); ++k) {
    const int call = lanes_.call_of[g][k];
    if (call < 0) continue;
    checked_means_[static_cast<std::size_t>(call)] =
        moments_[static_cast<std::size_t>(members[k])].mean;
  }
}

double DermConstraint::Check() {
  for (std::size_t g = 0; g < shares_.size(); ++g) CheckGraph(g);
  return WorstMix();
}

double DermConstraint::Recheck(double doubt) {
  std::vector<std::pair<double, std::size_t>> doubts;
  double left = 0;
  for (std::size_t g = 0; g < shares_.size(); ++g) {
    doubts.emplace_back(DoubtOf(g), g);
    left += doubts.back().first;
  }
  std::ranges::sort(doubts, std::greater<>());
  for (const auto& [of, g] : doubts) {
    if (left <= doubt) break;
    CheckGraph(g);
    left -= of;
  }
  return Corrected();
}

double DermConstraint::Corrected() {
  for (std::size_t g = 0; g < shares_.size(); ++g) {
    checked_[g] = std::min(errors_[g] * beyond_[g], 1.0);
  }
  return WorstMix();
}

double DermConstraint::Doubt() const {
  double doubt = 0;
  for (std::size_t g = 0; g < shares_.size(); ++g) doubt += DoubtOf(g);
  return doubt;
}

double DermConstraint::DoubtOf(std::size_t g) const {
  const std::span<const int> members = tails_.MicroservicesOf(g);
  double moved = 0;
  for (std::size_t k = 0; k < members.size(); ++k) {
    if (lanes_.call_of[g][k] < 0) continue;
    const auto call = static_cast<std::size_t>(lanes_.call_of[g][k]);
    moved += calls_[call].price *
             std::fabs(moments_[static_cast<std::size_t>(members[k])].mean - checked_means_[call]);
  }
  return kErrorChange * weights_[g] * moved;
}

}  // namespace trimtab
