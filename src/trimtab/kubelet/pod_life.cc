#include "trimtab/kubelet/pod_life.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

constexpr Duration kPlainStart = std::chrono::seconds(1);
constexpr Duration kSlowStart = std::chrono::seconds(30);
constexpr Duration kRetry = std::chrono::seconds(1);

bool Fits(const ContainerConfig& size, const ContainerConfig& room) {
  return size.cpu <= room.cpu && size.memory <= room.memory;
}

std::string Lacks(const ContainerConfig& wanted, const ContainerConfig& room,
                  std::string_view what) {
  return fmt::format("requested {} cpu and {} memory, {} {} and {}", FormatCpu(wanted.cpu),
                     FormatMemory(wanted.memory), what, FormatCpu(room.cpu),
                     FormatMemory(room.memory));
}

}  // namespace

PodLife::PodLife(HostedPod pod, PodPlace place, Instant now)
    : pod_(std::move(pod)), place_(std::move(place)), seen_(now), takes_over_(pod_.was_running) {
  report_.pod_ip = place_.pod_ip;
  report_.host_ip = place_.host_ip;
  report_.begun = pod_.view.started.value_or(now);
  report_.ready_since = now;
  if (place_.microservice) report_.worker = WorkingContainer(pod_, place_.microservice_name);
  const auto copy = [](const std::vector<HostedContainer>& from, std::vector<ContainerReport>& to) {
    for (const HostedContainer& container : from) {
      to.push_back({.name = container.name, .image = container.image});
    }
  };
  copy(pod_.containers, report_.containers);
  copy(pod_.sidecars, report_.sidecars);
  copy(pod_.finished_inits, report_.finished_inits);
  AdmitAll();
  PutInForce();
}

void PodLife::Change(HostedPod pod) {
  pod_ = std::move(pod);
  is_unexamined_ = true;
}

// What the spec asks for is admitted.
void PodLife::AdmitAll() {
  for (std::size_t i = 0; i < pod_.containers.size(); ++i) {
    report_.containers[i].allocated = pod_.containers[i].resources;
  }
  for (std::size_t i = 0; i < pod_.sidecars.size(); ++i) {
    report_.sidecars[i].allocated = pod_.sidecars[i].resources;
  }
  admitted_ = RequestsOf(pod_);
  admitted_size_ = SizeOf(pod_.containers[report_.worker], place_.node);
  report_.observed_generation = pod_.view.meta.generation;
  changed_ = true;
}

void PodLife::PutInForce() {
  for (auto* list : {&report_.containers, &report_.sidecars}) {
    for (ContainerReport& container : *list) container.resources = container.allocated;
  }
  in_force_ = admitted_size_;
  changed_ = true;
}

bool PodLife::IsAsWanted() const {
  const auto same = [](const HostedContainer& wanted, const ContainerReport& has) {
    return wanted.resources == has.allocated;
  };
  return std::equal(pod_.containers.begin(), pod_.containers.end(), report_.containers.begin(),
                    report_.containers.end(), same) &&
         std::equal(pod_.sidecars.begin(), pod_.sidecars.end(), report_.sidecars.begin(),
                    report_.sidecars.end(), same);
}

void PodLife::ReportStage(Stage stage, bool is_ready, Instant now) {
  if (stage == report_.stage && is_ready == report_.is_ready) return;
  if (stage == Stage::kRunning && report_.stage != Stage::kRunning) report_.started = now;
  if (is_ready != report_.is_ready) report_.ready_since = now;
  report_.stage = stage;
  report_.is_ready = is_ready;
  changed_ = true;
}

void PodLife::ReportResize(Resize resize, std::string message, Instant now) {
  if (resize == report_.resize && message == report_.resize_message) return;
  if (resize != report_.resize) report_.resize_since = now;
  report_.resize = resize;
  report_.resize_message = std::move(message);
  changed_ = true;
}

void PodLife::Advance(Instant now, HostedReplicas& replicas,
                      const std::function<ContainerConfig()>& free) {
  if (has_ended_) return;
  if (pod_.view.meta.is_terminating) {
    End(now, replicas);
    return;
  }
  if (!has_started_) {
    // One that is resized before it starts takes the newest sizes.
    if (std::exchange(is_unexamined_, false)) {
      AdmitAll();
      PutInForce();
    }
    Start(now, replicas);
    return;
  }
  Follow(now, replicas);
  if (is_unexamined_) AdmitResize(now, free);
  if (actuate_at_ && now >= *actuate_at_) ActuateResize(now, replicas);
}

void PodLife::Start(Instant now, HostedReplicas& replicas) {
  const Duration delay = pod_.fault == PodFault::kSlowStart ? kSlowStart : Duration(0);
  if (!takes_over_ && now < seen_ + delay) return;
  const bool is_replica = place_.microservice && pod_.fault != PodFault::kNeverReady;
  if (is_replica) {
    auto added = replicas.Add(*place_.microservice, place_.host, admitted_size_, takes_over_);
    if (!added.ok()) return;
    replica_ = *added;
    has_started_ = true;
    Follow(now, replicas);
  } else if (takes_over_ || now >= seen_ + delay + kPlainStart) {
    has_started_ = true;
    ReportStage(Stage::kRunning, pod_.fault != PodFault::kNeverReady, now);
  }
}

// Reports what the simulation makes of the replica.
void PodLife::Follow(Instant now, const HostedReplicas& replicas) {
  if (!replica_) return;
  const Container* container = replicas.Find(*replica_);
  if (container == nullptr) return;
  if (container->kills > kills_) {
    kills_ = container->kills;
    report_.last_end = ProcessEnd{report_.started, now, true};
    changed_ = true;
  }
  const bool runs = container->state == ReplicaState::kBooting ||
                    container->state == ReplicaState::kProbing ||
                    container->state == ReplicaState::kReady;
  // Every kill but the one that it backs off from was followed by a restart.
  const std::int64_t restarts = other_restarts_ + (runs || kills_ == 0 ? kills_ : kills_ - 1);
  if (restarts > report_.restarts) {
    report_.restarts = restarts;
    changed_ = true;
  }
  if (runs) {
    ReportStage(Stage::kRunning, container->state == ReplicaState::kReady, now);
  } else {
    ReportStage(kills_ > 0 ? Stage::kBackingOff : Stage::kCreating, false, now);
  }
}

void PodLife::End(Instant now, HostedReplicas& replicas) {
  if (!end_at_) {
    end_at_ = now + pod_.grace;
    if (replica_) replicas.Drain(*replica_);
  }
  if (replica_ && replicas.Find(*replica_) != nullptr) {
    if (now < *end_at_) return;
    replicas.Kill(*replica_);
  }
  has_ended_ = true;
}

void PodLife::Vanish(HostedReplicas& replicas) {
  if (replica_) replicas.Kill(*replica_);
  has_ended_ = true;
}

void PodLife::LoseHost(HostedReplicas& replicas) {
  if (replica_) replicas.Kill(*replica_);
}

void PodLife::RegainHost(Instant now) {
  if (has_ended_) return;
  seen_ = now;
  takes_over_ = false;
  if (!has_started_) return;
  has_started_ = false;
  replica_.reset();
  // What was admitted and what is asked for are one again: the node's agent has forgotten.
  actuate_at_.reset();
  is_unexamined_ = true;
  ReportResize(Resize::kNone, "", now);
  report_.last_end = ProcessEnd{report_.started, now, false};
  report_.restarts = other_restarts_ += kills_ + 1;
  kills_ = 0;
  ReportStage(Stage::kCreating, false, now);
}

void PodLife::AdmitResize(Instant now, const std::function<ContainerConfig()>& free) {
  if (report_.observed_generation != pod_.view.meta.generation) {
    report_.observed_generation = pod_.view.meta.generation;
    changed_ = true;
  }
  if (IsAsWanted()) {
    is_unexamined_ = false;
    if (!actuate_at_) ReportResize(Resize::kNone, "", now);
    return;
  }
  const ContainerConfig wanted = RequestsOf(pod_);
  if (pod_.fault == PodFault::kResizeInfeasible || !Fits(wanted, place_.node)) {
    ReportResize(Resize::kInfeasible, Lacks(wanted, place_.node, "the node has"), now);
    return;
  }
  const ContainerConfig room = free();
  const bool grows = !Fits(wanted, admitted_);
  if (pod_.fault == PodFault::kResizeDeferred || (grows && !Fits(wanted, room))) {
    ReportResize(Resize::kDeferred, Lacks(wanted, room, "the node has left"), now);
    return;
  }
  is_unexamined_ = false;
  AdmitAll();
  actuate_at_ = now + place_.resize_delay;
  ReportResize(Resize::kInProgress, "", now);
}

void PodLife::ActuateResize(Instant now, HostedReplicas& replicas) {
  if (pod_.fault == PodFault::kResizeStuck) return;
  if (pod_.fault == PodFault::kResizeError) {
    ReportResize(Resize::kError, "the container runtime refused the new size", now);
    return;
  }
  bool restarts = false;
  for (std::size_t i = 0; i < pod_.containers.size(); ++i) {
    const ContainerReport& has = report_.containers[i];
    restarts |= pod_.containers[i].resize_restarts && has.resources != has.allocated;
  }
  if (replica_ && restarts) {
    replicas.Kill(*replica_);
    auto added = replicas.Add(*place_.microservice, place_.host, admitted_size_);
    if (added.ok()) replica_ = *added;
    other_restarts_ += kills_ + 1;
    kills_ = 0;
    report_.last_end = ProcessEnd{report_.started, now, false};
  } else if (replica_) {
    const absl::Status resized = replicas.Resize(*replica_, admitted_size_);
    if (!resized.ok()) {
      ReportResize(Resize::kInProgress, std::string(resized.message()), now);
      actuate_at_ = now + kRetry;
      return;
    }
  } else if (restarts) {
    report_.restarts = ++other_restarts_;
  }
  actuate_at_.reset();
  PutInForce();
  if (!is_unexamined_) ReportResize(Resize::kNone, "", now);
}

}  // namespace trimtab
