// The call graphs of a scenario's requests, and what Derm's problem is for them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/callgraph/call_tree.h"
#include "trimtab/quantity/time.h"
#include "trimtab/scaling/derm/derm_models.h"
#include "trimtab/scaling/derm/derm_problem.h"
#include "trimtab/scaling/derm/derm_rounding.h"
#include "trimtab/scaling/derm/derm_solver.h"
#include "trimtab/scenario/scenario.h"
#include "trimtab/workload/load_series.h"

namespace trimtab {

struct GraphMix {
  struct Class {
    std::string id;  // of the multiplicity class
    CallTree tree;
    double share = 0;
    double calls = 0;  // between microservices, of one request
  };
  std::vector<Class> classes;  // most frequent first, then by id
  double requests = 0;
  double mean_calls = 0;
};

// Counts the graphs of all requests that arrive in [from, to), out of the request process alone:
// arrivals, arguments and state, no queue. kInvalidArgument when none arrives.
// Cost: below 1 us a request.
absl::StatusOr<GraphMix> CountGraphs(const Scenario& scenario, const StepSeries& load,
                                     Duration from, Duration to, std::uint64_t seed);

// All their requests as one mix; a class has the tree of the first mix that has it. REQUIRES: not
// empty.
GraphMix Together(std::span<const GraphMix> mixes);

// Derm's problem under that mix, free of interference, by the laws that `corrected` plans with, the
// scenario's bounds and quantile. `models` must fit the scenario. The rarest classes beyond
// DermOptions::most_graphs count as others, as AddClusteredGraphs() says.
DermProblem ProblemOf(const Scenario& scenario, const DermModels& models, const GraphMix& mix,
                      double application_load, double sla_seconds);

// Plans for it: SolveDerm, then RoundDerm.
struct MixPlan {
  DermSolution solution;
  DermCounts counts;
};
absl::StatusOr<MixPlan> PlanFor(const DermProblem& problem);

}  // namespace trimtab
