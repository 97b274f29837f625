#include "trimtab/scaling/derm/derm_paper.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "trimtab/probability/sequence_tail.h"
#include "trimtab/scaling/derm/derm_lanes.h"

namespace trimtab {
namespace {

// Rates stay this far below that of an idle container, relative to it: containers are finite.
constexpr double kCeiling = 1e-4;
constexpr double kLeastRate = 1e-3;  // of the idle rate: a start for the bisections
constexpr int kBisections = 60;

std::vector<int> RareGraphs(const DermProblem& problem, double total) {
  std::vector<int> order(problem.graphs.size());
  std::iota(order.begin(), order.end(), 0);
  const auto share = [&](int g) { return problem.graphs[static_cast<std::size_t>(g)].share; };
  std::ranges::stable_sort(order, [&](int a, int b) { return share(a) < share(b); });
  std::vector<int> rare;
  double sum = 0;
  for (const int g : order) {
    if (rare.size() + 1 == problem.graphs.size() || sum + share(g) > total) break;
    sum += share(g);
    rare.push_back(g);
  }
  return rare;
}

class Paper {
 public:
  Paper(const DermProblem& problem, const DermPaperOptions& options)
      : problem_(problem), options_(options), rare_(RareGraphs(problem, options.rare_total)) {
    for (std::size_t g = 0; g < problem.graphs.size(); ++g) {
      if (std::ranges::find(rare_, static_cast<int>(g)) == rare_.end()) kept_.push_back(g);
    }
    DermProblem kept = problem;
    kept.graphs.clear();
    for (const std::size_t g : kept_) kept.graphs.push_back(problem.graphs[g]);
    demand_ = DemandOf(kept);
    MakePairs();
  }

  DermPaperPlan Run() {
    const double limit = 1 - problem_.target;
    DermPaperPlan plan;
    plan.rare = rare_;
    SetCommon(1);
    if (Tail(/*with_slopes=*/false) > limit) {
      SetCommon(0.9);
      plan.solution = Solution();
      plan.solution.feasible = false;
      plan.solution.binding = Slowest();
    } else {
      SetCommonTo(limit);
      Iterate(limit, plan);
    }
    plan.counts = CeilDerm(problem_, plan.solution);
    plan.counts.feasible = plan.solution.feasible;
    return plan;
  }

 private:
  struct Pair {
    std::vector<std::size_t> members;
    double highest = 0;  // below the smallest idle rate of its members
  };

  const RateLaw& law(std::size_t i) const {
    return std::get<RateLaw>(problem_.microservices[i].law);
  }

  void MakePairs() {
    rates_.resize(problem_.microservices.size());
    slopes_.resize(rates_.size());
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < rates_.size(); ++i) {
      rates_[i] = law(i).intercept;
      if (demand_[i] > 0 && law(i).slope < 0) order.push_back(i);
    }
    std::ranges::stable_sort(
        order, [&](std::size_t a, std::size_t b) { return -law(a).slope < -law(b).slope; });
    for (std::size_t k = 0; k < order.size(); k += 2) {
      Pair pair;
      pair.members.push_back(order[k]);
      if (k + 1 < order.size()) pair.members.push_back(order[k + 1]);
      pair.highest = std::numeric_limits<double>::infinity();
      for (const std::size_t i : pair.members) {
        pair.highest = std::min(pair.highest, law(i).intercept * (1 - kCeiling));
      }
      pairs_.push_back(std::move(pair));
    }
  }

  void SetRate(const Pair& pair, double rate) {
    for (const std::size_t i : pair.members) rates_[i] = rate;
  }

  // One share of what each pair can reach: 1 is idle.
  void SetCommon(double share) {
    for (const Pair& pair : pairs_) SetRate(pair, share * pair.highest);
  }

  void SetCommonTo(double limit) {
    double low = kLeastRate;
    double high = 1;
    for (int step = 0; step < kBisections; ++step) {
      const double middle = 0.5 * (low + high);
      SetCommon(middle);
      (Tail(/*with_slopes=*/false) > limit ? low : high) = middle;
    }
    SetCommon(high);
  }

  // The branch of the smallest rate in place of every parallel block, and that rate.
  double Reduce(const DermNode& node, std::vector<std::pair<std::size_t, double>>& visits) const {
    if (node.kind == DermNode::Kind::kVisit) {
      const auto i = static_cast<std::size_t>(node.microservice);
      visits.emplace_back(i, node.visits);
      return rates_[i];
    }
    double smallest = std::numeric_limits<double>::infinity();
    const std::size_t first = visits.size();
    std::vector<std::pair<std::size_t, double>> best;
    for (const DermNode& child : node.children) {
      if (node.kind == DermNode::Kind::kSequence) {
        smallest = std::min(smallest, Reduce(child, visits));
        continue;
      }
      std::vector<std::pair<std::size_t, double>> branch;
      const double rate = Reduce(child, branch);
      if (rate < smallest) {
        smallest = rate;
        best = std::move(branch);
      }
    }
    visits.insert(visits.end(), best.begin(), best.end());
    for (std::size_t k = first; k < visits.size(); ++k) visits[k].second *= node.visits;
    return smallest;
  }

  // Eq. 10, the share of requests beyond the SLA among the graphs that were kept.
  double Tail(bool with_slopes) {
    if (with_slopes) std::ranges::fill(slopes_, 0.0);
    double tail = 0;
    std::vector<std::pair<std::size_t, double>> visits;
    std::vector<Stage> stages;
    std::vector<double> slopes;
    graph_tails_.assign(problem_.graphs.size(), 0);
    for (const std::size_t g : kept_) {
      visits.clear();
      Reduce(problem_.graphs[g].tree, visits);
      stages.clear();
      for (const auto& [i, count] : visits) {
        stages.push_back({.rate = rates_[i], .visits = count, .offset = law(i).offset});
      }
      slopes.resize(with_slopes ? stages.size() : 0);
      const double share = problem_.graphs[g].share;
      graph_tails_[g] = SequenceTailAt(stages, problem_.sla, workspace_, slopes).beyond;
      tail += share * graph_tails_[g];
      for (std::size_t k = 0; k < slopes.size(); ++k) {
        slopes_[visits[k].first] += share * slopes[k];
      }
    }
    return tail;
  }

  // The rate at which a pair is stationary for the multiplier, q_i = rate^2 dP/d rate kept fixed.
  double Stationary(const Pair& pair, double gain, double multiplier) const {
    const auto rises_above = [&](double rate) {
      double cost = 0;
      for (const std::size_t i : pair.members) {
        const double spare = law(i).intercept - rate;
        cost += -law(i).slope * demand_[i] * rate * rate / (spare * spare);
      }
      return cost > multiplier * gain;
    };
    double low = kLeastRate * pair.highest;
    double high = pair.highest;
    for (int step = 0; step < kBisections; ++step) {
      const double middle = 0.5 * (low + high);
      (rises_above(middle) ? high : low) = middle;
    }
    return high;
  }

  // One round of stationarity equations; the largest relative change of a rate.
  double Update(double limit) {
    Tail(/*with_slopes=*/true);
    std::vector<double> gains;
    std::vector<double> before;
    for (const Pair& pair : pairs_) {
      double gain = 0;
      for (const std::size_t i : pair.members) gain += rates_[i] * rates_[i] * slopes_[i];
      gains.push_back(gain);
      before.push_back(rates_[pair.members[0]]);
    }
    double low = -60;
    double high = 60;
    for (int step = 0; step < kBisections; ++step) {
      const double middle = 0.5 * (low + high);
      for (std::size_t k = 0; k < pairs_.size(); ++k) {
        SetRate(pairs_[k], Stationary(pairs_[k], gains[k], std::exp(middle)));
      }
      (Tail(/*with_slopes=*/false) > limit ? low : high) = middle;
    }
    double change = 0;
    for (std::size_t k = 0; k < pairs_.size(); ++k) {
      SetRate(pairs_[k], Stationary(pairs_[k], gains[k], std::exp(high)));
      change = std::max(change, std::fabs(rates_[pairs_[k].members[0]] / before[k] - 1));
    }
    return change;
  }

  void Iterate(double limit, DermPaperPlan& plan) {
    plan.solution = Solution();
    plan.solution.converged = pairs_.empty();
    while (plan.iterations < options_.most_iterations && !plan.solution.converged) {
      const double change = Update(limit);
      ++plan.iterations;
      DermSolution next = Solution();
      next.converged = change <= options_.tolerance;
      const bool within = 1 - next.attainment <= limit * (1 + 1e-6);
      if (within && (next.converged || next.total < plan.solution.total)) {
        plan.solution = std::move(next);
      }
      if (change <= options_.tolerance) break;
    }
    plan.solution.iterations = plan.iterations;
  }

  DermSolution Solution() {
    DermSolution solution;
    solution.loads.assign(rates_.size(), 0);
    solution.containers.assign(rates_.size(), 0);
    solution.gains.assign(rates_.size(), 0);
    const double tail = Tail(/*with_slopes=*/true);
    for (std::size_t i = 0; i < rates_.size(); ++i) {
      const double fewest = problem_.microservices[i].fewest;
      solution.containers[i] = fewest;
      if (demand_[i] > 0 && law(i).slope < 0) {
        const double load = (law(i).intercept - rates_[i]) / -law(i).slope;
        solution.containers[i] = std::clamp(demand_[i] / load, fewest,
                                            static_cast<double>(problem_.microservices[i].most));
        solution.loads[i] = demand_[i] / solution.containers[i];
        solution.gains[i] = slopes_[i] * rates_[i] * rates_[i];
      }
      solution.total += solution.containers[i];
    }
    solution.attainment = 1 - tail;
    for (const double each : graph_tails_) solution.graph_attainment.push_back(1 - each);
    return solution;
  }

  std::vector<int> Slowest() {
    Tail(/*with_slopes=*/true);
    std::vector<double> cost(rates_.size());
    for (std::size_t i = 0; i < cost.size(); ++i) {
      cost[i] = slopes_[i] * rates_[i] * rates_[i] / law(i).intercept;
    }
    return BindingOf(cost, {});
  }

  const DermProblem& problem_;
  const DermPaperOptions& options_;
  std::vector<int> rare_;
  std::vector<std::size_t> kept_;
  std::vector<double> demand_;  // of the graphs that were kept
  std::vector<Pair> pairs_;
  std::vector<double> rates_;
  std::vector<double> slopes_;  // dP / d rate
  std::vector<double> graph_tails_;
  SequenceWorkspace workspace_;
};

}  // namespace

absl::StatusOr<DermPaperPlan> PlanAsPaper(const DermProblem& problem,
                                          const DermPaperOptions& options) {
  if (const absl::Status valid = ValidateDermProblem(problem); !valid.ok()) return valid;
  for (const DermMicroservice& each : problem.microservices) {
    if (!std::holds_alternative<RateLaw>(each.law)) {
      return absl::InvalidArgumentError(fmt::format(
          "microservice '{}' has a table over load; the paper's way needs a rate", each.name));
    }
  }
  return Paper(problem, options).Run();
}

std::vector<int> ScaleLinearly(const DermProblem& problem, const DermSolution& solution,
                               double application_load) {
  const double factor =
      problem.application_load > 0 ? application_load / problem.application_load : 1;
  std::vector<int> counts;
  for (std::size_t i = 0; i < solution.containers.size(); ++i) {
    const DermMicroservice& each = problem.microservices[i];
    const double scaled = std::ceil(solution.containers[i] * factor * (1 - 1e-12));
    counts.push_back(static_cast<int>(
        std::clamp(scaled, static_cast<double>(each.fewest), static_cast<double>(each.most))));
  }
  return counts;
}

}  // namespace trimtab
