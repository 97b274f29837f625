// The microservices of a Derm problem that a solver may move, with their bounds and their graphs.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "trimtab/scaling/derm/derm_problem.h"
#include "trimtab/scaling/derm/dual_newton.h"
#include "trimtab/scaling/derm/graph_tails.h"
#include "trimtab/scaling/derm/load_law.h"

namespace trimtab {

struct DermLanes {
  std::vector<DualLane> lanes;            // with the bounds of the problem
  std::vector<std::size_t> microservice;  // by lane
  std::vector<int> lane_of;               // by microservice; -1: it has nothing to decide
  std::vector<DualCall> calls;            // by lane
  std::vector<std::vector<int>> call_of;  // graph and position in it -> call, or -1
  // By microservice: calls/s of a container with its fewest containers, below saturation; 0
  // without demand.
  std::vector<double> loads;
  std::vector<int> overloaded;  // need more than their most containers
};

// A microservice is a lane when it has demand, answers to load (D9), and its bounds leave it a
// choice. Loads stay below saturation (D24). `laws` must outlive the result.
DermLanes MakeDermLanes(const DermProblem& problem, const GraphTails& tails,
                        std::span<const LoadLaw> laws, std::span<const double> demand);

// Where a step that starts at `load` may lead: spare capacity, limit / load - 1, changed by no more
// than a factor e^trust, inside the bounds.
void TrustRegion(const DualLane& bounds, double load, double trust, DualLane& lane);

// `first`, and then the microservices with at least a tenth of the highest cost, worst first.
std::vector<int> BindingOf(std::span<const double> cost, std::vector<int> first);

}  // namespace trimtab
