// What must change to get from one allocation to another, raises apart from lowers.
#pragma once

#include <vector>

#include "trimtab/application/allocation.h"
#include "trimtab/deployment/actuator.h"

namespace trimtab {

// One change per microservice that differs, in the order of microservices.
// REQUIRES: allocations of the same size.
std::vector<AllocationChange> Diff(const Allocation& from, const Allocation& to);

// The same way in two stages. `raises` leads to the larger of both in replicas, CPU and memory
// apart, `lowers` from there to `to`: a microservice that gets more containers of a smaller size
// first gets the containers and then the smaller size. Nothing loses what it has before everything
// has what it was promised.
struct StagedChanges {
  std::vector<AllocationChange> raises;
  std::vector<AllocationChange> lowers;
};
StagedChanges StageChanges(const Allocation& from, const Allocation& to);

// The larger of both in replicas, CPU and memory apart.
MicroserviceAllocation LargerOf(const MicroserviceAllocation& a, const MicroserviceAllocation& b);

}  // namespace trimtab
