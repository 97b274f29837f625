#include "trimtab/cli/doctor_workloads.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "trimtab/cluster/cluster_store.h"
#include "trimtab/cluster/fixed_allocation.h"
#include "trimtab/cluster/pod_size.h"
#include "trimtab/kubernetes/resource_type.h"
#include "trimtab/kubernetes/workload_view.h"

namespace trimtab {
namespace {

bool IsGuaranteed(const WorkloadView& workload) {
  return std::ranges::all_of(workload.containers, [](const PodContainer& container) {
    return container.limits.cpu && container.limits.memory &&
           DefaultedRequests(container) == container.limits;
  });
}

std::string Remedy(const WorkloadView& workload) {
  const auto bare = std::ranges::find_if(workload.containers, [](const PodContainer& container) {
    const ResourceAmounts requests = DefaultedRequests(container);
    return !requests.cpu || !requests.memory;
  });
  if (bare == workload.containers.end()) return "";
  return fmt::format("kubectl set resources {}/{} -n {} -c {} --requests=cpu=100m,memory=128Mi",
                     workload.kind == "Deployment" ? "deployment" : "statefulset",
                     workload.meta.name, workload.meta.name_space, bare->name);
}

class WorkloadDoctor {
 public:
  explicit WorkloadDoctor(ApiClient& client) : client_(client) {}

  std::vector<Finding> Examine(const std::string& name_space) {
    LookAtNodes();
    for (const ResourceType& type : {kDeployments, kStatefulSets}) {
      const auto list = client_.List(ResourcePath(type, name_space));
      if (!list.ok()) continue;
      for (const nlohmann::json& item : list->items) {
        auto workload = ReadWorkload(item);
        if (!workload.ok() || workload->meta.name_space == "kube-system") continue;
        // Items of a list do not say their kind.
        workload->kind = type.plural == kDeployments.plural ? "Deployment" : "StatefulSet";
        ++seen_;
        LookAt(*std::move(workload));
      }
    }
    if (noted_ == 0 && seen_ > 0) {
      findings_.Ok("scaling", fmt::format("replicas and sizes of all {} can be scaled", seen_));
    }
    return findings_.Take();
  }

 private:
  void LookAtNodes() {
    const auto list = client_.List(ResourcePath(kNodes, ""));
    if (!list.ok()) return;
    for (const nlohmann::json& item : list->items) {
      const auto node = ReadNode(item);
      if (node.ok() && IsLabelledPinning(*node)) ++pinning_;
    }
    if (pinning_ == 0) return;
    findings_.Note("static CPU manager",
                   fmt::format("{} nodes are labelled so: Guaranteed pods there are not resized, "
                               "replicas only",
                               pinning_));
  }

  void LookAt(WorkloadView workload) {
    const std::string check =
        fmt::format("{} {}/{}", workload.kind, workload.meta.name_space, workload.meta.name);
    const ScaledWorkload scaled{.name = workload.meta.name};
    WorkloadSight sight{.workload = std::make_shared<const WorkloadView>(workload)};
    sight.containers = ScaledContainers(scaled, workload.containers);
    const auto note = [&](std::string_view what, const std::string& why, std::string remedy) {
      ++noted_;
      findings_.Note(check, fmt::format("{}: {}", what, why), std::move(remedy));
    };
    if (const std::string why = WhySizeIsFixed(scaled, sight); !why.empty()) {
      note("replicas only", why, Remedy(workload));
    } else if (pinning_ > 0 && IsGuaranteed(workload)) {
      note("replicas only where a node's CPU manager is static", "its pods are Guaranteed", "");
    }
    if (const std::string why = WhyReplicasAreFixed(scaled, sight); !why.empty()) {
      note("size only", why, "");
    }
  }

  ApiClient& client_;
  Findings findings_{"workloads"};
  int seen_ = 0;
  int noted_ = 0;
  int pinning_ = 0;
};

}  // namespace

std::vector<Finding> ExamineWorkloads(ApiClient& client, const std::string& name_space) {
  return WorkloadDoctor(client).Examine(name_space);
}

}  // namespace trimtab
