// Grad figure 4: how sensitive microservices are to CPU and memory over use, load and interference.
#pragma once

#include "absl/status/statusor.h"
#include "trimtab/experiment/experiment.h"

namespace trimtab {

// The reduction of the P95 own latency by 0.2 core and by 100 MiB (II-C), from the profile and
// measured alone in the simulated cluster: (a) rate, search and profile over the memory they touch
// against their limit; (b) geo, frontend and rate over load; (c) frontend over each interference.
// kInvalidArgument for a scenario without one of them; otherwise fails as SampleSource::Measure().
absl::StatusOr<ExperimentResult> RunGradFig4(const ExperimentInput& input);

}  // namespace trimtab
