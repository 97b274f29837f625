// What of a cluster keeps one application: its workloads, their pods and the nodes that run them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "trimtab/application/allocation.h"
#include "trimtab/kubernetes/limits_view.h"
#include "trimtab/kubernetes/pod_view.h"
#include "trimtab/kubernetes/workload_view.h"

namespace trimtab {

// A pod of a workload.
struct PodSight {
  std::shared_ptr<const PodView> pod{};
  // The ReplicaSet that made it; nullptr when the workload did so itself.
  std::shared_ptr<const WorkloadView> replica_set{};
  bool ready = false;
  // Its node gives whole CPUs or memory zones to Guaranteed pods, which it does not resize.
  bool is_pinned = false;
  // Of the scaled containers together, in force: limits, or the requests of what has no limit. As
  // asked for while the node has not reported any.
  ContainerConfig limits{};
};

struct WorkloadSight {
  std::shared_ptr<const WorkloadView> workload{};  // nullptr: does not exist
  std::vector<std::string> containers{};           // that scale, in the order of the template
  // Found by ownerReferences; not those that have ended; by name. Pods that are being deleted are
  // among them and never ready.
  std::vector<PodSight> pods{};
};

// Immutable; a value.
struct ApplicationView {
  std::string name_space{};
  std::vector<WorkloadSight> workloads{};  // by MicroserviceId
  // That run them, by name; a HostId is the index. Empty where nodes may not be read.
  std::vector<std::shared_ptr<const NodeView>> nodes{};
};

}  // namespace trimtab
