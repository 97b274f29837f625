// Sights of a workload, as a test wants them.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "trimtab/cluster/application_view.h"
#include "trimtab/cluster/pod_size.h"

namespace trimtab {

inline ResourceAmounts TestAmounts(std::int64_t millicores, std::int64_t mebibytes) {
  return {Millicores(millicores), Mebibytes(mebibytes)};
}

// Deployment 'shop/web' of one container `app`, 100m and 64Mi of 200m and 128Mi, and its pods,
// which are as a test changes them.
struct TestSight {
  explicit TestSight(int replicas) {
    workload.kind = "Deployment";
    workload.meta.name = "web";
    workload.meta.name_space = "shop";
    workload.meta.uid = "w";
    workload.replicas = workload.current_replicas = workload.updated_replicas = replicas;
    workload.containers = {
        {.name = "app", .requests = TestAmounts(100, 64), .limits = TestAmounts(200, 128)}};
    for (int i = 0; i < replicas; ++i) {
      PodView pod;
      pod.meta.name = fmt::format("web-{}", i);
      pod.meta.uid = fmt::format("p{}", i);
      pod.meta.labels = {{"app", "web"}};
      pod.node = "n";
      pod.containers = workload.containers;
      pod.statuses = {{.name = "app",
                       .is_ready = true,
                       .has_resources = true,
                       .requests = TestAmounts(100, 64),
                       .limits = TestAmounts(200, 128)}};
      pod.conditions = {{.type = "Ready", .status = "True"}};
      pods.push_back(pod);
    }
  }

  WorkloadSight Get() const {
    WorkloadSight sight;
    sight.workload = std::make_shared<const WorkloadView>(workload);
    sight.containers = {"app"};
    auto set = std::make_shared<WorkloadView>(workload);
    set->kind = "ReplicaSet";
    if (!born_of.empty()) set->containers = born_of;
    for (const PodView& pod : pods) {
      sight.pods.push_back({.pod = std::make_shared<const PodView>(pod),
                            .replica_set = set,
                            .ready = pod.IsReady(),
                            .limits = SizeInForce(pod, sight.containers, LimitsRule::kKeepRatio)});
    }
    return sight;
  }

  WorkloadView workload;
  std::vector<PodView> pods;
  std::vector<PodContainer> born_of;  // the pods' template; the workload's when empty
};

// Brings a pod to these limits, with requests of half of them; `in_force` at the node, too.
inline void SetLimits(PodView& pod, const ResourceAmounts& limits, bool in_force) {
  const ResourceAmounts requests{Millicores(limits.cpu->value() / 2),
                                 Bytes(limits.memory->value() / 2)};
  pod.containers[0].limits = limits;
  pod.containers[0].requests = requests;
  if (!in_force) return;
  pod.statuses[0].limits = limits;
  pod.statuses[0].requests = requests;
}

}  // namespace trimtab
