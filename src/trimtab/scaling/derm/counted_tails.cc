#include "trimtab/scaling/derm/counted_tails.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace trimtab {
namespace {

// Relative distance from saturation that a count must keep.
constexpr double kBarrier = 1e-7;

int LeastCount(const DermMicroservice& microservice, const LoadLaw& law, double demand) {
  const double barrier = law.exponential() ? 1 - kBarrier : 1 + 1e-12;
  const double least = std::ceil(demand / (law.limit() * barrier));
  return static_cast<int>(std::clamp(least, static_cast<double>(microservice.fewest),
                                     static_cast<double>(microservice.most)));
}

}  // namespace

CountedTails::CountedTails(const DermProblem& problem)
    : problem_(&problem),
      tails_(problem),
      laws_(LawsOf(problem)),
      demand_(DemandOf(problem)),
      graphs_of_(problem.microservices.size()),
      counts_(problem.microservices.size()),
      least_(problem.microservices.size()),
      moments_(problem.microservices.size()),
      beyond_(problem.graphs.size()),
      stale_(problem.graphs.size(), true),
      checked_(problem.graphs.size()),
      unchecked_(problem.graphs.size(), true) {
  for (std::size_t g = 0; g < problem.graphs.size(); ++g) {
    shares_.push_back(problem.graphs[g].share);
    exact_ = exact_ && tails_.exact(g);
    for (const int i : tails_.MicroservicesOf(g)) {
      graphs_of_[static_cast<std::size_t>(i)].push_back(g);
    }
  }
  for (std::size_t i = 0; i < size(); ++i) {
    least_[i] = LeastCount(problem.microservices[i], laws_[i], demand_[i]);
    Set(i, least_[i]);
  }
}

void CountedTails::Set(std::size_t i, int count) {
  counts_[i] = count;
  moments_[i] = laws_[i].At(demand_[i] / count);
  for (const std::size_t g : graphs_of_[i]) stale_[g] = unchecked_[g] = true;
}

double CountedTails::Mixed() {
  if (problem_->share_error > 0) {
    const auto worst = WorstShares(shares_, beyond_, problem_->share_error, 0);
    return std::inner_product(worst.begin(), worst.end(), beyond_.begin(), 0.0);
  }
  return std::inner_product(shares_.begin(), shares_.end(), beyond_.begin(), 0.0);
}

double CountedTails::Tail() {
  ++evaluations_;
  for (std::size_t g = 0; g < beyond_.size(); ++g) {
    if (!stale_[g]) continue;
    beyond_[g] = tails_.Beyond(g, moments_);
    stale_[g] = false;
  }
  return Mixed();
}

double CountedTails::CheckedTail() {
  if (exact_) return Tail();
  ++evaluations_;
  for (std::size_t g = 0; g < beyond_.size(); ++g) {
    if (unchecked_[g]) checked_[g] = tails_.Check(g, moments_);
    unchecked_[g] = false;
    beyond_[g] = checked_[g];
    stale_[g] = !tails_.exact(g);
  }
  return Mixed();
}

const std::vector<double>& CountedTails::Prices() {
  std::vector<double> prices;
  const std::vector<double> shares =
      problem_->share_error > 0 ? WorstShares(shares_, beyond_, problem_->share_error, 0) : shares_;
  prices_.assign(size(), 0);
  for (std::size_t g = 0; g < beyond_.size(); ++g) {
    const auto members = tails_.MicroservicesOf(g);
    prices.resize(members.size());
    beyond_[g] = tails_.Beyond(g, moments_, prices);
    stale_[g] = false;
    for (std::size_t k = 0; k < members.size(); ++k) {
      prices_[static_cast<std::size_t>(members[k])] += shares[g] * std::max(prices[k], 0.0);
    }
  }
  return prices_;
}

double CountedTails::Mean(std::size_t i, int count) const {
  return laws_[i].Mean(demand_[i] / count);
}

double CountedTails::Predicted(std::size_t i, int change) const {
  if (!laws_[i].answers() || demand_[i] <= 0) return 0;
  return prices_[i] * (Mean(i, counts_[i] + change) - Mean(i, counts_[i]));
}

}  // namespace trimtab
