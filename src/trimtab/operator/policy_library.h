// The trained models of applications, and the policies made of them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/application/application.h"
#include "trimtab/appscaler/app_scaler.h"
#include "trimtab/profile/application_profile.h"
#include "trimtab/scaling/scaling_policy.h"

namespace trimtab {

// An application's profile is the one of the same microservices. Thread-safety: const methods from
// any thread.
class PolicyLibrary {
 public:
  // kInvalidArgument: two profiles of the same microservices; otherwise as LoadProfile.
  static absl::StatusOr<PolicyLibrary> Load(const std::vector<std::string>& files);

  // Models are joined to microservices by name. `interval`: from one decision to the next, which is
  // Derm's step. kFailedPrecondition: no profile of these microservices (the message lists what
  // there is), or one without what the algorithm plans on. `application` must outlive the policy.
  absl::StatusOr<std::unique_ptr<ScalingPolicy>> Make(const AppScaler& scaler,
                                                      const Application& application,
                                                      Duration interval) const;

  // What status.model says of it: the scenario that was profiled and the seed of the training;
  // empty without a profile.
  ModelStatus Describe(const AppScaler& scaler) const;

 private:
  const ApplicationProfile* Find(const AppScaler& scaler) const;

  std::vector<ApplicationProfile> profiles_;
};

}  // namespace trimtab
