// Derm's own identity of call graphs (III, D19): who calls whom, however often and in which order.
#pragma once

#include <vector>

#include "trimtab/scaling/derm/derm_forecast.h"

namespace trimtab {

// Classes whose trees have the same set of (caller, callee) pairs as one, with the sum of their
// shares and the id and the tree of the first of them; in order of the first ones.
std::vector<ForecastClass> MergedByAdjacency(std::vector<ForecastClass> classes);

}  // namespace trimtab
