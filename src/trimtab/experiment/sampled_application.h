// The samples that an experiment trains its models on.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/experiment/experiment.h"
#include "trimtab/latency/latency_models.h"
#include "trimtab/profiling/sample_table.h"

namespace trimtab {

// A sweep of the demo's size (about 4,000 settings, 400 of them whole-tree runs) over the input's
// scenario, in memory. Fails as RunSweep(); kCancelled when the input says so.
// Cost: 18 s of CPU for Hotel Reservation.
absl::StatusOr<SampleTable> MeasureSamples(const ExperimentInput& input);

// DividedSamplesOf() without the microservices that have nothing to train or to test on.
// kInvalidArgument when none is left.
absl::StatusOr<std::vector<MicroserviceSamples>> JudgedSamplesOf(const SampleTable& table);

}  // namespace trimtab
