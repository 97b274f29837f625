// The trained models of applications, and the policies made of them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/application/application.h"
#include "trimtab/appscaler/app_scaler.h"
#include "trimtab/operator/model_metrics.h"
#include "trimtab/profile/application_profile.h"
#include "trimtab/profile/distribution_profile.h"
#include "trimtab/scaling/scaling_policy.h"

namespace trimtab {

// An application's profile is the one of the same microservices: a trained one for Grad, latency
// distributions (a file of their own, or a section of a trained one) for Derm. Thread-safety: const
// methods from any thread.
class PolicyLibrary {
 public:
  // kInvalidArgument: two profiles of one kind of the same microservices; otherwise as
  // LoadProfile() and LoadDistributionProfile().
  static absl::StatusOr<PolicyLibrary> Load(const std::vector<std::string>& files);

  // Models are joined to microservices by name. `interval`: from one decision to the next, which is
  // Derm's step. Where the resource names arguments of requests, Derm learns from them to foresee
  // the mix of call graphs; otherwise it expects that of the last windows. kFailedPrecondition: no
  // profile of these microservices (the message lists what there is), or one without what the
  // algorithm plans on. `application` must outlive the policy.
  absl::StatusOr<std::unique_ptr<ScalingPolicy>> Make(const AppScaler& scaler,
                                                      const Application& application,
                                                      Duration interval) const;

  // What status.model says of it: the scenario that was profiled and the seed of the training;
  // empty without a profile. What the profile does not know is absent.
  ModelStatus Describe(const AppScaler& scaler) const;

  // The models that its algorithm plans on; none without a profile. They end with the library.
  std::vector<WorkloadModel> Models(const AppScaler& scaler) const;

 private:
  const ApplicationProfile* Find(const AppScaler& scaler) const;
  const DistributionProfile* FindDistributions(const AppScaler& scaler) const;
  absl::Status NothingFor(const AppScaler& scaler) const;

  std::vector<ApplicationProfile> profiles_;
  std::vector<DistributionProfile> distributions_;
};

}  // namespace trimtab
