// What a container needs before its latency can be predicted at all.
#pragma once

#include <cstddef>
#include <optional>

#include "trimtab/application/allocation.h"
#include "trimtab/scaling/grad/planning_state.h"

namespace trimtab {

struct CapacityStep {
  MicroserviceAllocation to;
  bool enough = true;  // false: not even the bounds are
};

// The cheapest allocation, with no less of anything, at which every container's load lies inside
// what was profiled and its measured demand is at most `most_utilization` of its CPU, and which is
// not below the bounds; absent when that is so already. Where nothing within the bounds is enough,
// the largest. Cost: O(most replicas).
std::optional<CapacityStep> CapacityFor(const PlanningState& state, std::size_t microservice);

}  // namespace trimtab
