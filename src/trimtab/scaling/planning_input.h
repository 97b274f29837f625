// What a policy plans from.
#pragma once

#include <optional>

#include "absl/status/status.h"
#include "trimtab/application/application.h"
#include "trimtab/monitoring/observation.h"

namespace trimtab {

// What the cluster can give to this application, all hosts together.
struct ClusterCapacity {
  Millicores cpu;
  Bytes memory;
};

struct PlanningInput {
  const Application& application;
  const Observation& observation;
  // What was last asked of the world. Containers that are still starting are counted in it.
  const Allocation& desired;
  Sla sla;
  // Measured over predicted tail, smoothed by the caller: predictions are multiplied by it.
  double tail_correction = 1;
  std::optional<ClusterCapacity> capacity;  // absent: not checked
  bool scale_down_allowed = true;           // false: no microservice is given less than `desired`
};

// kInvalidArgument, with every violation, when observation or desired allocation do not fit the
// application, an allocation is not positive, or SLA or correction are not positive and finite.
absl::Status CheckPlanningInput(const PlanningInput& input);

}  // namespace trimtab
