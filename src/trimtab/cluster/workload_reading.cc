#include "trimtab/cluster/workload_reading.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "fmt/format.h"
#include "trimtab/cluster/fixed_allocation.h"
#include "trimtab/cluster/pod_size.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

ContainerConfig Larger(const ContainerConfig& a, const ContainerConfig& b) {
  return {.cpu = std::max(a.cpu, b.cpu), .memory = std::max(a.memory, b.memory)};
}

std::string Text(const ContainerConfig& size) {
  return fmt::format("{} and {}", FormatCpu(size.cpu), FormatMemory(size.memory));
}

bool SameResources(const WorkloadView& a, const WorkloadView& b,
                   const std::vector<std::string>& names) {
  return std::ranges::all_of(names, [&](const std::string& name) {
    const auto in_a = std::ranges::find(a.containers, name, &PodContainer::name);
    const auto in_b = std::ranges::find(b.containers, name, &PodContainer::name);
    return in_a != a.containers.end() && in_b != b.containers.end() &&
           in_a->requests == in_b->requests && in_a->limits == in_b->limits;
  });
}

// Whether the pod was made from the template as it is now.
bool IsOfTemplate(const WorkloadSight& sight, const PodSight& pod) {
  if (pod.replica_set == nullptr) return !sight.workload->IsRollingOut();
  return SameResources(*pod.replica_set, *sight.workload, sight.containers);
}

bool IsResizedByOthers(const PodView& pod, std::string_view field_manager) {
  return std::ranges::any_of(pod.resized_by,
                             [&](const std::string& manager) { return manager != field_manager; });
}

class Reader {
 public:
  Reader(const ScaledWorkload& scaled, const WorkloadSight& sight, const StuckResizes& stuck,
         std::string_view field_manager)
      : scaled_(scaled),
        sight_(sight),
        workload_(*sight.workload),
        stuck_(stuck),
        field_manager_(field_manager),
        is_sized_(WhySizeIsFixed(scaled, sight).empty()) {}

  WorkloadReading Read(const std::vector<PodSize>& book) {
    reading_.state.desired.replicas = static_cast<int>(workload_.replicas);
    reading_.state.desired.container = Desired(book);
    Count();
    if (!reading_.state.Effective() || !reading_.conflict.empty()) {
      reading_.state.reason = Reason();
    }
    return std::move(reading_);
  }

 private:
  LimitsRule rule() const { return scaled_.vertical.limits; }
  ContainerConfig Asked(const PodSight& pod) const {
    return SizeOf(pod.pod->containers, sight_.containers, rule());
  }

  ContainerConfig Desired(const std::vector<PodSize>& book) {
    const ContainerConfig of_template = SizeOf(workload_.containers, sight_.containers, rule());
    if (!is_sized_) {
      return std::ranges::any_of(sight_.pods, IsLive) ? LargestOfPods() : of_template;
    }
    reading_.sizes = ValidSizes(book, workload_, sight_.containers);
    reading_.is_in_book = !reading_.sizes.empty();
    if (!reading_.is_in_book) FindOnPods(of_template);
    ContainerConfig desired = reading_.sizes.empty() ? of_template : SizeOf(reading_.sizes, rule());
    const ContainerConfig ours = desired;
    for (const PodSight& pod : sight_.pods) {
      if (!IsLive(pod) || !IsResizedByOthers(*pod.pod, field_manager_)) continue;
      if (Asked(pod) == ours) continue;
      if (reading_.conflict.empty()) reading_.conflict = pod.pod->meta.name;
      desired = Larger(desired, Asked(pod));
    }
    return desired;
  }

  ContainerConfig LargestOfPods() const {
    ContainerConfig largest;
    for (const PodSight& pod : sight_.pods) {
      if (IsLive(pod)) largest = Larger(largest, Asked(pod));
    }
    return largest;
  }

  // Sizes that are in no book, from pods that have them.
  void FindOnPods(const ContainerConfig& of_template) {
    ContainerConfig largest;
    bool is_found = false;
    for (const PodSight& pod : sight_.pods) {
      const bool counts =
          IsLive(pod) && IsOfTemplate(sight_, pod) && !IsResizedByOthers(*pod.pod, field_manager_);
      if (!counts) continue;
      is_found = is_found || Asked(pod) != of_template;
      largest = Larger(largest, Asked(pod));
    }
    if (!is_found) return;
    auto sizes = SplitSize(workload_, sight_.containers, largest, rule());
    if (sizes.ok()) reading_.sizes = *std::move(sizes);
  }

  bool IsResizing(const PodSight& pod) const {
    if (!is_sized_) return false;
    return pod.limits != reading_.state.desired.container ||
           Asked(pod) != reading_.state.desired.container ||
           pod.pod->Resize() != ResizeState::kDone;
  }

  void Count() {
    MicroserviceState& state = reading_.state;
    int live = 0;
    for (const PodSight& pod : sight_.pods) {
      if (!IsLive(pod)) {
        ++state.draining;
        continue;
      }
      ++live;
      ++(pod.ready ? state.ready : state.pending);
      state.resizing += IsResizing(pod) ? 1 : 0;
    }
    missing_ = std::max(0, state.desired.replicas - live);
    state.pending += missing_;
    // A scale-down that has been accepted and not carried out yet.
    state.pending -= std::min(std::max(0, live - state.desired.replicas), state.pending);
  }

  std::string Reason() const {
    if (!reading_.conflict.empty()) {
      return fmt::format("FieldConflict: pod '{}' was resized by somebody else", reading_.conflict);
    }
    if (const ObjectCondition* failure = workload_.ReplicaFailure(); failure != nullptr) {
      return fmt::format("{}: {}", RefusalReason(failure->message, "FailedCreate"),
                         failure->message);
    }
    for (const auto of_pod : {&Reader::StartReason, &Reader::ResizeReason}) {
      for (const PodSight& pod : sight_.pods) {
        if (!IsLive(pod)) continue;
        if (std::string reason = (this->*of_pod)(pod); !reason.empty()) return reason;
      }
    }
    if (workload_.IsRollingOut())
      return "RolloutInProgress: pods of an older template are replaced";
    if (missing_ > 0) return fmt::format("Creating: {} pods do not exist yet", missing_);
    if (reading_.state.pending > 0) {
      return fmt::format("NotReady: {} pods are not ready", reading_.state.pending);
    }
    return fmt::format("Draining: {} pods are going", reading_.state.draining);
  }

  std::string StartReason(const PodSight& pod) const {
    const PodView& view = *pod.pod;
    if (view.IsUnschedulable()) {
      const std::string& why = FindCondition(view.conditions, "PodScheduled")->message;
      const bool is_full = why.find("Insufficient") != std::string::npos;
      return fmt::format("{}: pod '{}': {}", is_full ? "NodeCapacity" : "Unschedulable",
                         view.meta.name, why);
    }
    for (const PodContainerStatus& status : view.statuses) {
      const std::string where = fmt::format("pod '{}', container '{}', {} restarts", view.meta.name,
                                            status.name, status.restarts);
      if (status.waiting_reason == "CrashLoopBackOff") {
        const bool is_oom = status.last_end_reason == "OOMKilled";
        return fmt::format("{}: {}", is_oom ? "OOMKilled" : "CrashLooping", where);
      }
      if (status.waiting_reason == "ImagePullBackOff" || status.waiting_reason == "ErrImagePull") {
        return fmt::format("ImagePull: {}", where);
      }
    }
    return "";
  }

  std::string ResizeReason(const PodSight& pod) const {
    if (!IsResizing(pod)) return "";
    const PodView& view = *pod.pod;
    const auto stuck = stuck_.find(view.meta.uid);
    if (stuck != stuck_.end() && stuck->second.wanted == reading_.state.desired.container) {
      return stuck->second.reason;
    }
    const std::string where =
        fmt::format("pod '{}' on node '{}' has {} and is to have {}", view.meta.name, view.node,
                    Text(pod.limits), Text(reading_.state.desired.container));
    const bool is_old_node =
        std::ranges::any_of(view.statuses, [](const auto& each) { return !each.has_resources; });
    switch (view.Resize()) {
      case ResizeState::kInfeasible:
        return "ResizeInfeasible: " + where;
      case ResizeState::kDeferred:
        return "ResizeDeferred: " + where;
      case ResizeState::kFailed:
        return "ResizeFailed: " + where;
      case ResizeState::kUnseen:
      case ResizeState::kInProgress:
      case ResizeState::kDone:
        break;
    }
    return (is_old_node ? "ResizeUnsupported: " : "Resizing: ") + where;
  }

  const ScaledWorkload& scaled_;
  const WorkloadSight& sight_;
  const WorkloadView& workload_;
  const StuckResizes& stuck_;
  const std::string_view field_manager_;
  const bool is_sized_;
  int missing_ = 0;
  WorkloadReading reading_;
};

}  // namespace

WorkloadReading ReadSight(const ScaledWorkload& scaled, const WorkloadSight& sight,
                          const std::vector<PodSize>& book, const StuckResizes& stuck,
                          std::string_view field_manager) {
  if (sight.workload == nullptr) {
    WorkloadReading none;
    none.state.desired.replicas = 0;
    none.state.reason =
        fmt::format("NotFound: {} '{}' does not exist", scaled.target.kind, scaled.target.name);
    return none;
  }
  return Reader(scaled, sight, stuck, field_manager).Read(book);
}

bool IsLive(const PodSight& pod) { return !pod.pod->meta.is_terminating; }

std::string_view RefusalReason(std::string_view message, std::string_view otherwise) {
  const auto says = [&](std::string_view words) {
    return message.find(words) != std::string_view::npos;
  };
  if (says("exceeded quota") || says("failed quota")) return "Quota";
  if (says("NodeCapacity") || says("enough allocatable")) return "NodeCapacity";
  if (says("usage per Container") || says("usage per Pod") || says("limit to request ratio")) {
    return "LimitRange";
  }
  return otherwise;
}

}  // namespace trimtab
