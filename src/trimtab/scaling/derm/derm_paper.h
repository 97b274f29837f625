// Derm's own way to an allocation (VI-B, V-C), as published: `fidelity: paper`.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/scaling/derm/derm_problem.h"
#include "trimtab/scaling/derm/derm_rounding.h"
#include "trimtab/scaling/derm/derm_solver.h"

namespace trimtab {

struct DermPaperOptions {
  // V-C: the least likely graphs are left out while their shares together are at most this; their
  // microservices get their fewest containers (D14: read as a total, not as a bound for each).
  double rare_total = 0.02;
  double tolerance = 1e-4;  // relative change of every rate in the last iteration
  int most_iterations = 60;
};

struct DermPaperPlan {
  DermSolution solution;  // attainment and graph_attainment by the paper's own model
  DermCounts counts;      // every count rounded up; attainment checked by the grid
  std::vector<int> rare;  // graphs left out
  // What the paper says five are enough of for 50 microservices; feasible solutions that have not
  // converged within the limit hold the cheapest iterate.
  int iterations = 0;
};

// Microservices in the order of their sensitivity |a_i| form pairs that share one latency rate
// (eq. 12); a parallel block is its branch with the smallest rate (IV-B), chosen anew in every
// iteration. An iteration solves the stationarity of every pair,
//   sum_i A_i / (b_i - rate)^2 = mu sum_i dP / d rate_i,   A_i = |a_i| demand_i,
// with the slopes of the last one, and finds mu from P = target. The paper gives neither update
// nor start nor stop (D4); the start is one rate for all, as far as each reaches it. P is eq. 7's
// sum of exponentials evaluated without its poles: the equal rates of a pair make eq. 7 itself
// divide by zero (D2). Rounding is upwards.
// A tabulated law has no rate: kInvalidArgument, as for what ValidateDermProblem refuses.
absl::StatusOr<DermPaperPlan> PlanAsPaper(const DermProblem& problem,
                                          const DermPaperOptions& options = {});

// VI-B: with the same shares, containers in proportion to the load, rounded up, at least the
// fewest of each.
std::vector<int> ScaleLinearly(const DermProblem& problem, const DermSolution& solution,
                               double application_load);

}  // namespace trimtab
