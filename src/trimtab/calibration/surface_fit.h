// How much contention slows a microservice, from a measured surface of tail latencies.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/simulation/scenario.h"

namespace trimtab {

struct SurfaceFitOptions {
  std::string application = "hotel-reserv";
  // What the measured levels of busy cores and MiB are shares of.
  double host_cores = 2;
  double host_mebibytes = 4000;
};

struct SurfaceFit {
  std::string microservice;
  Sensitivity cpu;
  Sensitivity memory_capacity;  // no floor
  double relative_error = 0;    // root mean square, of the P95
  double mean_latency = 0;      // milliseconds, without contention, mean over the operations
  double knee = 0;              // requests/s per container, lowest over the operations
  std::size_t points = 0;       // below half of the knee
};

// `text` is CSV with the columns app, service, microservice, load_rps_per_container, cpu_inter
// (busy cores), mem_inter (MiB), p95_latency (us). Only loads up to half of the knee count, where
// queues do not: there log P95 = base(operation) + log(1 + slope * max(0, cpu - floor)) +
// log(1 + slope * memory) is fitted by least squares (Ceres' TinySolver) for each microservice; the
// knee is the load at which the P95 passes three times its lowest. kInvalidArgument with file, row,
// value and bound, or when nothing is left of a microservice.
absl::StatusOr<std::vector<SurfaceFit>> FitSurface(std::string_view text, std::string_view name,
                                                   const SurfaceFitOptions& options = {});

}  // namespace trimtab
