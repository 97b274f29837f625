// The state of the simulated cluster: replicas, hosts, microservices and their random streams.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "trimtab/application/allocation.h"
#include "trimtab/probability/log_histogram.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/simulation/contention.h"
#include "trimtab/simulation/cpu_group.h"
#include "trimtab/simulation/event_queue.h"
#include "trimtab/simulation/frame.h"
#include "trimtab/simulation/memory_model.h"
#include "trimtab/simulation/program.h"
#include "trimtab/simulation/scenario.h"

namespace trimtab {

enum class ReplicaState : std::uint8_t {
  kGone,
  kPending,   // waits for its turn or for a host
  kStarting,  // image and process
  kBooting,   // burns its start-up CPU
  kProbing,   // waits for the next readiness probe
  kReady,
  kLeaving,   // told to stop, still in the balancer
  kDraining,  // finishes what it has
  kKilled,    // out of memory, in this very instant
  kBackOff,   // waits to be restarted
};
inline bool IsLive(ReplicaState s) {
  return s != ReplicaState::kGone && s != ReplicaState::kLeaving && s != ReplicaState::kDraining;
}
inline bool Accepts(ReplicaState s) {
  return s == ReplicaState::kReady || s == ReplicaState::kLeaving || s == ReplicaState::kDraining;
}

// One replica. Its slot is used again after the window in which it ends, once no frame names it.
struct Container {
  CpuGroup cpu{CpuGroupParameters{}, 0};
  SimNanos timer = kNever;  // the pending ContainerTimer; any other is stale
  std::int64_t want = 0;    // millicores
  double speed = 1;
  MemoryModel memory;
  double cold = 0;  // missing share of its own caches
  std::uint32_t microservice = kNone;
  std::uint32_t host = kNone;
  int threads = 0;  // 0: no limit
  int busy_threads = 0;
  int in_flight = 0;  // frames started and not ended
  int referring = 0;  // frames sent to it and not ended
  std::uint32_t queue_head = kNone;
  std::uint32_t queue_tail = kNone;
  bool settling = false;  // inside its own timer: shares are set once, at its end

  ReplicaState state = ReplicaState::kGone;
  SimNanos life = kNever;  // the pending Replica event; any other is stale
  SimNanos created = 0;
  std::uint32_t ordinal = 0;  // within the microservice, never used again
  int kills = 0;
  ContainerConfig limits;     // in force
  ContainerConfig resize_to;  // asked for; equal when nothing is to be done
  SimNanos resize_at = kNever;

  // Counters, from the start of the replica.
  std::uint64_t requests = 0;
  std::uint64_t failed_requests = 0;  // of these, answered with an error
  double network_bytes = 0;
  // At the last host tick.
  double tick_cpu = 0;
  double tick_network = 0;
  double usage = 0;          // cores, over the tick before it
  double network_usage = 0;  // bytes per second
  Contention contention;     // by the others on its host
  // Of the present window.
  LogHistogram own_latency{128};
  double window_cpu = 0;  // CPU nanoseconds at its start
  double window_throttled = 0;
  SimNanos pool_full_since = kNever;
  SimNanos pool_full = 0;  // time without a free thread
};

struct Host {
  std::vector<std::uint32_t> containers;
  std::int64_t capacity = 0;  // millicores that anomalies leave
  std::int64_t want = 0;      // millicores, sum over containers
  bool saturated = false;
  bool sensitive = false;  // some container's speed depends on its neighbours
  Contention anomaly;      // shares of its capacity that anomalies use
  // Over the last tick, by its containers alone: cores, bytes, bytes per second, bytes per second.
  double cpu_usage = 0;
  double memory_usage = 0;
  double traffic_usage = 0;
  double network_usage = 0;
  SimNanos anomaly_since = 0;  // when it last changed
  double network_stretch = 1;
  Millicores requested_cpu;
  Bytes requested_memory;
  // Of containers that are gone and of anomalies: host counters never fall.
  double past_cpu = 0;      // nanoseconds
  double past_traffic = 0;  // bytes
  double past_network = 0;  // bytes
};

// Little's law: the time integral of the population equals the sum of the times spent.
struct FlowStatistics {
  std::uint64_t arrivals = 0;
  std::uint64_t departures = 0;
  std::int64_t population = 0;
  SimNanos changed = 0;
  double population_nanos = 0;
  double sojourn_nanos = 0;

  void Change(SimNanos now, int difference) {
    population_nanos += static_cast<double>(population) * static_cast<double>(now - changed);
    changed = now;
    population += difference;
  }
};

// The replicas of one microservice.
struct ReplicaSet {
  ReplicaSet(RandomStream of_balancing, RandomStream of_life)
      : balancing(of_balancing), life(of_life) {}

  std::vector<std::uint32_t> containers;
  std::vector<std::uint32_t> balanced;  // of these, the ones that new calls may go to
  MicroserviceAllocation desired;
  std::uint32_t next_ordinal = 0;
  std::uint64_t turn = 0;  // of round robin
  RandomStream balancing;
  RandomStream life;
  FlowStatistics flow;
  std::string stuck;  // why a replica or a size waits
  // Integrals of limits from creation to gone, in millicore- and byte-nanoseconds.
  SimNanos limits_changed = 0;
  Millicores limit_cpu;
  Bytes limit_memory;
  double cpu_integral = 0;
  double memory_integral = 0;

  void IntegrateLimits(SimNanos now) {
    const auto elapsed = static_cast<double>(now - limits_changed);
    cpu_integral += limit_cpu.as_double() * elapsed;
    memory_integral += limit_memory.as_double() * elapsed;
    limits_changed = now;
  }
};

struct PendingTimeout {
  SimNanos deadline;
  std::uint32_t frame;
  std::uint32_t generation;
};

// Draws of one endpoint: a stream a purpose, so that a policy that changes one thing leaves every
// other draw as it was.
struct EndpointStreams {
  RandomStream demand;
  RandomStream wait;
  RandomStream branch;
};

struct ClusterState {
  const ClusterScenario* scenario = nullptr;
  CompiledPrograms programs;
  EventQueue events;
  SimNanos now = 0;
  FramePool frames;
  std::vector<Container> containers;
  std::vector<Host> hosts;
  std::vector<ReplicaSet> replica_sets;
  std::vector<EndpointStreams> streams;              // by endpoint
  std::vector<std::deque<PendingTimeout>> timeouts;  // by class, earliest first
  int bins_per_octave = 128;                         // of the histograms of own latency
  int stretched_hosts = 0;                           // whose network is felt to be busy
  std::uint64_t processed_events = 0;
};

}  // namespace trimtab
