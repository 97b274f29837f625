// How one step changes an allocation, inside its bounds.
#pragma once

#include <optional>

#include "trimtab/application/allocation.h"
#include "trimtab/application/application.h"
#include "trimtab/scaling/plan.h"

namespace trimtab {

// What one step trades over all containers of a microservice (Grad's r, eq. 2 and 3).
struct StepSize {
  Millicores cpu;
  Bytes memory;
};

// `from` with one step more of `action`: the step is shared out over the replicas and rounded up
// to whole millicores and MiB, so that it is never nothing; one more replica is a whole one.
// Absent when the bound is reached; a step that would pass it ends there.
// REQUIRES: action is kCpu, kMemory or kReplicas; from.replicas >= 1.
std::optional<MicroserviceAllocation> Raised(const MicroserviceAllocation& from,
                                             ScalingAction action, const StepSize& step,
                                             const ScalingBounds& bounds);

// The least that a microservice may be lowered to.
struct LowerLimits {
  Millicores cpu;  // of a container with the replicas that are left
  Bytes memory;    // of a container
  int replicas = 1;
};

// The reverse of Raised().
std::optional<MicroserviceAllocation> Lowered(const MicroserviceAllocation& from,
                                              ScalingAction action, const StepSize& step,
                                              const LowerLimits& limits);

}  // namespace trimtab
