// The continuous optimum of Derm's problem (eq. 8 to 11), by a dual Newton method.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/scaling/derm/derm_problem.h"

namespace trimtab {

struct DermSolverOptions {
  double cost_tolerance = 1e-6;  // relative change of the containers in the last step
  double tail_tolerance = 1e-6;  // relative error of the share of requests beyond the SLA
  // The least of the two where the grid checks: what is finer is lost in the fast model's error.
  double checked_cost_tolerance = 5e-5;
  double checked_tail_tolerance = 4e-5;
  double check_tolerance = 2e-5;  // of attainment by the grid, for graphs with parallel calls
  int most_iterations = 200;      // for each shift of the target
  int most_checks = 6;
};

// By microservice, or by graph.
struct DermSolution {
  bool feasible = true;
  bool converged = true;
  std::vector<double> loads;       // calls/s of a container; the paper's w
  std::vector<double> containers;  // not rounded
  double total = 0;                // of the containers: the continuous bound on any plan
  // Share of all requests within the SLA; with a share error, of the worst mix. By the grid, or,
  // where it was last asked for loads close by, by the fast model less what it was off there.
  double attainment = 0;
  std::vector<double> graph_attainment;
  std::vector<double> gains;  // fall of attainment with the mean latency of a visit, in 1/s
  // Infeasible: the microservices whose idle latency costs the most attainment, worst first, and
  // those that need more than their most containers. Feasible: those held at their most.
  std::vector<int> binding;
  int iterations = 0;
  int checks = 0;           // evaluations by the grid
  double kkt_residual = 0;  // largest relative distance of a free load from its square-root rule
  double level = 0;         // ln of the price of a miss
  double model_tail = 0;    // the tail that the fast model was solved for
  double shift = 1;         // of the target: model_tail over what the problem allows
};

// Each iteration evaluates every graph with its slopes and takes one DualNewton step inside a trust
// region; graphs with parallel calls are solved with three cumulants, and the target is shifted
// until the grid agrees within check_tolerance (derm-math: "space mapping"). `warm`, a solution of
// a problem with the same number of microservices, is where it starts; load, shares, graphs, SLA
// and target may all have changed. A microservice whose rate does not answer its load gets its
// fewest containers (D9), one without demand too; loads stay below saturation (D24). Infeasible is
// not an error: all microservices then have the containers at which a tenfold would change little,
// and binding says why. kInvalidArgument as ValidateDermProblem. Deterministic. Thread-safety: a
// pure function. Cost: about 1 ms for 1,000 calls in 12 graphs.
absl::StatusOr<DermSolution> SolveDerm(const DermProblem& problem,
                                       const DermSolverOptions& options = {},
                                       const DermSolution* warm = nullptr);

}  // namespace trimtab
