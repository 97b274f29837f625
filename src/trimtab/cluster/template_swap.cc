#include "trimtab/cluster/template_swap.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "fmt/format.h"
#include "trimtab/cluster/pod_size.h"
#include "trimtab/kubernetes/json_view.h"
#include "trimtab/kubernetes/resource_type.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

using Json = nlohmann::json;

std::string MarkerOf(std::string_view replica_set, const std::vector<PodContainer>& containers,
                     const WorkloadSight& sight, LimitsRule rule) {
  const ContainerConfig size = SizeOf(containers, sight.containers, rule);
  return fmt::format("{} {} {}", replica_set, FormatCpu(size.cpu), FormatMemory(size.memory));
}

Json AmountsJson(const ResourceAmounts& amounts) {
  Json json = Json::object();
  if (amounts.cpu) json["cpu"] = FormatCpu(*amounts.cpu);
  if (amounts.memory) json["memory"] = FormatMemory(*amounts.memory);
  return json;
}

// A strategic merge: containers are found by name.
Json TemplatePatch(const std::vector<PodSize>& sizes) {
  Json containers = Json::array();
  for (const PodSize& size : sizes) {
    containers.push_back(
        {{"name", size.container},
         {"resources",
          {{"requests", AmountsJson(size.requests)}, {"limits", AmountsJson(size.limits)}}}});
  }
  return {{"spec", {{"template", {{"spec", {{"containers", containers}}}}}}}};
}

const WorkloadView* OnlyReplicaSet(const WorkloadSight& sight) {
  const WorkloadView* only = nullptr;
  for (const PodSight& pod : sight.pods) {
    if (pod.replica_set == nullptr) return nullptr;
    if (only != nullptr && only->meta.uid != pod.replica_set->meta.uid) return nullptr;
    only = pod.replica_set.get();
  }
  return only;
}

std::string PathOf(const ResourceType& type, const ObjectMeta& meta) {
  return ResourcePath(type, meta.name_space, meta.name);
}

// The template of `deployment` as `read` has it; resumed, and without the marker.
absl::Status Resume(ApiClient& client, const WorkloadView& read, Json patch) {
  patch["metadata"] = {{"resourceVersion", read.meta.resource_version},
                       {"annotations", {{std::string(kSwapMarker), nullptr}}}};
  patch["spec"]["paused"] = nullptr;
  return client.Patch(PathOf(kDeployments, read.meta), PatchType::kStrategicMerge, patch).status();
}

absl::StatusOr<WorkloadView> ReadFresh(ApiClient& client, const ResourceType& type,
                                       const ObjectMeta& meta) {
  const auto object = client.Get(PathOf(type, meta));
  if (!object.ok()) return object.status();
  return ReadWorkload(*object);
}

}  // namespace

bool CanSwapTemplate(const WorkloadSight& sight) {
  const WorkloadView& workload = *sight.workload;
  return workload.kind == "Deployment" && !workload.is_paused && !workload.IsRollingOut() &&
         workload.updated_replicas == workload.replicas && OnlyReplicaSet(sight) != nullptr;
}

absl::Status SwapTemplate(ApiClient& client, const ClusterWatch& watch, const TemplateSwap& swap,
                          Duration patience) {
  const WorkloadView& workload = *swap.sight.workload;
  const WorkloadView& replica_set = *OnlyReplicaSet(swap.sight);
  const Json pause = {
      {"metadata",
       {{"resourceVersion", workload.meta.resource_version},
        {"annotations",
         {{std::string(kSwapMarker),
           MarkerOf(replica_set.meta.name, workload.containers, swap.sight, swap.rule)}}}}},
      {"spec", {{"paused", true}}}};
  const auto paused = client.Patch(PathOf(kDeployments, workload.meta), PatchType::kMerge, pause);
  if (!paused.ok()) return paused.status();
  const std::int64_t generation = IntegerAt(*paused, {"metadata", "generation"}).value_or(0);
  const bool is_seen = watch.Await(
      [&] {
        const auto read = watch.FindDeployment(workload.meta.name_space, workload.meta.name);
        return read == nullptr || read->observed_generation >= generation;
      },
      patience);
  if (!is_seen) {
    ResumeSwap(client, swap.sight, swap.rule).IgnoreError();
    return absl::UnavailableError(
        fmt::format("Deployment '{}/{}': its controller has not seen "
                    "within {} that it is paused",
                    workload.meta.name_space, workload.meta.name, FormatDuration(patience)));
  }
  const absl::Status written = client
                                   .Patch(PathOf(kReplicaSets, replica_set.meta),
                                          PatchType::kStrategicMerge, TemplatePatch(swap.sizes))
                                   .status();
  const absl::Status resumed = ResumeSwap(client, swap.sight, swap.rule);
  return written.ok() ? resumed : written;
}

absl::Status ResumeSwap(ApiClient& client, const WorkloadSight& sight, LimitsRule rule) {
  absl::Status last;
  for (int attempt = 0; attempt < 4; ++attempt) {
    const auto read = ReadFresh(client, kDeployments, sight.workload->meta);
    if (!read.ok()) return read.status();
    const auto marker = read->meta.annotations.find(std::string(kSwapMarker));
    if (marker == read->meta.annotations.end()) return absl::OkStatus();
    ObjectMeta of_set = read->meta;
    of_set.name = marker->second.substr(0, marker->second.find(' '));
    const auto replica_set = ReadFresh(client, kReplicaSets, of_set);
    if (!replica_set.ok() && !absl::IsNotFound(replica_set.status())) return replica_set.status();
    const bool is_untouched =
        marker->second == MarkerOf(of_set.name, read->containers, sight, rule);
    std::vector<PodSize> sizes;
    if (replica_set.ok() && is_untouched) {
      for (const PodContainer& container : replica_set->containers) {
        if (std::ranges::find(sight.containers, container.name) == sight.containers.end()) continue;
        sizes.push_back({.container = container.name,
                         .requests = container.requests,
                         .limits = container.limits});
      }
    }
    last = Resume(client, *read, sizes.empty() ? Json::object() : TemplatePatch(sizes));
    if (!absl::IsAborted(last)) return last;
  }
  return last;
}

}  // namespace trimtab
