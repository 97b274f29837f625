// Which settings a sweep measures alone, in which order.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/application/application.h"
#include "trimtab/profiling/sample_row.h"
#include "trimtab/profiling/sample_source.h"
#include "trimtab/profiling/sweep_options.h"

namespace trimtab {

// Measuring alone is valid where a thread pool is hardly ever full and the utilisation is moderate;
// for asynchronous servers, whose bias is measured and stored, up to 0.8 (simulation/README).
inline constexpr double kMostPoolFullShare = 0.01;
inline constexpr double kMostBlockingUtilization = 0.6;
inline constexpr double kMostAsynchronousUtilization = 0.8;

// One measurement and the settings that it labels.
struct StationJob {
  // A setting of the sweep that behaves like the job's representative.
  struct Member {
    ContainerConfig container;
    Interference interference;
    Latency shift{0};  // on top of the representative's label
  };
  StationSetting representative;
  SampleRole role = SampleRole::kTrain;
  std::uint64_t seed = 0;
  std::vector<Member> members = {};
};

struct SweepPlan {
  std::vector<StationJob> stations;
  // Settings that the container cannot run (too little memory), by MicroserviceId.
  std::vector<std::int64_t> refused;
};

// Grad VI-A's grid. For each microservice, CPU setting and utilisation there are
// `interference_settings` interferences times `memory_settings`; the load is what gives the
// utilisation, one of `load_settings` or idle. Settings that behave alike are one job, so no label
// is measured twice and none is both trained on and tested on.
//
// With `station_settings` the plan is a low-discrepancy subset of those jobs of that size (an
// additive recurrence over CPU, utilisation, interference and the memory settings that differ),
// spread evenly over the microservices, up to the utilisation at which alone is valid. Every prefix
// of a plan covers all of them and their ranges.
//
// Deterministic in (application, source, options). Fails as SweepOptions::Validate, with
// kInvalidArgument when nothing of a microservice can run, and as SampleSource::CpuPerRequest for
// other reasons than kInvalidArgument. Cost: about 1 us a setting.
absl::StatusOr<SweepPlan> PlanSweep(const Application& application, const SampleSource& source,
                                    const SweepOptions& options);

// Value `index` of `count` that lie evenly from smallest to largest.
ContainerConfig ContainerSetting(const ScalingBounds& bounds, const SweepOptions& options, int cpu,
                                 int memory);

}  // namespace trimtab
