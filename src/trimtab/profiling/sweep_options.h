// What a profiling sweep measures.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "trimtab/profiling/sample_source.h"
#include "trimtab/quantity/quantity.h"

namespace trimtab {

// Defaults: Grad VI-A's sweep, 16,000 settings for each microservice and 1,600 of nearly idle
// containers, before refused ones are left out and equivalent ones merged.
struct SweepOptions {
  // Evenly from the smallest to the largest container of each microservice.
  int cpu_settings = 10;
  int memory_settings = 10;
  // Evenly over the utilisations.
  int load_settings = 10;
  double lowest_utilization = 0.1;
  double highest_utilization = 0.8;
  // One load more, as the containers behind a rare operation have it at any size: without it such
  // a container is outside of what was profiled for its whole life.
  double idle_utilization = 0.001;
  // For each CPU and load: none, a rotating half of the 16 single interferences, the rest joint.
  int interference_settings = 16;

  // How many different settings to measure alone, over all microservices; none: the full sweep.
  std::optional<std::int64_t> station_settings;
  // Whole-tree runs with random allocations, loads and interferences.
  std::int64_t tree_runs = 1600;
  RequestsPerSecond lowest_application_load{20};
  RequestsPerSecond highest_application_load{1000};

  double test_share = 0.15;
  LabelAccuracy train{.relative_standard_error = 0.08, .most_requests = 20000};
  LabelAccuracy test{.relative_standard_error = 0.04, .most_requests = 180000};
  LabelAccuracy tree{.relative_standard_error = 0.04, .most_requests = 20000};
  // Settings of each microservice measured both ways, for the bias of measuring alone.
  int bias_pairs = 30;
  std::uint64_t seed = 1;

  // The same ranges with about 4,000 settings in all, 400 of them whole-tree runs.
  static SweepOptions Demo();
  // kInvalidArgument lists every violation with name, value and bound.
  absl::Status Validate() const;
};

}  // namespace trimtab
