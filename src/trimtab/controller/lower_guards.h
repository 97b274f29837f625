// What an observation says against lowering single microservices.
#pragma once

#include <vector>

#include "trimtab/deployment/safety_limits.h"
#include "trimtab/monitoring/observation.h"

namespace trimtab {

// By MicroserviceId. A microservice is throttled as its worst container that is ready and has
// warmed up. Containers without a CPU limit have no such series and many clusters have none at all:
// where no container of a microservice has any, nothing speaks against it; where some have, one
// that lacks them is not known and counts as throttled all the time.
std::vector<LowerGuards> LowerGuardsOf(const Observation& observation);

// Whether containers of any microservice have become ready so shortly ago that their use says
// nothing.
bool SomethingWarmsUp(const Observation& observation);

}  // namespace trimtab
