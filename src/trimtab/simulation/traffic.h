// What a scenario asks of each of its microservices on average, by arithmetic alone.
#pragma once

#include <cstdint>
#include <vector>

#include "trimtab/simulation/scenario.h"

namespace trimtab {

struct MicroserviceTraffic {
  double visits = 0;          // per request of the application, all endpoints
  std::vector<double> mix;    // share of each endpoint; even when it is never visited
  double cpu_nanos = 0;       // mean demand of a visit, at full speed and without page faults
  double transfer_nanos = 0;  // mean of a visit
  bool even_transfer = true;  // all visited endpoints have the same transfer
};

// Indexed by microservice. REQUIRES: a scenario that Validate() accepts.
std::vector<MicroserviceTraffic> TrafficOf(const ClusterScenario& scenario);

}  // namespace trimtab
