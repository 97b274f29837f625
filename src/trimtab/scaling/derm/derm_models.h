// What Derm knows of an application before it runs: latency over load of every microservice.
#pragma once

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/application/allocation.h"
#include "trimtab/application/application.h"
#include "trimtab/application/interference.h"
#include "trimtab/profile/distribution_profile.h"
#include "trimtab/scaling/derm/load_law.h"

namespace trimtab {

// Under one level of interference.
struct DermLaws {
  RateLaw rate;                  // what `paper` plans with
  std::vector<LoadPoint> curve;  // what `corrected` plans with
};

struct DermMicroserviceModel {
  ContainerConfig container;   // the size that the laws hold for; Derm changes numbers alone
  std::vector<DermLaws> laws;  // by level
};

struct DermModels {
  std::vector<Interference> levels;                  // each at least as heavy as the one before
  std::vector<DermMicroserviceModel> microservices;  // by MicroserviceId

  static DermModels Of(const DistributionProfile& profile);

  // The lightest level that is at least `interference` in every kind, but for little; the heaviest
  // when none is (D25). What is not known counts as 0.
  std::size_t LevelFor(const Interference& interference) const;
  // How much `interference` exceeds a level at most, over the kinds; 0 when it does not.
  double Excess(const Interference& interference, std::size_t level) const;

  // kInvalidArgument names what does not fit the application, or is no law.
  absl::Status Check(const Application& application) const;
};

}  // namespace trimtab
