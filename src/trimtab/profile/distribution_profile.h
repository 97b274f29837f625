// What Derm plans on: the distribution of each microservice's own latency over container_load.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/application/allocation.h"
#include "trimtab/application/application.h"
#include "trimtab/application/interference.h"
#include "trimtab/latency/conditional_exponential.h"
#include "trimtab/latency/cumulant_curve.h"

namespace trimtab {

// How far the laws are off on requests that no fit saw: means over the loads. The P95 error is
// |predicted / measured - 1|.
struct DistributionQuality {
  std::int64_t loads = 0;
  std::int64_t samples = 0;  // held out, over all loads
  double paper_ks = 0;
  double paper_p95_error = 0;
  double tail_p95_error = 0;
  double cumulants_p95_error = 0;
  friend bool operator==(const DistributionQuality&, const DistributionQuality&) = default;
};

// One microservice in containers of one size under one interference. All laws hold for the same
// loads, in calls/s to one container.
struct LatencyLaws {
  // Derm as written: offset the smallest sample, least squares on 100 bins, a free line; where that
  // line has no rate in the range of loads, the one under the constraints of D9.
  ConditionalExponential paper;
  // Mean and standard deviation, or mean and P95, as measured; under the constraints of D9.
  ConditionalExponential moments;
  ConditionalExponential tail;
  // No form at all: what `corrected` plans on.
  CumulantCurve cumulants;
  DistributionQuality quality;
};

struct ProfiledDistribution {
  std::string name;
  ContainerConfig container;
  std::vector<LatencyLaws> levels;  // in the order of DistributionProfile::levels
};

// Immutable once made; thread-safe.
struct DistributionProfile {
  // Of this section, whatever the file around it.
  static constexpr int kVersion = 2;

  std::string application;
  std::string scenario_hash;
  std::uint64_t sample_seed = 0;
  // Each at least as heavy as the one before in every kind; all four kinds are present.
  std::vector<Interference> levels;
  std::vector<ProfiledDistribution> microservices;  // in the order of MicroserviceId

  // The lightest level that is at least `interference` in every kind (D25): a plan on it errs to
  // the safe side. What is not known counts as 0; beyond the heaviest level it is the heaviest,
  // and Covers() says so.
  std::size_t LevelFor(const Interference& interference) const;
  bool Covers(const Interference& interference) const;
};

// As a section of a profile, and as a file of its own. Reading back gives the same bytes.
nlohmann::ordered_json DistributionsToJson(const DistributionProfile& profile);
std::string DistributionProfileToJson(const DistributionProfile& profile);

// Strict: kInvalidArgument names the member that is unknown, missing, mistyped, out of bounds or
// contradicts another (levels that get lighter, a rate that is not above 0 in the range, a cumulant
// that falls); kFailedPrecondition for another version.
absl::StatusOr<DistributionProfile> DistributionsFromJson(const nlohmann::json& json,
                                                          const std::string& place);
absl::StatusOr<DistributionProfile> DistributionProfileFromJson(std::string_view text);

// As SaveProfile() and LoadProfile() of application_profile.h.
absl::Status SaveDistributionProfile(const DistributionProfile& profile, const std::string& path);
absl::StatusOr<DistributionProfile> LoadDistributionProfile(const std::string& path);

// kFailedPrecondition, naming every field that differs, when `profile` is not one of this
// application in this scenario.
absl::Status CheckDistributionsFit(const DistributionProfile& profile,
                                   const Application& application, std::string_view scenario_hash);

}  // namespace trimtab
