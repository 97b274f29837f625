// The policies of a comparison, each with the options it is judged with.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/experiment/policy_run.h"
#include "trimtab/experiment/tuned_options.h"
#include "trimtab/profile/application_profile.h"
#include "trimtab/profile/distribution_profile.h"
#include "trimtab/quantity/time.h"
#include "trimtab/scaling/derm/derm_options.h"
#include "trimtab/scaling/grad/grad_options.h"
#include "trimtab/scenario/scenario.h"

namespace trimtab {

// What a run starts with: the scenario's, memory below a working set raised to it.
Allocation InitialAllocation(const Scenario& scenario);

// Grad as it is shipped, or with the tuned options. It starts with InitialAllocation().
// `profile` must fit the scenario.
absl::StatusOr<PolicyRunOptions> GradChoice(const Scenario& scenario,
                                            const ApplicationProfile& profile,
                                            GradFidelity fidelity,
                                            const std::optional<TunedGrad>& tuned);

// Derm with these options: every container of the size that `profile` holds for, a decision every
// step, and spare containers given back at the first that asks for it; `container_start` is the
// scenario's. `profile` must fit the scenario. Fails as
// DermOptions::Validate(): a step within the time that this scenario's containers need until they
// serve.
absl::StatusOr<PolicyRunOptions> DermChoice(const Scenario& scenario,
                                            const DistributionProfile& profile,
                                            const DermOptions& options);

// How long a container of the scenario takes from being asked for until it serves: decision delay,
// the 95th percentile of its start-up, its start-up CPU under its own limit, one readiness period;
// the longest over the microservices.
Duration ContainerStart(const Scenario& scenario);

// The Kubernetes HPA on CPU utilisation: every container of one size, raised to the working set and
// kept inside the bounds of its microservice; replicas start at the fewest.
PolicyRunOptions HpaChoice(const Scenario& scenario, const TunedHpa& hpa);

// The HPA as it comes: 80 %, and containers as a cautious user sizes them without measuring: half a
// core and 512 MiB.
TunedHpa OutOfTheBoxHpa();

PolicyRunOptions StaticChoice(const Allocation& allocation);

}  // namespace trimtab
