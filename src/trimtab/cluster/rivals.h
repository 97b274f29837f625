// Others that scale our workloads: two that move one workload fight.
#pragma once

#include <string>
#include <vector>

#include "trimtab/appscaler/app_scaler.h"
#include "trimtab/cluster/cluster_watch.h"

namespace trimtab {

struct Rival {
  std::string kind{};         // "HorizontalPodAutoscaler", ..., or "FieldManager"
  std::string name{};         // of the object, or of the manager
  std::string workload{};     // of ours, by its name in the resource
  std::string ignore_rule{};  // what to do so that one of the two stands aside

  // "HorizontalPodAutoscaler 'web' scales workload 'frontend': delete it, or ...".
  std::string ToString() const;
};

// By workload, then by kind and name: HPAs (also beside vertical scaling alone, since a resize
// changes the utilization that they follow), VPAs whose mode is not Off, ScaledObjects of KEDA, and
// a field manager that set replicas again after we had scaled.
std::vector<Rival> FindRivals(const ClusterWatch& watch, const AppScaler& scaler);

}  // namespace trimtab
