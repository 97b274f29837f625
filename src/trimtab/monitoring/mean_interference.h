// The interference of a microservice as one figure a kind.
#pragma once

#include <vector>

#include "trimtab/application/interference.h"
#include "trimtab/monitoring/observation.h"

namespace trimtab {

// The mean of each kind over the containers that know it; a kind that none knows stays absent.
Interference MeanInterference(const std::vector<ContainerObservation>& containers);

}  // namespace trimtab
