// Classes of call graphs that are too many to plan for one by one.
#pragma once

#include <cstddef>
#include <vector>

#include "trimtab/callgraph/class_clusters.h"
#include "trimtab/scaling/derm/derm_problem.h"

namespace trimtab {

// A class of requests that is expected, and by which calls it is compared with others.
struct CandidateGraph {
  DermGraph graph;
  CallCounts calls;
};

// Puts the first `most` candidates into `problem`; each further one counts as the nearest of them
// (GraphDistance, the earlier one of two) among those that are not cheaper: in an idle application
// their visits take at least as much time in sum, and one after the other at least as long (D19).
// When all of them are cheaper it counts as the one that takes longest. Visits that a candidate has
// beyond those of the graph it counts as are other demand, so that no microservice is ever planned
// for less than with every candidate kept.
// REQUIRES: microservices with valid laws and the load are set, the trees are of them.
// Cost: further candidates x most x pairs of microservices that call one another.
void AddClusteredGraphs(std::vector<CandidateGraph> candidates, std::size_t most,
                        DermProblem& problem);

}  // namespace trimtab
