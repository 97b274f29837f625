// Derm's optimisation problem (eq. 8 and 9): the fewest containers under which a share of all
// requests, whatever call graph each takes, ends within the SLA.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/scaling/derm/load_law.h"

namespace trimtab {

// A series-parallel call graph over microservice indices.
struct DermNode {
  enum class Kind { kVisit, kSequence, kParallel };
  Kind kind = Kind::kVisit;
  int microservice = 0;            // of a visit
  int visits = 1;                  // how often all of it happens, one after the other
  std::vector<DermNode> children;  // of a sequence or a parallel node

  static DermNode Visit(int microservice, int visits = 1);
  static DermNode Sequence(std::vector<DermNode> children);
  static DermNode Parallel(std::vector<DermNode> children);
};

struct DermMicroservice {
  std::string name;
  std::variant<RateLaw, std::vector<LoadPoint>> law;
  int fewest = 1;  // containers
  int most = 1'000'000;
  double other_demand = 0;  // calls/s that no graph explains: retries, background work
};

// A class of requests. D19: its identity is the tree, with numbers of visits and what is parallel.
struct DermGraph {
  std::string id;
  double share = 0;  // the paper's p_g
  DermNode tree;
};

// min sum_i n_i subject to sum_g p_g P(Z_g <= SLA) >= target, with n_i = demand_i /
// container_load_i (D11: demand counts the visits of every graph; D12: one load for each
// microservice) between fewest and most. One visit is one draw of its microservice's law; stages
// are independent (D22).
struct DermProblem {
  std::vector<DermMicroservice> microservices;
  std::vector<DermGraph> graphs;
  double application_load = 0;  // requests/s; the paper's W
  double sla = 0;               // s
  double target = 0.95;
  // D15: the constraint holds for every mix whose total-variation distance from the shares is at
  // most this; 0 trusts them.
  double share_error = 0;
};

// kInvalidArgument lists every violation with its place, value and bound: empty lists, names that
// are empty or double, shares below 0 or whose sum is off 1 by more than 1e-6, a law that is none,
// fewest < 1 or above most, an unknown microservice, visits < 1 or above 1e6 in all, an empty
// sequence or parallel node, nesting above 512, load < 0, SLA <= 0, target outside (0, 1), share
// error outside [0, 1).
absl::Status ValidateDermProblem(const DermProblem& problem);

// The laws in the form in which the solver takes them. REQUIRES: a valid problem.
std::vector<LoadLaw> LawsOf(const DermProblem& problem);

// Calls per second of each microservice: W sum_g p_g n_gi.
std::vector<double> DemandOf(const DermProblem& problem);

}  // namespace trimtab
