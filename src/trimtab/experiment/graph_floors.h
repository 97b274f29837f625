// The fewest containers under which every call graph by itself keeps an attainment of its own.
#pragma once

#include <span>

#include "absl/status/statusor.h"
#include "trimtab/scaling/derm/derm_problem.h"
#include "trimtab/scaling/derm/derm_rounding.h"
#include "trimtab/scaling/derm/derm_solver.h"

namespace trimtab {

// min sum_i n_i subject to P(Z_g <= SLA) >= floors[g] for every g: what Derm's one constraint over
// all requests is compared with (figures 3 and 19). It is Derm's problem under other weights, with
// the demand of the true shares; the weights rise where a graph misses its floor and fall where it
// has more than that, until none misses, so that a floor that costs nothing has no weight. Same
// solver and laws as Derm. `attainment` of the solution is that of the weights.
// kInvalidArgument as ValidateDermProblem, or a floor outside (0, 1). Infeasible as SolveDerm.
// Cost: some 30 solutions, warm after the first.
absl::StatusOr<DermSolution> SolveFloors(const DermProblem& problem,
                                         std::span<const double> floors);

// Every graph at `problem.target`, and the whole containers by Derm's rounding: the uniform
// percentile.
struct UniformPlan {
  DermSolution solution;
  DermCounts counts;
};
absl::StatusOr<UniformPlan> PlanUniform(const DermProblem& problem);

// The share of all requests within the SLA under attainments of the graphs.
double AttainmentOf(const DermProblem& problem, std::span<const double> graph_attainment);

}  // namespace trimtab
