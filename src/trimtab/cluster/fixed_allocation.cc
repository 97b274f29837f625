#include "trimtab/cluster/fixed_allocation.h"

#include <algorithm>
#include <string_view>

#include "fmt/format.h"
#include "trimtab/cluster/pod_size.h"

namespace trimtab {

std::string WhyReplicasAreFixed(const ScaledWorkload& scaled, const WorkloadSight& sight) {
  if (scaled.horizontal.enabled) {
    return *scaled.horizontal.enabled ? "" : "horizontal.enabled is false";
  }
  if (sight.workload->kind == "StatefulSet") {
    return "a StatefulSet scales only where horizontal.enabled is true";
  }
  if (sight.workload->has_volume_claims) {
    return "a workload with volume claims scales only where horizontal.enabled is true";
  }
  return "";
}

std::string WhySizeIsFixed(const ScaledWorkload& scaled, const WorkloadSight& sight) {
  if (scaled.vertical.apply == VerticalApply::kOff) return "vertical.apply is Off";
  if (sight.workload->containers.empty()) return "its kind has no pod template";
  if (sight.containers.empty()) return "none of its containers scales";
  for (const std::string& name : sight.containers) {
    const auto container = std::ranges::find(sight.workload->containers, name, &PodContainer::name);
    if (container == sight.workload->containers.end()) continue;
    const ResourceAmounts requests = DefaultedRequests(*container);
    if (!requests.cpu || !requests.memory) {
      return fmt::format("container '{}' has neither request nor limit for {}", name,
                         requests.cpu ? "memory" : "CPU");
    }
  }
  for (const PodSight& pod : sight.pods) {
    if (!pod.is_pinned) continue;
    return fmt::format("node '{}' resizes no Guaranteed pods: its CPU or memory manager is static",
                       pod.pod->node);
  }
  const bool is_windows =
      std::ranges::any_of(sight.pods, [](const PodSight& pod) { return pod.pod->os == "windows"; });
  return is_windows ? "pods on Windows cannot be resized" : "";
}

namespace {

std::string WhyTemplateStays(const ScaledWorkload& scaled, const WorkloadSight& sight) {
  if (scaled.vertical.apply != VerticalApply::kTemplate) return "";
  if (sight.workload->kind == "Deployment") return "";
  if (sight.workload->kind != "StatefulSet") return "only a Deployment's can be swapped";
  return "a StatefulSet would replace its pods, or count them as outdated for ever";
}

std::vector<std::string> NotesOn(const ScaledWorkload& scaled, const WorkloadSight& sight) {
  std::vector<std::string> notes;
  const auto add = [&notes](std::string_view what, const std::string& why) {
    if (!why.empty()) notes.push_back(fmt::format("{}: {}", what, why));
  };
  add("replicas stay", WhyReplicasAreFixed(scaled, sight));
  const std::string why_size = WhySizeIsFixed(scaled, sight);
  add("size stays", why_size);
  if (why_size.empty()) add("template stays, pods are resized", WhyTemplateStays(scaled, sight));
  return notes;
}

}  // namespace

std::vector<FixedAllocation> FixedAllocations(const AppScaler& scaler, const ApplicationView& view,
                                              const std::vector<MicroserviceState>& states) {
  std::vector<FixedAllocation> fixed(scaler.workloads.size());
  for (std::size_t i = 0; i < fixed.size(); ++i) {
    const WorkloadSight& sight = view.workloads[i];
    const MicroserviceAllocation& desired = states[i].desired;
    if (sight.workload != nullptr) fixed[i].notes = NotesOn(scaler.workloads[i], sight);
    const bool is_absent = sight.workload == nullptr || desired.replicas == 0;
    if (is_absent || !WhyReplicasAreFixed(scaler.workloads[i], sight).empty()) {
      fixed[i].replicas = desired.replicas;
    }
    if (is_absent || !WhySizeIsFixed(scaler.workloads[i], sight).empty()) {
      fixed[i].container = desired.container;
    }
  }
  return fixed;
}

}  // namespace trimtab
