// The part of `trimtab doctor` that looks at workloads: what of them can be scaled.
#pragma once

#include <string>
#include <vector>

#include "trimtab/cli/doctor_finding.h"
#include "trimtab/kubernetes/api_client.h"

namespace trimtab {

// A note for each Deployment and StatefulSet of the namespace (of all but kube-system when it is
// empty) of which replicas or size are not scaled as long as an AppScaler says no more than its
// name, and for nodes that do not resize Guaranteed pods. Reads and writes nothing; what may not be
// read is left out, since the rights are asked for apart.
std::vector<Finding> ExamineWorkloads(ApiClient& client, const std::string& name_space);

}  // namespace trimtab
