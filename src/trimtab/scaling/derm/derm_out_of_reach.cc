#include "trimtab/scaling/derm/derm_out_of_reach.h"

#include <utility>

namespace trimtab {
namespace {

constexpr double kNearlyBest = 1.05;  // times the misses that are left anyway

}  // namespace

absl::StatusOr<DermOutOfReach> PlanOutOfReach(const DermProblem& problem, DermSolution solution,
                                              const DermSolverOptions& options) {
  DermProblem relaxed = problem;
  relaxed.target = 1 - kNearlyBest * (1 - solution.attainment);
  if (relaxed.target > 0 && relaxed.target < problem.target) {
    auto nearly = SolveDerm(relaxed, options);
    if (!nearly.ok()) return nearly.status();
    if (nearly->feasible) {
      DermOutOfReach plan{.solution = *std::move(nearly), .counts = {}};
      plan.counts = RoundDerm(relaxed, plan.solution);
      plan.counts.feasible = false;
      plan.solution.feasible = false;
      plan.solution.binding = std::move(solution.binding);
      return plan;
    }
  }
  DermOutOfReach plan{.solution = std::move(solution), .counts = {}};
  plan.counts = RoundDerm(problem, plan.solution);
  return plan;
}

}  // namespace trimtab
