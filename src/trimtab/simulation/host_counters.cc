#include "trimtab/simulation/host_counters.h"

#include <cstdint>

namespace trimtab {

HostCounters CountersOf(const ClusterState& state, std::uint32_t index) {
  const Host& host = state.hosts[index];
  const HostSpec& spec = state.scenario->hosts[index];
  const double since = static_cast<double>(state.now - host.anomaly_since) * 1e-9;
  HostCounters counters{
      host.past_cpu * 1e-9 + host.anomaly.cpu * InCores(spec.cpu) * since,
      host.anomaly.memory_capacity * spec.memory.as_double(),
      host.past_traffic + host.anomaly.memory_bandwidth * spec.memory_bandwidth * since,
      host.past_network + host.anomaly.network * spec.network_bandwidth * since};
  for (const std::uint32_t member : host.containers) {
    const Container& c = state.containers[member];
    const double used = c.cpu.UsedAt(state.now) * 1e-9;
    counters.cpu_seconds += used;
    counters.memory += c.memory.UsedBytes(c.in_flight);
    counters.traffic += used * state.scenario->microservices[c.microservice].memory_traffic;
    counters.network += c.network_bytes;
  }
  return counters;
}

}  // namespace trimtab
