// New sizes of running replicas: in-place resize and memory limits.
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "trimtab/quantity/text.h"
#include "trimtab/simulation/cluster_state.h"
#include "trimtab/simulation/replicas.h"

namespace trimtab {
namespace {

constexpr SimNanos kRetry = kSecond;

}  // namespace

// Empty when the new size can take effect.
std::string Replicas::WhyNotResizable(const Container& c) const {
  if (c.host == kNone) return {};
  const HostSpec& spec = state_.scenario->hosts[c.host];
  const Host& host = state_.hosts[c.host];
  const Millicores free_cpu = spec.cpu - host.requested_cpu + c.limits.cpu;
  const Bytes free_memory = spec.memory - host.requested_memory + c.limits.memory;
  if (c.resize_to.cpu > free_cpu || c.resize_to.memory > free_memory) {
    return fmt::format(
        "resize deferred: host '{}' has {} cpu and {} memory for it, needs {} and {}", spec.name,
        FormatCpu(free_cpu), FormatMemory(free_memory), FormatCpu(c.resize_to.cpu),
        FormatMemory(c.resize_to.memory));
  }
  return MemoryObstacle(c);
}

std::string Replicas::MemoryObstacle(const Container& c) const {
  const double unreclaimable = c.memory.UnreclaimableBytes(c.in_flight);
  if (c.resize_to.memory < c.limits.memory && c.resize_to.memory.as_double() < unreclaimable) {
    return fmt::format("resize deferred: memory in use is {:.0f} bytes, above the new limit {}",
                       unreclaimable, FormatMemory(c.resize_to.memory));
  }
  return {};
}

void Replicas::OnResize(std::uint32_t index, SimNanos time) {
  Container& c = state_.containers[index];
  if (time != c.resize_at || !IsLive(c.state)) return;
  ReplicaSet& set = state_.replica_sets[c.microservice];
  const std::string obstacle = WhyNotResizable(c);
  if (!obstacle.empty()) {
    set.stuck = obstacle;
    c.resize_at = state_.now + kRetry;
    state_.events.Push(c.resize_at, EventKind::kResize, index);
    return;
  }
  c.resize_at = kNever;
  set.stuck.clear();
  PutInForce(index);
}

void Replicas::PutInForce(std::uint32_t index) {
  Container& c = state_.containers[index];
  const Millicores more_cpu = c.resize_to.cpu - c.limits.cpu;
  const Bytes more_memory = c.resize_to.memory - c.limits.memory;
  ChangeLimits(c.microservice, more_cpu, more_memory);
  c.limits = c.resize_to;
  c.cpu.Advance(state_.now);
  c.cpu.set_quota(InCores(c.limits.cpu));
  c.memory.set_limit(c.limits.memory.as_double());
  if (c.host == kNone) return;
  state_.hosts[c.host].requested_cpu += more_cpu;
  state_.hosts[c.host].requested_memory += more_memory;
  shares_.Settle(index);
}

absl::Status Replicas::ResizeNow(std::uint32_t index, const ContainerConfig& size) {
  Container& c = state_.containers[index];
  c.resize_to = size;
  if (const std::string obstacle = MemoryObstacle(c); !obstacle.empty()) {
    c.resize_to = c.limits;
    return absl::FailedPreconditionError(obstacle);
  }
  PutInForce(index);
  return absl::OkStatus();
}

void Replicas::SetMemoryLimit(std::uint32_t index, double bytes) {
  Container& c = state_.containers[index];
  if (c.memory.limit() == bytes) return;
  c.memory.set_limit(bytes);
  if (!Accepts(c.state) || !c.memory.Kills(c.in_flight)) return;
  calls_.FailAll(index);
  if (c.state == ReplicaState::kReady) {
    Restart(index);
  } else {
    Destroy(index);
  }
}

}  // namespace trimtab
