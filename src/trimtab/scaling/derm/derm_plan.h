// From containers that were solved for to a plan: what may change, in steps with their reasons.
#pragma once

#include <string>

#include "trimtab/application/application.h"
#include "trimtab/scaling/derm/derm_models.h"
#include "trimtab/scaling/derm/derm_problem.h"
#include "trimtab/scaling/derm/derm_rounding.h"
#include "trimtab/scaling/derm/derm_solver.h"
#include "trimtab/scaling/plan.h"
#include "trimtab/scaling/planning_input.h"

namespace trimtab {

struct DermPlanParts {
  const Application& application;
  const PlanningInput& input;
  const DermModels& models;
  const DermProblem& problem;
  const DermSolution& solution;
  const DermCounts& counts;
  std::string words;  // how the containers were found
};

// A microservice is lowered only when lowering is allowed, the counts hold the promise, its
// arrivals are known and some graph visits it. While lowering is forbidden, an allocation that is
// expected to hold the promise is left alone. Raises beyond what the cluster can give are left out,
// the ones that gain least first. Attainments are those of `target`, by the grid.
Plan MakeDermPlan(const DermPlanParts& parts);

}  // namespace trimtab
