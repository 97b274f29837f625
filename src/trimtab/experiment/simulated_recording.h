// Traces of a scenario's simulated requests under rising loads, as a recording of spans has them.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/application/allocation.h"
#include "trimtab/profiling/recorded_traces.h"
#include "trimtab/quantity/time.h"
#include "trimtab/simulation/scenario.h"

namespace trimtab {

struct RecordingOptions {
  std::vector<double> loads;         // requests/s, one after another
  Duration length{0};                // of each
  std::int64_t traces_per_load = 0;  // about; the same share of the requests of all loads is traced
  VisitKey key = VisitKey::kSubtree;
  std::uint64_t seed = 1;
  std::function<bool()> stopped = nullptr;
};

// Runs the cluster with that allocation and reads its spans, nothing else. kCancelled when stopped;
// otherwise fails as SimulatedCluster::Create() and TraceRecorder::Collect().
absl::StatusOr<RecordedTraces> RecordSimulation(ClusterScenario cluster,
                                                const Allocation& allocation,
                                                const RecordingOptions& options);

}  // namespace trimtab
