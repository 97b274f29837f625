// Contention on the hosts: who uses how much of what, and what that does to the others.
#pragma once

#include <cstdint>

#include "trimtab/simulation/cluster_state.h"
#include "trimtab/simulation/contention.h"
#include "trimtab/simulation/host_shares.h"
#include "trimtab/simulation/replicas.h"

namespace trimtab {

// Once a second the use of CPU, memory bandwidth and network of each container over the last second
// is taken from its counters, the memory in use as it is. A container feels the shares of capacity
// that all others and the anomalies use; its speed (contention.h) follows. The hops and transfers
// of a host stretch with the total. When the memory wanted on a host exceeds what anomalies leave,
// each limit becomes its part of that, in proportion to the configured limits.
// An anomaly acts at once: its CPU is taken before the containers share what is left, so that it
// gets, and a Monitor reads, the intensity asked for.
// Cost: a few ns a container a second. Thread-safety: none.
class HostContention {
 public:
  static constexpr SimNanos kTick = kSecond;

  // The references must outlive it.
  HostContention(ClusterState& state, HostShares& shares, Replicas& replicas)
      : state_(state), shares_(shares), replicas_(replicas) {}

  // Events kHostTick.
  void OnTick();
  // The sum of the anomalies of a host changes now.
  void SetAnomaly(std::uint32_t host, const Contention& anomaly);

 private:
  void Measure(std::uint32_t host);
  void Apply(std::uint32_t host);
  void ApplyToContainer(std::uint32_t container, const Contention& total);
  void ApplyMemoryPressure(std::uint32_t host);
  void ApplyToNetwork(std::uint32_t host, double share);

  ClusterState& state_;
  HostShares& shares_;
  Replicas& replicas_;
};

}  // namespace trimtab
