// An observation of a world that is only imagined: what planning needs for "what if".
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/application/allocation.h"
#include "trimtab/application/interference.h"
#include "trimtab/monitoring/observation.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/scenario/scenario.h"

namespace trimtab {

// What tracing would see of the call graphs under a steady load: multiplicity classes, each with
// its first tree, most frequent first. Drawn from the request process alone, without queueing:
// 20,000 requests, after 20 simulated minutes from full states or 2 million requests. No
// attainment. Cost: 1 us a request, up to some 100 us for one whose graph is drawn call by call.
std::vector<GraphClassObservation> ImagineGraphClasses(const Scenario& scenario,
                                                       RequestsPerSecond application_load,
                                                       std::uint64_t seed);

// What a Monitor would see of the scenario under a steady load with everything ready: every host
// under the same interference, the load spread evenly over replicas, CPU use by the demands of the
// call programs. Nothing is measured: memory use and tails are absent. With `graph_classes`,
// arrivals are those that these classes cause. kInvalidArgument as SampleSource::CpuPerRequest(),
// for a container that cannot run.
absl::StatusOr<Observation> ImagineObservation(
    const Scenario& scenario, const Allocation& allocation, RequestsPerSecond application_load,
    const Interference& interference, std::vector<GraphClassObservation> graph_classes = {});

}  // namespace trimtab
