// Which whole-tree runs a sweep makes.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/application/application.h"
#include "trimtab/profiling/sample_row.h"
#include "trimtab/profiling/sample_source.h"
#include "trimtab/profiling/sweep_options.h"

namespace trimtab {

struct TreeJob {
  TreeSetting setting;
  SampleRole role = SampleRole::kTrain;
  std::uint64_t seed = 0;
};

// Run `run` of the sweep: one setting for every microservice at once. The application load is drawn
// evenly; each microservice gets a random container, interference and utilisation, and as many
// replicas as that takes. In half of the runs all microservices share one interference, as they do
// on a shared cluster. One of the microservices with settings in `set_aside` (those where measuring
// alone is not valid, indexed by MicroserviceId), in turn, takes one of them, of those whose load
// the run can bring about. The role of a run falls on the whole run.
//
// Deterministic in its arguments. kInvalidArgument when no container of a microservice can run;
// otherwise fails as SampleSource::CpuPerRequest.
absl::StatusOr<TreeJob> PlanTreeRun(const Application& application, const SampleSource& source,
                                    const SweepOptions& options,
                                    const std::vector<std::vector<StationSetting>>& set_aside,
                                    std::int64_t run);

}  // namespace trimtab
