// The same application with its microservices in another order.
#pragma once

#include <cstddef>
#include <vector>

#include "trimtab/scaling/testing/synthetic_cluster.h"

namespace trimtab::testing {

// Microservice i of the result is microservice order[i] of `cluster`.
SyntheticCluster Permuted(const SyntheticCluster& cluster, const std::vector<std::size_t>& order);

}  // namespace trimtab::testing
