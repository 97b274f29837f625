#include "trimtab/scaling/derm/graph_tails.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace trimtab {
namespace {

using Visits = std::vector<std::pair<int, double>>;

void CollectVisits(const DermNode& node, double times, Visits& visits) {
  times *= node.visits;
  if (node.kind == DermNode::Kind::kVisit) visits.emplace_back(node.microservice, times);
  for (const DermNode& child : node.children) CollectVisits(child, times, visits);
}

// By microservice, rising.
Visits VisitsOf(const DermNode& tree) {
  Visits visits;
  CollectVisits(tree, 1, visits);
  std::ranges::sort(visits);
  std::size_t kept = 0;
  for (std::size_t k = 1; k < visits.size(); ++k) {
    if (visits[k].first == visits[kept].first) {
      visits[kept].second += visits[k].second;
    } else {
      visits[++kept] = visits[k];
    }
  }
  visits.resize(kept + 1);
  return visits;
}

// Parallel nodes of one child are sequences.
bool HasParallel(const DermNode& node) {
  if (node.kind == DermNode::Kind::kParallel && node.children.size() > 1) return true;
  return std::ranges::any_of(node.children, HasParallel);
}

}  // namespace

GraphTails::GraphTails(const DermProblem& problem) : problem_(&problem) {
  const std::vector<LoadLaw> laws = LawsOf(problem);
  graphs_.reserve(problem.graphs.size());
  for (const DermGraph& each : problem.graphs) {
    Graph& graph = graphs_.emplace_back();
    graph.sequence = !HasParallel(each.tree);
    for (const auto& [microservice, count] : VisitsOf(each.tree)) {
      const LoadLaw& law = laws[static_cast<std::size_t>(microservice)];
      graph.sequence = graph.sequence && law.exponential();
      graph.microservices.push_back(microservice);
      graph.stages.push_back({.rate = 1, .visits = count, .offset = law.offset()});
    }
    if (!graph.sequence) graph.tree.emplace(each.tree, graph.microservices, laws);
  }
}

double GraphTails::BeyondAt(Graph& graph, double time, std::span<const LoadLaw::Moments> moments,
                            std::span<double> prices) {
  for (const int i : graph.microservices) {
    if (!std::isfinite(moments[static_cast<std::size_t>(i)].mean)) {
      std::ranges::fill(prices, 0.0);
      return 1;
    }
  }
  if (!graph.sequence) return graph.tree->Beyond(time, moments, prices);
  for (std::size_t k = 0; k < graph.stages.size(); ++k) {
    const auto i = static_cast<std::size_t>(graph.microservices[k]);
    graph.stages[k].rate = 1 / (moments[i].mean - graph.stages[k].offset);
  }
  const SequenceTail tail = SequenceTailAt(graph.stages, time, workspace_, prices);
  // d/d mean = -rate^2 d/d rate.
  for (std::size_t k = 0; k < prices.size(); ++k) {
    prices[k] *= graph.stages[k].rate * graph.stages[k].rate;
  }
  return tail.beyond;
}

double GraphTails::Beyond(std::size_t g, std::span<const LoadLaw::Moments> moments,
                          std::span<double> prices) {
  return BeyondAt(graphs_[g], problem_->sla, moments, prices);
}

double GraphTails::Check(std::size_t g, std::span<const LoadLaw::Moments> moments,
                         std::size_t cells) {
  Graph& graph = graphs_[g];
  const bool finite = std::ranges::all_of(graph.microservices, [&](int i) {
    return std::isfinite(moments[static_cast<std::size_t>(i)].mean);
  });
  if (graph.sequence || !finite) return BeyondAt(graph, problem_->sla, moments, {});
  return graph.tree->Check(problem_->sla, moments, cells);
}

double GraphTails::QuantileOfAll(double level, std::span<const LoadLaw::Moments> moments) {
  const auto within = [&](double time) {
    double sum = 0;
    for (std::size_t g = 0; g < graphs_.size(); ++g) {
      sum += problem_->graphs[g].share * (1 - BeyondAt(graphs_[g], time, moments, {}));
    }
    return sum;
  };
  double high = 1e-3;
  while (within(high) < level && high < 1e9) high *= 2;
  double low = 0;
  for (int step = 0; step < 60 && high - low > 1e-12 * high; ++step) {
    const double middle = 0.5 * (low + high);
    (within(middle) < level ? low : high) = middle;
  }
  return high;
}

std::vector<double> WorstShares(std::span<const double> shares, std::span<const double> beyond,
                                double error, double temperature) {
  std::vector<double> worst(shares.begin(), shares.end());
  std::vector<std::size_t> order(shares.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order,
                           [&](std::size_t a, std::size_t b) { return beyond[a] < beyond[b]; });
  double left = error;
  for (const std::size_t g : order) {
    const double taken = std::min(left, worst[g]);
    worst[g] -= taken;
    left -= taken;
  }
  const double moved = error - std::max(left, 0.0);
  const double highest = beyond[order.back()];
  if (!(temperature > 0)) {
    worst[order.back()] += moved;
    return worst;
  }
  double sum = 0;
  for (const double each : beyond) sum += std::exp((each - highest) / temperature);
  for (std::size_t g = 0; g < worst.size(); ++g) {
    worst[g] += moved * std::exp((beyond[g] - highest) / temperature) / sum;
  }
  return worst;
}

}  // namespace trimtab
