// What to deploy when no allocation holds Derm's promise.
#pragma once

#include "absl/status/statusor.h"
#include "trimtab/scaling/derm/derm_problem.h"
#include "trimtab/scaling/derm/derm_rounding.h"
#include "trimtab/scaling/derm/derm_solver.h"

namespace trimtab {

struct DermOutOfReach {
  DermSolution solution;  // what was rounded; `feasible` is false, `binding` as it was
  DermCounts counts;      // `feasible` is false
};

// The fewest containers that miss at most a twentieth more than `solution`, SolveDerm's infeasible
// one of `problem`, at which more containers would change little. That last twentieth costs several
// times as many containers as all the rest.
// Where a twentieth more is every request (of the worst mix, with a share error), or a microservice
// needs more than its most containers, the graphs of which at most one request in 21 can be in time
// only have their calls carried, and the promise is one to the others, in the same way. When the
// others are less than one request in 21: the fewest containers that carry the load.
// `counts` and the attainments of `solution` are those of all graphs of `problem`.
// Deterministic. Thread-safety: a pure function. Fails as SolveDerm. Cost: one SolveDerm, at worst
// two for each graph.
absl::StatusOr<DermOutOfReach> PlanOutOfReach(const DermProblem& problem, DermSolution solution,
                                              const DermSolverOptions& options = {});

}  // namespace trimtab
