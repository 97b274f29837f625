// What a cluster needs between two changes: latecomers, lost sizes and time-outs.
#include <algorithm>
#include <charconv>
#include <utility>

#include "fmt/format.h"
#include "trimtab/cluster/cluster_actuator.h"
#include "trimtab/cluster/fixed_allocation.h"
#include "trimtab/cluster/pod_size.h"
#include "trimtab/cluster/template_swap.h"
#include "trimtab/kubernetes/workload_writes.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

// The number at the end of the name of a StatefulSet's pod; none for others.
std::optional<int> OrdinalOf(const PodView& pod) {
  const std::string& name = pod.meta.name;
  const std::size_t dash = name.rfind('-');
  if (dash == std::string::npos) return std::nullopt;
  int ordinal = 0;
  const char* end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data() + dash + 1, end, ordinal);
  if (error != std::errc() || stop != end) return std::nullopt;
  return ordinal;
}

// The fewest replicas that leave every Ready pod: a ReplicaSet removes pods that are not ready
// first, a StatefulSet those with the highest ordinals. None: not known which would go.
std::optional<int> FewestWithAllReady(const WorkloadSight& sight) {
  int fewest = 0;
  for (const PodSight& pod : sight.pods) {
    if (!pod.ready) continue;
    if (sight.workload->kind == "StatefulSet") {
      const auto ordinal = OrdinalOf(*pod.pod);
      if (!ordinal) return std::nullopt;
      fewest = std::max(fewest, *ordinal + 1);
    } else if (pod.replica_set != nullptr) {
      ++fewest;
    } else {
      return std::nullopt;
    }
  }
  return fewest;
}

}  // namespace

absl::Status ClusterActuator::Tend() {
  if (absl::Status health = watch_.Health(); !health.ok()) return health;
  // Otherwise pods would be brought to sizes that were given up.
  if (absl::Status paid = PutOwedSizes(); !paid.ok()) return paid;
  const ApplicationView view = watch_.View(scaler_);
  absl::Status first;
  int resizes_left = options_.most_resizes;
  for (std::size_t i = 0; i < view.workloads.size(); ++i) {
    if (view.workloads[i].workload == nullptr) continue;
    first.Update(TendWorkload(i, view, resizes_left));
  }
  const Instant now = clock_.Now();
  std::erase_if(stuck_, [&](const auto& entry) { return entry.second.until <= now; });
  std::erase_if(resizing_since_, [&](const auto& entry) {
    return std::ranges::none_of(view.workloads, [&](const WorkloadSight& sight) {
      return std::ranges::any_of(
          sight.pods, [&](const PodSight& pod) { return pod.pod->meta.uid == entry.first; });
    });
  });
  return first;
}

absl::Status ClusterActuator::TendWorkload(std::size_t index, const ApplicationView& view,
                                           int& resizes_left) {
  Subject subject = Look(index, view);
  auto object = kinds_.Find(scaler_.meta.name_space, scaler_.workloads[index].target);
  if (!object.ok()) return object.status();
  subject.object = *std::move(object);
  absl::Status first = TakeBackReplicas(subject);
  const WorkloadView& workload = *subject.sight.workload;
  if (workload.is_paused && workload.meta.annotations.contains(std::string(kSwapMarker))) {
    first.Update(ResumeSwap(client_, subject.sight, scaler_.workloads[index].vertical.limits));
    return first;
  }
  const WorkloadReading& reading = subject.reading;
  const bool is_settled = reading.conflict.empty() && !subject.sight.workload->IsRollingOut();
  if (!WhySizeIsFixed(scaler_.workloads[index], subject.sight).empty()) {
    first.Update(TendPinned(subject));
    return first;
  }
  if (reading.sizes.empty() || !is_settled) return first;
  if (!reading.is_in_book) {
    if (absl::Status put = PutSizes(subject, reading.sizes); !put.ok()) {
      first.Update(put);
      return first;
    }
  }
  for (const PodSight& pod : subject.sight.pods) {
    if (IsLive(pod)) first.Update(TendPod(subject, pod, resizes_left));
  }
  first.Update(TendTemplate(subject));
  return first;
}

absl::Status ClusterActuator::TendTemplate(const Subject& subject) {
  const VerticalBounds& vertical = scaler_.workloads[subject.index].vertical;
  const WorkloadReading& reading = subject.reading;
  const bool is_due = vertical.apply == VerticalApply::kTemplate && reading.is_in_book &&
                      reading.state.Effective() && CanSwapTemplate(subject.sight);
  if (!is_due || options_.write.dry_run) {
    settled_since_.erase(subject.index);
    return absl::OkStatus();
  }
  const Instant now = clock_.Now();
  const Instant since = settled_since_.try_emplace(subject.index, now).first->second;
  if (now - since < options_.template_delay) return absl::OkStatus();
  settled_since_.erase(subject.index);
  const TemplateSwap swap{.sight = subject.sight, .rule = vertical.limits, .sizes = reading.sizes};
  if (absl::Status swapped = SwapTemplate(client_, watch_, swap, options_.patience);
      !swapped.ok()) {
    return absl::IsAborted(swapped) ? absl::OkStatus() : swapped;
  }
  // The template has the size now, and the entries were of another template.
  return PutSizes(subject, {});
}

absl::Status ClusterActuator::TendPod(const Subject& subject, const PodSight& pod,
                                      int& resizes_left) {
  const PodView& view = *pod.pod;
  const std::string& uid = view.meta.uid;
  const Instant now = clock_.Now();
  const ContainerConfig wanted = subject.reading.state.desired.container;
  const auto give_up = [&](std::string reason) {
    resizing_since_.erase(uid);
    stuck_[uid] = {
        .wanted = wanted, .reason = std::move(reason), .until = now + options_.resize_pause};
  };
  const std::vector<ContainerResize> to = ResizesTo(view, subject.reading.sizes);
  if (!to.empty()) {
    const auto stuck = stuck_.find(uid);
    if (stuck != stuck_.end() && stuck->second.wanted == wanted) return absl::OkStatus();
    const auto in_use = options_.memory_in_use
                            ? options_.memory_in_use(MicroserviceId(subject.index))
                            : std::nullopt;
    const bool is_too_little =
        in_use && wanted.memory < pod.limits.memory && wanted.memory < *in_use;
    if (resizes_left <= 0 || is_too_little) return absl::OkStatus();
    --resizes_left;
    const auto resized = ResizeOne(view, to);
    if (resized.ok() || absl::IsNotFound(resized.status())) return absl::OkStatus();
    if (absl::IsInvalidArgument(resized.status())) {
      give_up(std::string(resized.status().message()));
    }
    return resized.status();
  }
  const ResizeState state = view.Resize();
  if (state == ResizeState::kDone) {
    resizing_since_.erase(uid);
    return absl::OkStatus();
  }
  const Instant since = resizing_since_.try_emplace(uid, now).first->second;
  const bool is_deferred = state == ResizeState::kDeferred;
  const Duration longest = state == ResizeState::kInfeasible ? Duration(0)
                           : is_deferred                     ? options_.longest_deferral
                                                             : options_.longest_resize;
  if (now - since < longest) return absl::OkStatus();
  const auto taken_back = ResizeOne(view, ResizesBack(view, subject.sight.containers));
  if (!taken_back.ok()) return taken_back.status();
  const std::string_view reason = state == ResizeState::kInfeasible ? "ResizeInfeasible"
                                  : is_deferred                     ? "ResizeDeferred"
                                                                    : "ResizeTimedOut";
  give_up(fmt::format("{}: pod '{}' on node '{}': taken back after {}", reason, view.meta.name,
                      view.node, FormatDuration(now - since)));
  return absl::OkStatus();
}

absl::Status ClusterActuator::TendPinned(const Subject& subject) {
  const WorkloadView& workload = *subject.sight.workload;
  absl::Status first;
  bool is_pinned = false;
  bool is_back = true;
  for (const PodSight& pod : subject.sight.pods) {
    if (!IsLive(pod) || !pod.is_pinned) continue;
    is_pinned = true;
    if (pod.pod->Resize() == ResizeState::kDone) continue;
    is_back = false;
    const auto resizes = ResizesBack(*pod.pod, subject.sight.containers);
    if (!resizes.empty()) first.Update(ResizeOne(*pod.pod, resizes).status());
  }
  const std::vector<PodSize> book = ValidSizes(book_.Sizes(), workload, subject.sight.containers);
  const LimitsRule rule = scaler_.workloads[subject.index].vertical.limits;
  const ContainerConfig& largest = subject.reading.state.desired.container;
  if (!is_pinned || !is_back || book.empty() || SizeOf(book, rule) == largest) return first;
  const auto sizes = SplitSize(workload, subject.sight.containers, largest, rule);
  first.Update(sizes.ok() ? PutSizes(subject, *sizes) : sizes.status());
  return first;
}

std::optional<int> ClusterActuator::ReplicasInTime(const Subject& subject) const {
  const auto fewest = FewestWithAllReady(subject.sight);
  if (!fewest) return std::nullopt;
  const Instant too_old = clock_.Now() - scaler_.provisioning_timeout;
  const auto raise = raises_.find(subject.index);
  if (raise != raises_.end() && raise->second.at <= too_old) {
    return std::max({raise->second.from, *fewest, 1});
  }
  const WorkloadView& workload = *subject.sight.workload;
  if (workload.replicas_holder.manager != client_.options().field_manager) return std::nullopt;
  // The API server cuts its times to whole seconds.
  const Instant created_before = too_old - std::chrono::seconds(1);
  const auto overdue = std::ranges::count_if(subject.sight.pods, [&](const PodSight& pod) {
    return IsLive(pod) && pod.pod->node.empty() && pod.pod->IsUnschedulable() &&
           pod.pod->meta.created && *pod.pod->meta.created <= created_before;
  });
  if (overdue == 0) return std::nullopt;
  const int in_time = subject.reading.state.desired.replicas - static_cast<int>(overdue);
  return std::max({in_time, *fewest, scaler_.workloads[subject.index].horizontal.fewest});
}

absl::Status ClusterActuator::TakeBackReplicas(const Subject& subject) {
  const MicroserviceState& state = subject.reading.state;
  if (state.pending == 0 || subject.sight.workload->IsRollingOut()) return absl::OkStatus();
  const std::optional<int> in_time = ReplicasInTime(subject);
  if (!in_time || *in_time >= state.desired.replicas) return absl::OkStatus();
  const int to = *in_time;
  // With the version that the watch has: a pod that became ready since then has moved it on.
  const absl::Status scaled =
      SetReplicas(client_, subject.object, to, subject.sight.workload->meta.resource_version,
                  options_.write)
          .status();
  if (!scaled.ok()) return absl::IsAborted(scaled) ? absl::OkStatus() : scaled;
  AwaitReplicas(subject.index, to);
  given_up_[subject.index] =
      fmt::format("ProvisioningTimedOut: {} of {} pods were not ready within {}: {}",
                  state.desired.replicas - to, state.desired.replicas,
                  FormatDuration(scaler_.provisioning_timeout), state.reason);
  raises_.erase(subject.index);
  return absl::OkStatus();
}

}  // namespace trimtab
