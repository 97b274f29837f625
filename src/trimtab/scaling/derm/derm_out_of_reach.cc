#include "trimtab/scaling/derm/derm_out_of_reach.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "trimtab/scaling/derm/graph_tails.h"
#include "trimtab/scaling/derm/load_law.h"

namespace trimtab {
namespace {

constexpr double kNearlyBest = 1.05;  // times the misses that are left anyway
// At this attainment or below, that is all of them.
constexpr double kVoid = 1 - 1 / kNearlyBest;
// Of what its most containers could carry, for a microservice that would need more.
constexpr double kFull = 1 - 1e-6;
constexpr double kMostShareError = 1 - 1e-9;

DermOutOfReach Rounded(const DermProblem& problem, DermSolution solution) {
  DermOutOfReach plan{.solution = std::move(solution), .counts = {}};
  plan.counts = RoundDerm(problem, plan.solution);
  return plan;
}

// Nothing, where a twentieth more of the misses is all requests, or out of reach itself.
absl::StatusOr<std::optional<DermOutOfReach>> NearlyBest(const DermProblem& problem,
                                                         const DermSolution& best,
                                                         const DermSolverOptions& options) {
  DermProblem relaxed = problem;
  relaxed.target = 1 - kNearlyBest * (1 - best.attainment);
  if (!(relaxed.target > 0 && relaxed.target < problem.target)) return std::nullopt;
  auto nearly = SolveDerm(relaxed, options);
  if (!nearly.ok()) return nearly.status();
  if (!nearly->feasible) return std::nullopt;
  return Rounded(relaxed, *std::move(nearly));
}

// The problem of the graphs that containers can help, the calls of the others as further demand, up
// to what the most containers carry. Nothing, where they are all graphs or nearly none.
std::optional<DermProblem> OfGraphsInReach(const DermProblem& problem,
                                           std::span<const double> attainment) {
  DermProblem rest = problem;
  rest.graphs.clear();
  double share = 0;
  for (std::size_t g = 0; g < problem.graphs.size(); ++g) {
    if (attainment[g] <= kVoid) continue;
    rest.graphs.push_back(problem.graphs[g]);
    share += problem.graphs[g].share;
  }
  if (rest.graphs.size() == problem.graphs.size() || share <= kVoid) return std::nullopt;
  for (DermGraph& graph : rest.graphs) graph.share /= share;
  rest.application_load *= share;
  rest.share_error = std::min(rest.share_error / share, kMostShareError);
  const std::vector<LoadLaw> laws = LawsOf(problem);
  const std::vector<double> demand = DemandOf(problem);
  const std::vector<double> of_rest = DemandOf(rest);
  for (std::size_t i = 0; i < laws.size(); ++i) {
    DermMicroservice& each = rest.microservices[i];
    const double carried = std::min(demand[i], kFull * laws[i].limit() * each.most);
    each.other_demand += std::max(carried - of_rest[i], 0.0);
  }
  return rest;
}

DermOutOfReach Fewest(const DermProblem& problem, DermSolution best) {
  DermOutOfReach plan{.solution = std::move(best), .counts = FewestDerm(problem)};
  const std::vector<LoadLaw> laws = LawsOf(problem);
  const std::vector<double> demand = DemandOf(problem);
  plan.solution.total = 0;
  for (std::size_t i = 0; i < laws.size(); ++i) {
    plan.solution.containers[i] =
        std::min(std::max<double>(problem.microservices[i].fewest, demand[i] / laws[i].limit()),
                 static_cast<double>(problem.microservices[i].most));
    plan.solution.loads[i] = demand[i] / plan.solution.containers[i];
    plan.solution.total += plan.solution.containers[i];
  }
  return plan;
}

absl::StatusOr<DermOutOfReach> PlanFor(const DermProblem& problem, DermSolution best,
                                       const DermSolverOptions& options) {
  auto nearly = NearlyBest(problem, best, options);
  if (!nearly.ok()) return nearly.status();
  if (*nearly) return **std::move(nearly);
  const auto rest = OfGraphsInReach(problem, best.graph_attainment);
  if (!rest) return Fewest(problem, std::move(best));
  auto solved = SolveDerm(*rest, options);
  if (!solved.ok()) return solved.status();
  if (solved->feasible) return Rounded(*rest, *std::move(solved));
  return PlanFor(*rest, *std::move(solved), options);
}

}  // namespace

absl::StatusOr<DermOutOfReach> PlanOutOfReach(const DermProblem& problem, DermSolution solution,
                                              const DermSolverOptions& options) {
  std::vector<int> binding = solution.binding;
  auto plan = PlanFor(problem, std::move(solution), options);
  if (!plan.ok()) return plan.status();
  plan->counts = CountedDerm(problem, plan->counts.containers);
  plan->counts.feasible = false;
  plan->solution.feasible = false;
  plan->solution.binding = std::move(binding);
  plan->solution.attainment = plan->counts.attainment;
  plan->solution.graph_attainment = plan->counts.graph_attainment;
  return plan;
}

}  // namespace trimtab
