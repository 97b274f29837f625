// What the exporters of a host would show of it.
#pragma once

#include <cstdint>

#include "trimtab/simulation/cluster_state.h"

namespace trimtab {

// Of everything on the host, anomalies included. All but `memory` are counters from the start of
// the world and never fall.
struct HostCounters {
  double cpu_seconds = 0;
  double memory = 0;   // bytes in use
  double traffic = 0;  // bytes between processors and memory
  double network = 0;  // bytes, both ways
};

// At the present instant; settles nothing, so that it changes no latency.
HostCounters CountersOf(const ClusterState& state, std::uint32_t host);

}  // namespace trimtab
