// What a tuning found for a scenario: the options of every baseline, shipped beside the scenario.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "trimtab/application/allocation.h"
#include "trimtab/application/application.h"

namespace trimtab {

struct TunedHpa {
  double target_utilization = 80;  // per cent
  ContainerConfig container;       // of every microservice, raised to its working set
};

struct TunedGrad {
  double confidence = 0.9;        // of the stop margin
  double most_utilization = 0.8;  // of a container's CPU by its demand
  double horizon_minutes = 4;     // whose largest demand is planned for
};

// Found on another load and another seed than those it is judged on; `command` repeats it.
struct TunedOptions {
  std::string scenario_hash;
  std::string command;
  std::uint64_t seed = 0;
  std::optional<Allocation> static_allocation;
  std::optional<TunedHpa> hpa;
  std::optional<TunedGrad> grad;
};

// JSON text; kInvalidArgument names the member that is missing, unknown or out of bounds.
std::string TunedToJson(const TunedOptions& tuned, const Application& application);
absl::StatusOr<TunedOptions> TunedFromJson(const std::string& text, const Application& application);

// "scenarios/x.yaml" -> "scenarios/x.tuned.json". kNotFound when there is none; kFailedPrecondition
// when it was found for another version of the scenario.
std::string TunedPathOf(const std::string& scenario_path);
absl::StatusOr<TunedOptions> LoadTuned(const std::string& scenario_path,
                                       const Application& application,
                                       const std::string& scenario_hash);

}  // namespace trimtab
