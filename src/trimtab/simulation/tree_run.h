// One whole-tree measurement: a scenario made for the setting, run in batches.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "trimtab/profiling/sample_source.h"
#include "trimtab/simulation/scenario.h"

namespace trimtab {

// The scenario with the setting's allocation, every replica on a host of its own. Host i holds the
// i-th replica in order of microservice.
ClusterScenario ScenarioFor(const ClusterScenario& scenario, const TreeSetting& setting);

// Runs the setting; see SimulatedSamples. REQUIRES: a setting that it accepts.
absl::StatusOr<TreeSample> MeasureTree(const ClusterScenario& scenario, const TreeSetting& setting,
                                       const LabelAccuracy& accuracy, std::uint64_t seed);

}  // namespace trimtab
