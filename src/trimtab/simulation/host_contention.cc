#include "trimtab/simulation/host_contention.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "trimtab/simulation/cluster_state.h"
#include "trimtab/simulation/contention.h"

namespace trimtab {
namespace {

double Share(double used, double capacity) {
  return capacity > 0 ? std::clamp(used / capacity, 0.0, 1.0) : 0.0;
}

}  // namespace

void HostContention::OnTick() {
  for (std::uint32_t h = 0; h < state_.hosts.size(); ++h) {
    Measure(h);
    Apply(h);
  }
}

void HostContention::SetAnomaly(std::uint32_t index, const Contention& anomaly) {
  Host& host = state_.hosts[index];
  const HostSpec& spec = state_.scenario->hosts[index];
  const auto elapsed = static_cast<double>(state_.now - host.anomaly_since);
  host.past_cpu += host.anomaly.cpu * InCores(spec.cpu) * elapsed;
  host.past_traffic += host.anomaly.memory_bandwidth * spec.memory_bandwidth * elapsed * 1e-9;
  host.past_network += host.anomaly.network * spec.network_bandwidth * elapsed * 1e-9;
  host.anomaly_since = state_.now;
  host.anomaly = anomaly;
  host.capacity =
      static_cast<std::int64_t>(std::llround(spec.cpu.as_double() * (1.0 - anomaly.cpu)));
  shares_.Settle(host);
  Apply(index);
}

void HostContention::Measure(std::uint32_t index) {
  Host& host = state_.hosts[index];
  host.cpu_usage = 0;
  host.memory_usage = 0;
  host.traffic_usage = 0;
  host.network_usage = 0;
  constexpr auto kTickNanos = static_cast<double>(kTick);
  for (const std::uint32_t member : host.containers) {
    Container& c = state_.containers[member];
    const double used = c.cpu.UsedAt(state_.now);
    c.usage = (used - c.tick_cpu) / kTickNanos;
    c.network_usage = (c.network_bytes - c.tick_network) / kTickNanos * 1e9;
    c.tick_cpu = used;
    c.tick_network = c.network_bytes;
    host.cpu_usage += c.usage;
    host.memory_usage += c.memory.UsedBytes(c.in_flight);
    host.traffic_usage += c.usage * state_.scenario->microservices[c.microservice].memory_traffic;
    host.network_usage += c.network_usage;
  }
}

void HostContention::Apply(std::uint32_t index) {
  const Host& host = state_.hosts[index];
  ApplyMemoryPressure(index);
  for (const std::uint32_t member : std::vector<std::uint32_t>(host.containers)) {
    ApplyToContainer(member, host.anomaly);
  }
  const double network = state_.scenario->hosts[index].network_bandwidth;
  ApplyToNetwork(index, host.anomaly.network + Share(host.network_usage, network));
}

void HostContention::ApplyToContainer(std::uint32_t index, const Contention& anomaly) {
  Container& c = state_.containers[index];
  if (c.state == ReplicaState::kGone) return;
  const Host& host = state_.hosts[c.host];
  const HostSpec& spec = state_.scenario->hosts[c.host];
  const MicroserviceSpec& microservice = state_.scenario->microservices[c.microservice];
  const auto felt = [](double by_anomaly, double used, double capacity) {
    return std::min(1.0, by_anomaly + Share(used, capacity));
  };
  c.contention = {
      felt(anomaly.cpu, host.cpu_usage - c.usage, InCores(spec.cpu)),
      felt(anomaly.memory_capacity, host.memory_usage - c.memory.UsedBytes(c.in_flight),
           spec.memory.as_double()),
      felt(anomaly.memory_bandwidth, host.traffic_usage - c.usage * microservice.memory_traffic,
           spec.memory_bandwidth),
      felt(anomaly.network, host.network_usage - c.network_usage, spec.network_bandwidth)};
  if (!host.sensitive) return;
  const double speed = SpeedUnder(microservice.sensitivity, c.contention);
  if (speed == c.speed) return;
  c.cpu.Advance(state_.now);
  c.speed = speed;
  shares_.Settle(index);
}

void HostContention::ApplyMemoryPressure(std::uint32_t index) {
  const Host& host = state_.hosts[index];
  const double left =
      state_.scenario->hosts[index].memory.as_double() * (1.0 - host.anomaly.memory_capacity);
  double wanted = 0;
  double limits = 0;
  for (const std::uint32_t member : host.containers) {
    const Container& c = state_.containers[member];
    wanted += std::min(c.limits.memory.as_double(), c.memory.WantedBytes(c.in_flight));
    limits += c.limits.memory.as_double();
  }
  const double part = wanted > left ? std::min(1.0, left / limits) : 1.0;
  for (const std::uint32_t member : std::vector<std::uint32_t>(host.containers)) {
    replicas_.SetMemoryLimit(member, state_.containers[member].limits.memory.as_double() * part);
  }
}

void HostContention::ApplyToNetwork(std::uint32_t index, double share) {
  Host& host = state_.hosts[index];
  const double stretch = NetworkStretch(share, state_.scenario->network.idle_until);
  state_.stretched_hosts +=
      static_cast<int>(stretch > 1) - static_cast<int>(host.network_stretch > 1);
  host.network_stretch = stretch;
}

}  // namespace trimtab
