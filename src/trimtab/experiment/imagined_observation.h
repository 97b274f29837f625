// An observation of a world that is only imagined: what planning needs for "what if".
#pragma once

#include "absl/status/statusor.h"
#include "trimtab/application/allocation.h"
#include "trimtab/application/interference.h"
#include "trimtab/monitoring/observation.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/scenario/scenario.h"

namespace trimtab {

// What a Monitor would see of the scenario under a steady load with everything ready: every host
// under the same interference, the load spread evenly over replicas, CPU use by the demands of the
// call programs. Nothing is measured: memory use and tails are absent.
// kInvalidArgument as SampleSource::CpuPerRequest(), for a container that cannot run.
absl::StatusOr<Observation> ImagineObservation(const Scenario& scenario,
                                               const Allocation& allocation,
                                               RequestsPerSecond application_load,
                                               const Interference& interference);

}  // namespace trimtab
