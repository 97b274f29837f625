#include "trimtab/simulation/replicas.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "trimtab/quantity/text.h"
#include "trimtab/simulation/cluster_state.h"

namespace trimtab {
namespace {

constexpr SimNanos kRetry = kSecond;

}  // namespace

Replicas::Replicas(ClusterState& state, HostShares& shares, Calls& calls)
    : state_(state), shares_(shares), calls_(calls) {
  SamplerFactory samplers;
  const ClusterScenario& scenario = *state.scenario;
  std::vector<std::uint32_t> by_name(scenario.hosts.size());
  for (std::size_t h = 0; h < by_name.size(); ++h) by_name[h] = static_cast<std::uint32_t>(h);
  std::sort(by_name.begin(), by_name.end(), [&](std::uint32_t a, std::uint32_t b) {
    return scenario.hosts[a].name < scenario.hosts[b].name;
  });
  for (const MicroserviceSpec& spec : scenario.microservices) {
    start_up_delays_.push_back(samplers.Make(spec.start_up.delay));
    auto& allowed = allowed_hosts_.emplace_back();
    for (const std::uint32_t host : by_name) {
      const auto& names = spec.hosts;
      if (names.empty() ||
          std::find(names.begin(), names.end(), scenario.hosts[host].name) != names.end()) {
        allowed.push_back(host);
      }
    }
  }
}

absl::Status Replicas::StartInitial() {
  for (std::uint32_t m = 0; m < state_.replica_sets.size(); ++m) {
    const MicroserviceSpec& spec = state_.scenario->microservices[m];
    state_.replica_sets[m].desired = spec.initial;
    for (int i = 0; i < spec.initial.replicas; ++i) {
      const std::uint32_t container = Create(m, spec.initial.container);
      if (!Place(container)) {
        return absl::InvalidArgumentError(fmt::format("initial allocation of microservice '{}': {}",
                                                      spec.name, state_.replica_sets[m].stuck));
      }
      Serve(container);
      state_.containers[container].cold = 0;
    }
  }
  return absl::OkStatus();
}

CpuGroupParameters Replicas::CpuParameters(std::uint32_t microservice, Millicores quota) {
  CpuGroupParameters parameters;
  parameters.parallelism = state_.scenario->microservices[microservice].parallelism;
  parameters.quota = InCores(quota);
  parameters.period = state_.scenario->quota_period.count();
  parameters.phase = static_cast<SimNanos>(
      state_.replica_sets[microservice].life.Below(static_cast<std::uint64_t>(parameters.period)));
  return parameters;
}

std::uint32_t Replicas::Create(std::uint32_t microservice, const ContainerConfig& size) {
  ReplicaSet& set = state_.replica_sets[microservice];
  std::uint32_t index = kNone;
  if (free_slots_.empty()) {
    index = static_cast<std::uint32_t>(state_.containers.size());
    state_.containers.emplace_back();
  } else {
    index = free_slots_.back();
    free_slots_.pop_back();
  }
  Container& c = state_.containers[index];
  // The timers of the slot's last owner are still in the queue; they find nothing due.
  c = Container{};
  c.cpu = CpuGroup(CpuParameters(microservice, size.cpu), state_.now);
  c.memory =
      MemoryModel(state_.scenario->microservices[microservice].memory, size.memory.as_double());
  c.microservice = microservice;
  c.threads = state_.scenario->microservices[microservice].threads;
  c.state = ReplicaState::kPending;
  c.created = state_.now;
  c.ordinal = set.next_ordinal++;
  c.limits = size;
  c.resize_to = c.limits;
  c.own_latency = LogHistogram(state_.bins_per_octave);
  set.containers.push_back(index);
  ChangeLimits(microservice, c.limits.cpu, c.limits.memory);
  return index;
}

void Replicas::ChangeLimits(std::uint32_t microservice, Millicores cpu, Bytes memory) {
  ReplicaSet& set = state_.replica_sets[microservice];
  set.IntegrateLimits(state_.now);
  set.limit_cpu += cpu;
  set.limit_memory += memory;
}

void Replicas::At(std::uint32_t container, SimNanos time) {
  state_.containers[container].life = time;
  state_.events.Push(time, EventKind::kReplica, container);
}

std::optional<std::uint32_t> Replicas::ChooseHost(const Container& container) const {
  std::optional<std::uint32_t> best;
  double best_free = -1;
  for (const std::uint32_t index : allowed_hosts_[container.microservice]) {
    const HostSpec& spec = state_.scenario->hosts[index];
    const Host& host = state_.hosts[index];
    const Millicores cpu = spec.cpu - host.requested_cpu - container.limits.cpu;
    const Bytes memory = spec.memory - host.requested_memory - container.limits.memory;
    if (cpu < Millicores(0) || memory < Bytes(0)) continue;
    const double free = (cpu / spec.cpu + memory / spec.memory) / 2;
    if (free > best_free) {
      best = index;
      best_free = free;
    }
  }
  return best;
}

bool Replicas::Place(std::uint32_t index) {
  Container& c = state_.containers[index];
  ReplicaSet& set = state_.replica_sets[c.microservice];
  const std::optional<std::uint32_t> chosen = ChooseHost(c);
  if (!chosen) {
    set.stuck = fmt::format("unschedulable: no host has {} cpu and {} memory free",
                            FormatCpu(c.limits.cpu), FormatMemory(c.limits.memory));
    return false;
  }
  PutOn(*chosen, index);
  return true;
}

void Replicas::PutOn(std::uint32_t chosen, std::uint32_t index) {
  Container& c = state_.containers[index];
  c.host = chosen;
  Host& host = state_.hosts[c.host];
  host.containers.push_back(index);
  host.requested_cpu += c.limits.cpu;
  host.requested_memory += c.limits.memory;
  const SensitivitySpec& s = state_.scenario->microservices[c.microservice].sensitivity;
  host.sensitive |= s.cpu.slope > 0 || s.memory_capacity.slope > 0 || s.memory_bandwidth.slope > 0;
  c.speed = SpeedUnder(s, host.anomaly);
}

std::uint32_t Replicas::AddOn(std::uint32_t microservice, std::uint32_t host,
                              const ContainerConfig& size, bool is_warm) {
  const std::uint32_t index = Create(microservice, size);
  PutOn(host, index);
  if (is_warm) {
    Serve(index);
    state_.containers[index].cold = 0;
  } else {
    state_.containers[index].state = ReplicaState::kStarting;
    At(index, state_.now + StartUpDelay(microservice));
  }
  return index;
}

SimNanos Replicas::StartUpDelay(std::uint32_t microservice) {
  RandomStream& stream = state_.replica_sets[microservice].life;
  return static_cast<SimNanos>(start_up_delays_[microservice].Draw(stream));
}

void Replicas::OnLife(std::uint32_t index, SimNanos time) {
  Container& c = state_.containers[index];
  if (time != c.life) return;
  c.life = kNever;
  switch (c.state) {
    case ReplicaState::kPending:
      if (Place(index)) {
        c.state = ReplicaState::kStarting;
        At(index, state_.now + StartUpDelay(c.microservice));
      } else {
        At(index, state_.now + kRetry);
      }
      break;
    case ReplicaState::kStarting:
      c.state = ReplicaState::kBooting;
      calls_.StartUp(index);
      break;
    case ReplicaState::kBooting:
      c.state = ReplicaState::kProbing;
      At(index,
         state_.now + static_cast<SimNanos>(
                          state_.replica_sets[c.microservice].life.Uniform() *
                          static_cast<double>(state_.scenario->life.readiness_period.count())));
      break;
    case ReplicaState::kProbing:
      Serve(index);
      break;
    case ReplicaState::kLeaving:
      RemoveFromBalancer(index);
      c.state = ReplicaState::kDraining;
      At(index, c.referring == 0 ? state_.now
                                 : state_.now + state_.scenario->life.termination_grace.count());
      break;
    case ReplicaState::kDraining:
      Destroy(index);
      break;
    case ReplicaState::kKilled:
      Restart(index);
      break;
    case ReplicaState::kBackOff:
      c.state = ReplicaState::kStarting;
      At(index, state_.now + StartUpDelay(c.microservice));
      break;
    case ReplicaState::kReady:
    case ReplicaState::kGone:
      break;
  }
}

void Replicas::Serve(std::uint32_t index) {
  Container& c = state_.containers[index];
  ReplicaSet& set = state_.replica_sets[c.microservice];
  c.state = ReplicaState::kReady;
  const ColdCacheSpec& cold = state_.scenario->microservices[c.microservice].cold_cache;
  c.cold = cold.requests > 0 ? cold.missing_share : 0;
  set.balanced.push_back(index);
  set.stuck.clear();
}

void Replicas::RemoveFromBalancer(std::uint32_t index) {
  auto& balanced = state_.replica_sets[state_.containers[index].microservice].balanced;
  balanced.erase(std::remove(balanced.begin(), balanced.end(), index), balanced.end());
}

void Replicas::Restart(std::uint32_t index) {
  Container& c = state_.containers[index];
  RemoveFromBalancer(index);
  const LifeSpec& life = state_.scenario->life;
  const double doubled =
      std::ldexp(static_cast<double>(life.first_back_off.count()), std::min(c.kills, 30));
  ++c.kills;
  c.state = ReplicaState::kBackOff;
  c.requests = 0;
  c.failed_requests = 0;
  state_.replica_sets[c.microservice].stuck = fmt::format(
      "killed for memory {} times at a limit of {}", c.kills, FormatMemory(c.limits.memory));
  At(index, state_.now + static_cast<SimNanos>(std::min(
                             doubled, static_cast<double>(life.longest_back_off.count()))));
}

void Replicas::Drain(std::uint32_t index) {
  Container& c = state_.containers[index];
  c.resize_at = kNever;
  if (c.state != ReplicaState::kReady) {
    Destroy(index);
    return;
  }
  const LifeSpec& life = state_.scenario->life;
  const double spread = state_.replica_sets[c.microservice].life.Uniform();
  c.state = ReplicaState::kLeaving;
  At(index, state_.now + life.shortest_propagation.count() +
                static_cast<SimNanos>(
                    spread * static_cast<double>(
                                 (life.longest_propagation - life.shortest_propagation).count())));
}

// Frames that are still on their way to it will be refused.
void Replicas::Destroy(std::uint32_t index) {
  Container& c = state_.containers[index];
  if (c.host != kNone) {
    c.state = ReplicaState::kGone;
    calls_.FailAll(index);
    Host& host = state_.hosts[c.host];
    const double used = c.cpu.UsedAt(state_.now);
    host.past_cpu += used;
    host.past_traffic +=
        used * 1e-9 * state_.scenario->microservices[c.microservice].memory_traffic;
    host.past_network += c.network_bytes;
    host.requested_cpu -= c.limits.cpu;
    host.requested_memory -= c.limits.memory;
    host.containers.erase(std::remove(host.containers.begin(), host.containers.end(), index),
                          host.containers.end());
  }
  c.state = ReplicaState::kGone;
  c.life = kNever;
  RemoveFromBalancer(index);
  ChangeLimits(c.microservice, Millicores(-c.limits.cpu.value()), Bytes(-c.limits.memory.value()));
}

void Replicas::Bury(std::uint32_t microservice) {
  auto& members = state_.replica_sets[microservice].containers;
  const auto buried = [this](std::uint32_t index) {
    const Container& c = state_.containers[index];
    if (c.state != ReplicaState::kGone || c.referring > 0) return false;
    free_slots_.push_back(index);
    return true;
  };
  members.erase(std::remove_if(members.begin(), members.end(), buried), members.end());
}

void Replicas::Ask(std::uint32_t microservice, const MicroserviceAllocation& desired) {
  state_.replica_sets[microservice].desired = desired;
  state_.events.Push(state_.now + state_.scenario->life.decision_delay.count(),
                     EventKind::kReconcile, microservice);
}

Bytes Replicas::LargestUnreclaimable(std::uint32_t microservice) const {
  double largest = state_.scenario->microservices[microservice].memory.heap.as_double();
  for (const std::uint32_t index : state_.replica_sets[microservice].containers) {
    const Container& c = state_.containers[index];
    if (!IsLive(c.state)) continue;
    largest = std::max(largest, c.memory.UnreclaimableBytes(c.in_flight));
  }
  return Bytes(static_cast<std::int64_t>(std::ceil(largest)));
}

// Unplaced ones first, then those that do not serve yet, then the youngest.
std::vector<std::uint32_t> Replicas::DrainOrder(const ReplicaSet& set) const {
  std::vector<std::uint32_t> live;
  for (const std::uint32_t index : set.containers) {
    if (IsLive(state_.containers[index].state)) live.push_back(index);
  }
  const auto key = [this](std::uint32_t index) {
    const Container& c = state_.containers[index];
    const int rank = c.host == kNone ? 0 : (c.state == ReplicaState::kReady ? 2 : 1);
    return std::pair(rank, -static_cast<std::int64_t>(c.ordinal));
  };
  std::sort(live.begin(), live.end(),
            [&](std::uint32_t a, std::uint32_t b) { return key(a) < key(b); });
  return live;
}

void Replicas::Reconcile(std::uint32_t microservice) {
  const MicroserviceAllocation desired = state_.replica_sets[microservice].desired;
  std::vector<std::uint32_t> live = DrainOrder(state_.replica_sets[microservice]);
  const auto wanted = static_cast<std::size_t>(desired.replicas);
  if (live.size() > wanted) {
    const std::size_t extra = live.size() - wanted;
    for (std::size_t i = 0; i < extra; ++i) Drain(live[i]);
    live.erase(live.begin(), live.begin() + static_cast<std::ptrdiff_t>(extra));
  }
  const auto spacing = static_cast<SimNanos>(1e9 / state_.scenario->life.starts_per_second);
  for (std::size_t count = live.size(); count < wanted; ++count) {
    const std::uint32_t created = Create(microservice, desired.container);
    next_start_ = std::max(next_start_, state_.now);
    At(created, next_start_);
    next_start_ += spacing;
  }
  for (const std::uint32_t index : live) {
    Container& c = state_.containers[index];
    if (c.resize_to == desired.container) continue;
    c.resize_to = desired.container;
    c.resize_at = state_.now + (c.host == kNone ? 0 : state_.scenario->life.resize_delay.count());
    state_.events.Push(c.resize_at, EventKind::kResize, index);
  }
}

}  // namespace trimtab
