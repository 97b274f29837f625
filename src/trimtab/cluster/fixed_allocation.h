// What of a workload must stay as it is, whatever its bounds say.
#pragma once

#include <string>
#include <vector>

#include "trimtab/appscaler/app_scaler.h"
#include "trimtab/cluster/application_view.h"
#include "trimtab/deployment/actuator.h"

namespace trimtab {

// Why the replicas, or the size, of a workload that exists must stay as they are; empty: they may
// change. A size is CPU and memory: a container whose template says nothing of one of them (as that
// of BestEffort pods) has what others give it, a LimitRange for instance.
std::string WhyReplicasAreFixed(const ScaledWorkload& scaled, const WorkloadSight& sight);
std::string WhySizeIsFixed(const ScaledWorkload& scaled, const WorkloadSight& sight);

// What of each workload must stay as it is, for ApplicationOf(): one for each workload. The notes
// say why, and where vertical.apply is Template for a kind whose template cannot be swapped: then
// its pods are resized in place, and the template stays.
std::vector<FixedAllocation> FixedAllocations(const AppScaler& scaler, const ApplicationView& view,
                                              const std::vector<MicroserviceState>& states);

}  // namespace trimtab
