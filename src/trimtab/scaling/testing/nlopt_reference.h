// Derm's continuous problem as a general optimiser sees it: NLopt's MMA and CCSAQ.
#pragma once

#include <nlopt.h>

#include <optional>
#include <vector>

#include "trimtab/scaling/derm/derm_problem.h"

namespace trimtab::testing {

struct ReferenceSolution {
  double total = 0;           // containers
  double attainment = 0;      // by the model that it was solved with
  double checked = 0;         // by the grid
  std::vector<double> rates;  // 1/s
};

struct ReferenceOptions {
  nlopt_algorithm algorithm = NLOPT_LD_CCSAQ;
  double tail = 0.05;           // of the model, that must not be exceeded
  double start = 0.5;           // spare share of every rate
  std::uint64_t seed = 0;       // above 0: starts scattered around `start`
  int most_evaluations = 4000;  // NLopt loops for minutes on degenerate problems
  double tolerance = 1e-10;     // relative change of the containers
};

// Minimises sum A_i / (b_i - rate_i) over rate_i / b_i. Nothing when NLopt fails or what it returns
// misses its own constraint by more than 1e-7. REQUIRES: rate laws with slopes below 0 everywhere.
std::optional<ReferenceSolution> SolveByNlopt(const DermProblem& problem,
                                              const ReferenceOptions& options);

}  // namespace trimtab::testing
