// Whole containers from the continuous optimum of Derm's problem.
#pragma once

#include <span>
#include <vector>

#include "trimtab/scaling/derm/counted_tails.h"
#include "trimtab/scaling/derm/derm_problem.h"
#include "trimtab/scaling/derm/derm_solver.h"

namespace trimtab {

struct DermCounts {
  bool feasible = true;
  std::vector<int> containers;  // by microservice
  long long total = 0;
  double attainment = 0;  // checked by the grid; with a share error, of the worst mix
  std::vector<double> graph_attainment;
  // What one container more or less of a microservice would make of the attainment; less is absent
  // (NaN) at the fewest that carry the load. Filled by Neighbours().
  std::vector<double> with_one_more;
  std::vector<double> with_one_less;
  int evaluations = 0;  // of the whole constraint
};

// D13: rounds all down, sorts by what one container gains, and bisects how many must be rounded up;
// then takes containers away while the constraint holds: in bulk by predicted loss, one by one, and
// two for one. Graphs with parallel calls are rounded for a target that is shifted until the grid
// agrees; only counts that the grid found within the target are returned as feasible.
// `solution` is SolveDerm's of the same problem; an infeasible one is rounded up.
// Deterministic. Thread-safety: a pure function.
DermCounts RoundDerm(const DermProblem& problem, const DermSolution& solution);

// The paper's: every count rounded up.
DermCounts CeilDerm(const DermProblem& problem, const DermSolution& solution);

// These containers as they are, at least one of each microservice, checked by the grid.
DermCounts CountedDerm(const DermProblem& problem, std::span<const int> containers);

// The fewest of each microservice that carry its load: below the saturation of its law, inside its
// bounds, however many requests are late.
DermCounts FewestDerm(const DermProblem& problem);

// By microservice: the attainment with one container more, and with one less, which is absent (NaN)
// at the fewest that carry the load.
struct DermNeighbours {
  std::vector<double> with_one_more;
  std::vector<double> with_one_less;
};

// Of the counts of `at`, whose checked attainment is `attainment`: by the fast model, shifted by
// its error there.
DermNeighbours NeighboursOf(CountedTails& at, double attainment);

// Fills with_one_more and with_one_less of `counts` in the same way.
void Neighbours(const DermProblem& problem, DermCounts& counts);

}  // namespace trimtab
