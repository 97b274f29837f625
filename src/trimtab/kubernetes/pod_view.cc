#include "trimtab/kubernetes/pod_view.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/kubernetes/json_view.h"
#include "trimtab/kubernetes/timestamp.h"

namespace trimtab {
namespace {

using Json = nlohmann::json;

bool Restarts(const Json& container, std::string_view resource) {
  const Json& policies = ArrayAt(container, {"resizePolicy"});
  return std::any_of(policies.begin(), policies.end(), [&](const Json& policy) {
    return TextAt(policy, {"resourceName"}) == resource &&
           TextAt(policy, {"restartPolicy"}) == "RestartContainer";
  });
}

absl::Status ReadStatuses(const Json& pod, std::string_view list, PodView& view) {
  for (const Json& status : ArrayAt(pod, {"status", list})) {
    const std::string name = TextAt(status, {"name"});
    const std::string field = fmt::format("status.{}[{}]", list, name);
    const Json* resources = ValueAt(status, {"resources"});
    auto requests =
        ReadAmounts(ObjectAt(status, {"resources", "requests"}), field + ".resources.requests");
    auto limits =
        ReadAmounts(ObjectAt(status, {"resources", "limits"}), field + ".resources.limits");
    auto allocated =
        ReadAmounts(ObjectAt(status, {"allocatedResources"}), field + ".allocatedResources");
    for (const auto* amounts : {&requests, &limits, &allocated}) {
      if (!amounts->ok()) return amounts->status();
    }
    view.statuses.push_back(
        {.name = name,
         .is_ready = FlagAt(status, {"ready"}),
         .restarts = IntegerAt(status, {"restartCount"}).value_or(0),
         .waiting_reason = TextAt(status, {"state", "waiting", "reason"}),
         .last_end_reason = TextAt(status, {"lastState", "terminated", "reason"}),
         .has_resources = resources != nullptr && resources->is_object() && !resources->empty(),
         .requests = *requests,
         .limits = *limits,
         .allocated = *allocated});
  }
  return absl::OkStatus();
}

// Whether the status shows what the spec asks for, of what the spec asks for at all.
bool IsInForce(const PodContainer& wanted, const PodContainerStatus* status) {
  if (status == nullptr || !status->has_resources) return true;
  const auto same = [](const auto& asked, const auto& shown) { return !asked || asked == shown; };
  return same(wanted.requests.cpu, status->requests.cpu) &&
         same(wanted.requests.memory, status->requests.memory) &&
         same(wanted.limits.cpu, status->limits.cpu) &&
         same(wanted.limits.memory, status->limits.memory);
}

}  // namespace

absl::StatusOr<std::vector<PodContainer>> ReadContainers(const Json& spec, std::string_view list) {
  std::vector<PodContainer> containers;
  std::set<std::string> names;
  for (const Json& container : ArrayAt(spec, {list})) {
    std::string name = TextAt(container, {"name"});
    const std::string field = fmt::format("spec.{}[{}]", list, name);
    if (name.empty()) {
      return absl::InvalidArgumentError(fmt::format("{}.name: is missing", field));
    }
    if (!names.insert(name).second) {
      return absl::InvalidArgumentError(fmt::format("{}.name: stands already in the list", field));
    }
    auto requests =
        ReadAmounts(ObjectAt(container, {"resources", "requests"}), field + ".resources.requests");
    if (!requests.ok()) return requests.status();
    auto limits =
        ReadAmounts(ObjectAt(container, {"resources", "limits"}), field + ".resources.limits");
    if (!limits.ok()) return limits.status();
    containers.push_back({.name = std::move(name),
                          .requests = *requests,
                          .limits = *limits,
                          .cpu_restarts = Restarts(container, "cpu"),
                          .memory_restarts = Restarts(container, "memory"),
                          .is_sidecar = TextAt(container, {"restartPolicy"}) == "Always",
                          .resources_text = DumpJson(ObjectAt(container, {"resources"}))});
  }
  return containers;
}

absl::StatusOr<PodView> ReadPod(const Json& pod) {
  auto meta = ReadObjectMeta(pod);
  if (!meta.ok()) return meta.status();
  auto containers = ReadContainers(ObjectAt(pod, {"spec"}), "containers");
  if (!containers.ok()) return containers.status();
  if (containers->empty()) return absl::InvalidArgumentError("spec.containers: is empty");
  auto init_containers = ReadContainers(ObjectAt(pod, {"spec"}), "initContainers");
  if (!init_containers.ok()) return init_containers.status();
  PodView view{.meta = *std::move(meta),
               .node = TextAt(pod, {"spec", "nodeName"}),
               .phase = TextAt(pod, {"status", "phase"}),
               .qos_class = TextAt(pod, {"status", "qosClass"}),
               .os = TextAt(pod, {"spec", "os", "name"}),
               .containers = *std::move(containers),
               .init_containers = *std::move(init_containers),
               .statuses = {},
               .conditions = ReadConditions(pod),
               .observed_generation = IntegerAt(pod, {"status", "observedGeneration"}).value_or(0)};
  for (const Json& entry : ArrayAt(pod, {"metadata", "managedFields"})) {
    if (TextAt(entry, {"subresource"}) == "resize") {
      view.resized_by.push_back(TextAt(entry, {"manager"}));
    }
  }
  for (const char* list : {"containerStatuses", "initContainerStatuses"}) {
    if (absl::Status status = ReadStatuses(pod, list, view); !status.ok()) return status;
  }
  if (const std::string started = TextAt(pod, {"status", "startTime"}); !started.empty()) {
    const auto instant = ParseTimestamp(started);
    if (!instant.ok()) return instant.status();
    view.started = *instant;
  }
  return view;
}

bool PodView::IsReady() const {
  const ObjectCondition* ready = FindCondition(conditions, "Ready");
  return ready != nullptr && ready->IsTrue() && !meta.is_terminating;
}

bool PodView::IsUnschedulable() const {
  const ObjectCondition* scheduled = FindCondition(conditions, "PodScheduled");
  return scheduled != nullptr && scheduled->status == "False" &&
         scheduled->reason == "Unschedulable";
}

const PodContainerStatus* PodView::StatusOf(std::string_view container) const {
  const auto found =
      std::find_if(statuses.begin(), statuses.end(),
                   [&](const PodContainerStatus& status) { return status.name == container; });
  return found == statuses.end() ? nullptr : &*found;
}

ResizeState PodView::Resize() const {
  const ObjectCondition* pending = FindCondition(conditions, "PodResizePending");
  if (pending != nullptr && pending->status != "False") {
    return pending->reason == "Infeasible" ? ResizeState::kInfeasible : ResizeState::kDeferred;
  }
  const ObjectCondition* progress = FindCondition(conditions, "PodResizeInProgress");
  if (progress != nullptr && progress->status != "False") {
    return progress->reason == "Error" ? ResizeState::kFailed : ResizeState::kInProgress;
  }
  if (node.empty() || statuses.empty()) return ResizeState::kDone;
  if (observed_generation > 0 && observed_generation < meta.generation) return ResizeState::kUnseen;
  const auto in_force = [this](const PodContainer& container) {
    return IsInForce(container, StatusOf(container.name));
  };
  const bool done =
      std::all_of(containers.begin(), containers.end(), in_force) &&
      std::all_of(init_containers.begin(), init_containers.end(),
                  [&](const PodContainer& init) { return !init.is_sidecar || in_force(init); });
  return done ? ResizeState::kDone : ResizeState::kInProgress;
}

std::string_view ToText(ResizeState state) {
  switch (state) {
    case ResizeState::kDone:
      return "Done";
    case ResizeState::kUnseen:
      return "Unseen";
    case ResizeState::kInProgress:
      return "InProgress";
    case ResizeState::kDeferred:
      return "Deferred";
    case ResizeState::kInfeasible:
      return "Infeasible";
    case ResizeState::kFailed:
      return "Failed";
  }
  return "";
}

}  // namespace trimtab
