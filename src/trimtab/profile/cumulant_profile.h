// What a plan with containers of any size needs of distributions: the cumulants of each
// microservice's own latency over CPU, memory, container_load and interference.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/latency/cumulant_accuracy.h"
#include "trimtab/latency/neural_cumulant_model.h"
#include "trimtab/neural/simd_level.h"

namespace trimtab {

struct ProfiledCumulants {
  NeuralCumulantModel model;
  CumulantAccuracy quality;  // on settings that it never saw
};

// Immutable once made; thread-safe.
struct CumulantProfile {
  // Of this section, whatever the file around it.
  static constexpr int kVersion = 1;

  std::vector<ProfiledCumulants> microservices;  // in the order of MicroserviceId
};

// As a section of a profile of these microservices. Reading back gives the same bytes.
// REQUIRES: as many names as microservices.
nlohmann::ordered_json CumulantsToJson(const CumulantProfile& profile,
                                       const std::vector<std::string>& names);

// Strict: kInvalidArgument names the member that is unknown, missing, mistyped, out of bounds or of
// another microservice than `names` says; kFailedPrecondition for another version.
absl::StatusOr<CumulantProfile> CumulantsFromJson(const nlohmann::json& json,
                                                  const std::string& place,
                                                  const std::vector<std::string>& names,
                                                  SimdLevel simd);

}  // namespace trimtab
