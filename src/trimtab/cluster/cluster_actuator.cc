#include "trimtab/cluster/cluster_actuator.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "fmt/format.h"
#include "trimtab/cluster/fixed_allocation.h"
#include "trimtab/cluster/pod_size.h"
#include "trimtab/cluster/rivals.h"
#include "trimtab/kubernetes/api_failure.h"
#include "trimtab/kubernetes/workload_writes.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

// Attempts of one scale while other fields of the object change under it.
constexpr int kScaleAttempts = 4;

std::string Text(const MicroserviceAllocation& allocation) {
  return fmt::format("{} x ({}, {})", allocation.replicas, FormatCpu(allocation.container.cpu),
                     FormatMemory(allocation.container.memory));
}

// The amounts that a container of the pod had before it was resized.
std::vector<ContainerResize> ResizesToSpecOf(const PodView& before,
                                             const std::vector<ContainerResize>& resized) {
  std::vector<ContainerResize> back;
  for (const ContainerResize& resize : resized) {
    const auto container =
        std::ranges::find(before.containers, resize.container, &PodContainer::name);
    if (container == before.containers.end()) continue;
    back.push_back({.container = resize.container,
                    .requests = container->requests,
                    .limits = container->limits});
  }
  return back;
}

bool IsSizeRaised(const AllocationChange& change) {
  return change.to.container.cpu > change.from.container.cpu ||
         change.to.container.memory > change.from.container.memory;
}

// The refusal of one resize, with its stable word; what is no refusal as it is.
absl::Status RefusedResize(const absl::Status& status, const PodView& pod) {
  const std::string message(status.message());
  const auto refused = [&](std::string_view reason) {
    return absl::InvalidArgumentError(
        fmt::format("{}: pod '{}': {}", reason, pod.meta.name, message));
  };
  const auto failure = ApiFailureOf(status);
  if (absl::IsUnimplemented(status) ||
      message.find("without support for resize") != std::string::npos) {
    return refused("ResizeUnsupported");
  }
  if (absl::IsInvalidArgument(status)) return refused("ResizeRefused");
  if (absl::IsPermissionDenied(status)) {
    const bool is_full = failure && failure->HasCause("NodeCapacity");
    const std::string_view reason = is_full ? "NodeCapacity" : RefusalReason(message, "");
    if (!reason.empty()) return refused(reason);
  }
  return status;
}

}  // namespace

ClusterActuator::ClusterActuator(ApiClient& client, ClusterWatch& watch, const Clock& clock,
                                 PodSizeBook& book, AppScaler scaler,
                                 ClusterActuatorOptions options)
    : client_(client),
      watch_(watch),
      clock_(clock),
      book_(book),
      scaler_(std::move(scaler)),
      options_(std::move(options)),
      kinds_(client) {}

absl::StatusOr<std::vector<MicroserviceState>> ClusterActuator::State() {
  if (absl::Status health = watch_.Health(); !health.ok()) return health;
  if (absl::Status told = TellScales(); !told.ok()) return told;
  const ApplicationView view = watch_.View(scaler_);
  const std::vector<PodSize> sizes = book_.Sizes();
  std::vector<MicroserviceState> states;
  for (std::size_t i = 0; i < view.workloads.size(); ++i) {
    MicroserviceState state = ReadSight(scaler_.workloads[i], view.workloads[i], sizes, stuck_,
                                        client_.options().field_manager)
                                  .state;
    if (state.Effective()) raises_.erase(i);
    const auto given_up = given_up_.find(i);
    if (state.reason.empty() && given_up != given_up_.end()) state.reason = given_up->second;
    states.push_back(std::move(state));
  }
  return states;
}

absl::Status ClusterActuator::TellScales() {
  for (const ScaledWorkload& scaled : scaler_.workloads) {
    if (IsWatchedKind(scaled.target)) continue;
    const auto object = kinds_.Find(scaler_.meta.name_space, scaled.target);
    const auto scale = object.ok() ? GetScale(client_, *object) : object.status();
    if (absl::IsNotFound(scale.status())) {
      watch_.Tell(scaler_.meta.name_space, scaled.target, std::nullopt);
      continue;
    }
    if (!scale.ok()) return scale.status();
    WorkloadView workload{.kind = scaled.target.kind, .meta = scale->meta};
    workload.replicas = scale->replicas;
    workload.current_replicas = workload.updated_replicas = scale->current_replicas;
    workload.observed_generation = workload.meta.generation;
    watch_.Tell(scaler_.meta.name_space, scaled.target, std::move(workload));
  }
  return absl::OkStatus();
}

ClusterActuator::Subject ClusterActuator::Look(std::size_t index,
                                               const ApplicationView& view) const {
  Subject subject{.index = index, .object = {}, .sight = view.workloads[index], .reading = {}};
  subject.reading = ReadSight(scaler_.workloads[index], subject.sight, book_.Sizes(), stuck_,
                              client_.options().field_manager);
  return subject;
}

absl::Status ClusterActuator::CheckRivals(std::size_t index) const {
  for (const Rival& rival : FindRivals(watch_, scaler_)) {
    if (rival.workload != scaler_.workloads[index].name) continue;
    return absl::FailedPreconditionError("RivalAutoscaler: " + rival.ToString());
  }
  return absl::OkStatus();
}

absl::Status ClusterActuator::Apply(const AllocationChange& change) {
  const std::size_t index = change.microservice.value();
  if (index >= scaler_.workloads.size()) {
    return absl::InvalidArgumentError(
        fmt::format("microservice {} is unknown, there are {}", index, scaler_.workloads.size()));
  }
  if (absl::Status health = watch_.Health(); !health.ok()) return health;
  if (absl::Status paid = PutOwedSizes(); !paid.ok()) return paid;
  if (absl::Status told = TellScales(); !told.ok()) return told;
  if (absl::Status rivals = CheckRivals(index); !rivals.ok()) return rivals;
  const ScaledWorkload& scaled = scaler_.workloads[index];
  Subject subject = Look(index, watch_.View(scaler_));
  if (subject.sight.workload == nullptr) {
    return absl::InvalidArgumentError(subject.reading.state.reason);
  }
  auto object = kinds_.Find(scaler_.meta.name_space, scaled.target);
  if (!object.ok()) return object.status();
  subject.object = *std::move(object);
  const MicroserviceAllocation& desired = subject.reading.state.desired;
  if (desired != change.from) {
    return absl::AbortedError(fmt::format("workload '{}': desired is {}, not {} as planned from",
                                          scaled.name, Text(desired), Text(change.from)));
  }
  std::vector<PodSize> sizes;
  if (change.to.container != change.from.container &&
      WhySizeIsFixed(scaled, subject.sight).empty()) {
    auto split = SplitSize(*subject.sight.workload, subject.sight.containers, change.to.container,
                           scaled.vertical.limits);
    if (!split.ok()) return split.status();
    sizes = *std::move(split);
  }
  const ChangeProposal proposal{.scaled = scaled,
                                .sight = subject.sight,
                                .reading = subject.reading,
                                .change = change,
                                .sizes = sizes,
                                .memory_in_use = options_.memory_in_use
                                                     ? options_.memory_in_use(change.microservice)
                                                     : std::nullopt};
  NamespaceBounds bounds = BoundsOf(watch_, scaler_.meta.name_space);
  bounds.budgets = disruptions_.Left(std::move(bounds.budgets), clock_.Now());
  const absl::Status allowed = CheckChange(proposal, bounds);
  return allowed.ok() ? CarryOut(subject, change, sizes) : allowed;
}

absl::Status ClusterActuator::CarryOut(const Subject& subject, const AllocationChange& change,
                                       const std::vector<PodSize>& sizes) {
  const int from = change.from.replicas;
  const int to = change.to.replicas;
  const bool is_sized = change.to.container != change.from.container;
  // What raises goes first.
  const bool scales_first = !IsSizeRaised(change);
  const std::vector<PodSize> book = book_.Sizes();
  if (is_sized) {
    if (absl::Status put = PutSizes(subject, sizes); !put.ok()) return put;
  }
  absl::Status done;
  if (to != from && scales_first) done = Scale(subject, from, to);
  if (done.ok() && is_sized) {
    done = ResizePods(subject, sizes);
    // More replicas than asked for stay: among those that would go some may be Ready.
    if (!done.ok() && scales_first && to < from) Scale(subject, to, from).IgnoreError();
  }
  if (done.ok() && to != from && !scales_first) {
    done = Scale(subject, from, to);
    if (!done.ok() && is_sized) {
      auto old = SplitSize(*subject.sight.workload, subject.sight.containers, change.from.container,
                           scaler_.workloads[subject.index].vertical.limits);
      if (old.ok()) ResizePods(subject, *old).IgnoreError();
    }
  }
  if (!done.ok()) {
    if (is_sized && !options_.write.dry_run && !book_.Put(book).ok()) owed_sizes_ = book;
    return done;
  }
  if (options_.write.dry_run) return done;
  given_up_.erase(subject.index);
  if (to < from) NoteLeaving(subject, to);
  if (to < from) raises_.erase(subject.index);
  if (to > from) {
    const int before = raises_.contains(subject.index) ? raises_[subject.index].from : from;
    raises_[subject.index] = {.from = before, .at = clock_.Now()};
  }
  return done;
}

void ClusterActuator::NoteLeaving(const Subject& subject, int to) {
  const int leaving = subject.reading.state.ready - to;
  if (leaving <= 0) return;
  for (const auto& budget : watch_.DisruptionBudgets(scaler_.meta.name_space)) {
    if (Covers(*budget, subject.sight)) disruptions_.Leaving(*budget, leaving, clock_.Now());
  }
}

absl::Status ClusterActuator::PutSizes(const Subject& subject, const std::vector<PodSize>& sizes) {
  if (options_.write.dry_run) return absl::OkStatus();
  const WorkloadView& workload = *subject.sight.workload;
  std::vector<PodSize> all = book_.Sizes();
  std::erase_if(all, [&](const PodSize& size) {
    return size.kind == workload.kind && size.name == workload.meta.name;
  });
  all.insert(all.end(), sizes.begin(), sizes.end());
  std::ranges::sort(
      all, {}, [](const PodSize& size) { return std::tie(size.kind, size.name, size.container); });
  return book_.Put(std::move(all));
}

absl::Status ClusterActuator::PutOwedSizes() {
  if (!owed_sizes_) return absl::OkStatus();
  const absl::Status put = book_.Put(*owed_sizes_);
  if (put.ok()) owed_sizes_.reset();
  return put;
}

absl::Status ClusterActuator::Scale(const Subject& subject, int from, int to) {
  absl::Status last;
  for (int attempt = 0; attempt < kScaleAttempts; ++attempt) {
    const auto scale = GetScale(client_, subject.object);
    if (!scale.ok()) return scale.status();
    // An answer that was lost on its way belonged to a write that was done.
    const bool is_done = attempt > 0 && scale->replicas == to;
    if (!is_done && scale->replicas != from) {
      return absl::AbortedError(fmt::format("workload '{}' has {} replicas, not {} as planned from",
                                            scaler_.workloads[subject.index].name, scale->replicas,
                                            from));
    }
    if (!is_done) {
      last = SetReplicas(client_, subject.object, to, scale->meta.resource_version, options_.write)
                 .status();
      if (absl::IsAborted(last) || absl::IsUnavailable(last)) continue;
      if (!last.ok()) return last;
    }
    AwaitReplicas(subject.index, to);
    return absl::OkStatus();
  }
  return last;
}

absl::StatusOr<PodView> ClusterActuator::ResizeOne(const PodView& pod,
                                                   const std::vector<ContainerResize>& to) {
  auto resized = ResizePod(client_, pod, to, options_.write);
  if (resized.ok() || absl::IsNotFound(resized.status())) return resized;
  return RefusedResize(resized.status(), pod);
}

absl::Status ClusterActuator::ResizePods(const Subject& subject,
                                         const std::vector<PodSize>& sizes) {
  // Resized since the change began, by an earlier step.
  const ApplicationView view = watch_.View(scaler_);
  std::vector<std::pair<std::shared_ptr<const PodView>, PodView>> done;
  std::vector<PodView> resized;
  absl::Status failure;
  for (const PodSight& pod : view.workloads[subject.index].pods) {
    if (!IsLive(pod)) continue;
    if (static_cast<int>(done.size()) >= options_.most_resizes) break;
    const std::vector<ContainerResize> to = ResizesTo(*pod.pod, sizes);
    if (to.empty()) continue;
    auto answer = ResizeOne(*pod.pod, to);
    if (absl::IsNotFound(answer.status())) continue;  // it has gone
    if (!answer.ok()) {
      failure = answer.status();
      break;
    }
    done.emplace_back(pod.pod, *std::move(answer));
  }
  for (const auto& [before, after] : done) {
    if (!failure.ok() && !options_.write.dry_run) {
      const auto back = ResizeOne(after, ResizesToSpecOf(*before, ResizesTo(*before, sizes)));
      resized.push_back(back.ok() ? *back : after);
    } else {
      resized.push_back(after);
    }
  }
  AwaitGenerations(subject.index, resized);
  return failure;
}

void ClusterActuator::AwaitReplicas(std::size_t index, int replicas) const {
  if (options_.write.dry_run || !IsWatchedKind(scaler_.workloads[index].target)) return;
  watch_.Await(
      [&] {
        const ApplicationView view = watch_.View(scaler_);
        const auto& workload = view.workloads[index].workload;
        return workload == nullptr || workload->replicas == replicas;
      },
      options_.patience);
}

void ClusterActuator::AwaitGenerations(std::size_t index,
                                       const std::vector<PodView>& resized) const {
  if (options_.write.dry_run || resized.empty()) return;
  watch_.Await(
      [&] {
        const ApplicationView view = watch_.View(scaler_);
        const auto& pods = view.workloads[index].pods;
        return std::ranges::all_of(resized, [&](const PodView& after) {
          const auto seen = std::ranges::find(
              pods, after.meta.uid, [](const PodSight& pod) { return pod.pod->meta.uid; });
          return seen == pods.end() || seen->pod->meta.generation >= after.meta.generation;
        });
      },
      options_.patience);
}

}  // namespace trimtab
