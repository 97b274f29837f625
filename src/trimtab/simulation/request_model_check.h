// What is wrong with the arguments, states, conditions and effects of a scenario.
#pragma once

#include <string>
#include <vector>

#include "trimtab/simulation/scenario.h"

namespace trimtab {

// Part of ClusterScenario::Validate(): each violation as "place: what, bound".
void CheckRequestModel(const ClusterScenario& scenario, std::vector<std::string>& violations);

}  // namespace trimtab
