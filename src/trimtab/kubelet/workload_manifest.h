// A scenario's microservices as workloads of Kubernetes.
#pragma once

#include <string>

#include "trimtab/simulation/scenario.h"

namespace trimtab {

// One Deployment for each microservice, as YAML documents without a namespace: its initial
// replicas, one container `app` whose requests equal its limits, for nodes of SimulatedNodes alone.
// The image is the pause of Kubernetes, which such nodes never pull.
std::string WorkloadManifest(const ClusterScenario& scenario);

}  // namespace trimtab
