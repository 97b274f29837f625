// What to deploy when no allocation holds Derm's promise.
#pragma once

#include "absl/status/statusor.h"
#include "trimtab/scaling/derm/derm_problem.h"
#include "trimtab/scaling/derm/derm_rounding.h"
#include "trimtab/scaling/derm/derm_solver.h"

namespace trimtab {

struct DermOutOfReach {
  DermSolution solution;  // `feasible` is false, `binding` as it was
  DermCounts counts;      // `feasible` is false
};

// The fewest containers that miss at most a twentieth more than `solution`, SolveDerm's infeasible
// one of `problem`, at which more containers would change little. That last twentieth costs several
// times as many containers as all the rest. Where even it is out of reach (a microservice needs
// more than its most containers), `solution` rounded up.
// Deterministic. Thread-safety: a pure function. Fails as SolveDerm.
absl::StatusOr<DermOutOfReach> PlanOutOfReach(const DermProblem& problem, DermSolution solution,
                                              const DermSolverOptions& options = {});

}  // namespace trimtab
