// What a scenario asks of each of its microservices on average, by arithmetic alone.
#pragma once

#include <cstdint>
#include <vector>

#include "trimtab/simulation/request_process.h"
#include "trimtab/simulation/scenario.h"

namespace trimtab {

struct WeightedKind {
  RequestKind kind;
  double share = 1;  // of the visits of an endpoint
};

struct MicroserviceTraffic {
  double visits = 0;          // per request of the application, all endpoints
  std::vector<double> mix;    // share of each endpoint; even when it is never visited
  double cpu_nanos = 0;       // mean demand of a visit, at full speed and without page faults
  double transfer_nanos = 0;  // mean of a visit
  bool even_transfer = true;  // all visited endpoints have the same transfer
  // By endpoint: the kinds of request that visit it. Empty for an endpoint that is never visited,
  // and in a scenario without arguments and state.
  std::vector<std::vector<WeightedKind>> kinds;
};

// Indexed by microservice. With arguments and state, means over 20,000 requests drawn as at the
// start: the first mixes, the initial state. REQUIRES: a scenario that Validate() accepts.
std::vector<MicroserviceTraffic> TrafficOf(const ClusterScenario& scenario);

}  // namespace trimtab
