// Interface `ScalingPolicy`: one observation in, one plan out (Grad's Prepare).
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "trimtab/scaling/plan.h"
#include "trimtab/scaling/planning_input.h"

namespace trimtab {

// Pure: no clock, no input or output; a plan depends on this input and, for a policy that
// remembers, on those before it, each with a later Observation::at.
// Thread-safety: one caller at a time.
class ScalingPolicy {
 public:
  virtual ~ScalingPolicy() = default;

  // Its name in PolicyTable().
  virtual std::string_view name() const = 0;

  // Fails as CheckPlanningInput; the caller then keeps what is. A promise that cannot be kept is
  // not an error but Plan::feasible. The target stays inside the ScalingBounds of each
  // microservice that the plan changes, and no microservice shrinks on missing data.
  virtual absl::StatusOr<Plan> MakePlan(const PlanningInput& input) = 0;
};

}  // namespace trimtab
