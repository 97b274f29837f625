#include "trimtab/scaling/derm/rare_graphs.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <variant>
#include <vector>

#include "trimtab/scaling/derm/load_law.h"

namespace trimtab {
namespace {

// One request in an idle application.
struct IdleCost {
  std::vector<double> visits;  // by microservice
  double work = 0;             // s, of all visits
  double time = 0;             // s, of the longest branches
};

class IdleCosts {
 public:
  explicit IdleCosts(const std::vector<DermMicroservice>& microservices) {
    for (const DermMicroservice& each : microservices) {
      const auto law = std::visit([](const auto& of) { return LoadLaw::Of(of); }, each.law);
      idle_.push_back(law.ok() ? law->At(0).mean : 0);
    }
  }

  IdleCost Of(const DermNode& tree) const {
    IdleCost cost;
    cost.visits.resize(idle_.size(), 0.0);
    cost.time = Add(tree, 1, cost.visits);
    for (std::size_t i = 0; i < idle_.size(); ++i) cost.work += cost.visits[i] * idle_[i];
    return cost;
  }

 private:
  double Add(const DermNode& node, double times, std::vector<double>& visits) const {
    const auto all = static_cast<double>(node.visits);
    if (node.kind == DermNode::Kind::kVisit) {
      const auto i = static_cast<std::size_t>(node.microservice);
      visits[i] += times * all;
      return all * idle_[i];
    }
    double time = 0;
    for (const DermNode& child : node.children) {
      const double of = Add(child, times * all, visits);
      time = node.kind == DermNode::Kind::kParallel ? std::max(time, of) : time + of;
    }
    return all * time;
  }

  std::vector<double> idle_;  // s, mean of a visit
};

// The place among the first `costs.size()` candidates.
std::size_t StandInFor(const CandidateGraph& rare, const IdleCost& cost,
                       const std::vector<CandidateGraph>& candidates,
                       const std::vector<IdleCost>& costs) {
  // Sums of the same visits in another order are as long.
  constexpr double kAsLong = 1 - 1e-9;
  std::size_t nearest = costs.size();
  std::size_t longest = 0;
  double least = 0;
  for (std::size_t k = 0; k < costs.size(); ++k) {
    if (costs[k].time > costs[longest].time) longest = k;
    if (costs[k].work < kAsLong * cost.work || costs[k].time < kAsLong * cost.time) continue;
    const double distance = GraphDistance(rare.calls, candidates[k].calls);
    if (nearest < costs.size() && distance >= least) continue;
    nearest = k;
    least = distance;
  }
  return nearest < costs.size() ? nearest : longest;
}

}  // namespace

void AddClusteredGraphs(std::vector<CandidateGraph> candidates, std::size_t most,
                        DermProblem& problem) {
  const std::size_t kept = std::min(most, candidates.size());
  if (kept < candidates.size()) {
    const IdleCosts idle(problem.microservices);
    std::vector<IdleCost> costs;
    for (std::size_t k = 0; k < kept; ++k) costs.push_back(idle.Of(candidates[k].graph.tree));
    for (std::size_t r = kept; r < candidates.size(); ++r) {
      const CandidateGraph& rare = candidates[r];
      const IdleCost cost = idle.Of(rare.graph.tree);
      const std::size_t as = StandInFor(rare, cost, candidates, costs);
      candidates[as].graph.share += rare.graph.share;
      const double requests = problem.application_load * rare.graph.share;
      for (std::size_t i = 0; i < cost.visits.size(); ++i) {
        const double beyond = cost.visits[i] - costs[as].visits[i];
        if (beyond > 0) problem.microservices[i].other_demand += requests * beyond;
      }
    }
  }
  for (std::size_t k = 0; k < kept; ++k) problem.graphs.push_back(std::move(candidates[k].graph));
}

}  // namespace trimtab
