// One whole-tree measurement: a scenario made for the setting, run in batches.
#pragma once

#include <cstdint>
#include <vector>

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

// The own latencies of `requests` requests of the application; see SampleSource::Draw. Latencies
// are as exact as a container's histogram (0.4 %). REQUIRES: as MeasureTree.
absl::StatusOr<std::vector<TreeLatencies>> DrawTree(const ClusterScenario& scenario,
                                                    const TreeSetting& setting,
                                                    std::int64_t requests, std::uint64_t seed);

}  // namespace trimtab
