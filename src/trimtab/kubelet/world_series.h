// What the exporters of a cluster would show of simulated hosts and the pods on them.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "trimtab/kubelet/pod_life.h"
#include "trimtab/kubernetes/object_meta.h"
#include "trimtab/simulation/cluster_state.h"

namespace trimtab {

// Requests that a pod had served when it ended: counters of a collector outlive their pods.
struct PastRequests {
  std::string name_space{};
  std::string pod{};
  std::uint32_t microservice = 0;
  double requests = 0;
  double failed = 0;  // of these
};

struct ExposedWorld {
  const ClusterState& state;
  std::vector<const PodLife*> pods;
  // Of ReplicaSets by namespace and name: who controls them.
  const std::map<std::pair<std::string, std::string>, OwnerReference>& replica_set_owners;
  const std::vector<PastRequests>& past;
  const std::set<std::uint32_t>& lost_hosts;  // of which no exporter is left
};

// All series as one text. They carry the labels `job`, `metrics_path` and `instance` that a scrape
// of each exporter would add, so the one scrape of this text sets `honor_labels: true`:
//   kubelet, /metrics/cadvisor   containers, pods' network, each node's root control group
//   node-exporter                processors, memory, links, memory bandwidth
//   kube-state-metrics           owners, requests and limits, readiness, restarts
//   span-metrics                 requests served, by service and pod
// Containers of pods that are no replicas use nothing.
std::string WorldSeries(const ExposedWorld& world);

}  // namespace trimtab
