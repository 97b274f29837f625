// One container of one microservice alone: Poisson arrivals, no callees, as fast as it gets.
#pragma once

#include <cstdint>
#include <vector>

#include "trimtab/application/allocation.h"
#include "trimtab/simulation/contention.h"
#include "trimtab/simulation/cpu_group.h"
#include "trimtab/simulation/implicit_heap.h"
#include "trimtab/simulation/latin_hypercube.h"
#include "trimtab/simulation/memory_model.h"
#include "trimtab/simulation/program.h"
#include "trimtab/simulation/scenario.h"
#include "trimtab/simulation/traffic.h"

namespace trimtab {

struct StationParameters {
  std::uint32_t microservice = 0;
  ContainerConfig container;
  double rate = 0;          // requests per second
  Contention contention;    // by others, constant
  double host_cores = 0;    // capacity of its host
  double host_memory = 0;   // bytes
  std::vector<double> mix;  // share of each of its endpoints, by index in the scenario; sums to 1
  // Of MicroserviceTraffic; empty: conditions do not hold, repeats are 0.
  std::vector<std::vector<WeightedKind>> kinds;
};

// The container, thread pool, memory and slow-down of the event loop without its queue: the next
// moment is the earliest of the next arrival, the container's own and the end of a WAIT. CALL steps
// take no time. Right for an asynchronous microservice up to a utilisation of 0.6 within 3 % and to
// 0.8 within 10 %; a thread pool that is full more than 1 % of the time needs the whole tree, where
// waiting for callees fills it. Arrivals, demands, waits and branches are Latin hypercube streams.
// Cost: 40-120 ns a request. Thread-safety: none.
class Station {
 public:
  // `scenario` and `programs` must outlive it. REQUIRES: container.memory is above what the
  // microservice cannot give back, and the rate below its capacity.
  Station(const ClusterScenario& scenario, const CompiledPrograms& programs,
          const StationParameters& parameters, std::uint64_t seed);

  // Goes on until `requests` more have ended.
  void Run(std::int64_t requests);
  // Forgets what was measured, not the state: the end of the warm-up.
  void Restart();

  // Own latencies since Restart(), in nanoseconds, in order of their ends.
  const std::vector<float>& latencies() const { return latencies_; }
  double Utilization() const;    // CPU used / limit since Restart()
  double PoolFullShare() const;  // of the time, 0 without a thread limit
  double ThrottledShare() const;
  // The container was killed for memory: the measurement is void.
  bool killed() const { return killed_; }

 private:
  struct Task {
    SimNanos arrived;
    SimNanos started;
    double owed_cpu;
    std::uint32_t endpoint;
    std::uint32_t step;
    const RequestKind* kind;
    std::uint16_t repeats;
  };
  struct WaitEnd {
    SimNanos time;
    std::uint32_t task;
  };
  struct EndsBefore {
    bool operator()(const WaitEnd& a, const WaitEnd& b) const {
      return a.time < b.time || (a.time == b.time && a.task < b.task);
    }
  };
  struct KindMix {
    std::vector<RequestKind> kinds;
    std::vector<double> cumulative;  // of their shares
  };
  struct EndpointStreams {
    LatinHypercubeStream demand;
    LatinHypercubeStream wait;
    LatinHypercubeStream branch;
  };

  void Arrive();
  void Begin(std::uint32_t task);
  void Go(std::uint32_t task);
  bool RunSteps(std::uint32_t task);
  void End(std::uint32_t task);
  std::uint32_t PickEndpoint();
  const RequestKind* PickKind(std::uint32_t endpoint);
  SimNanos NextArrival();

  const ClusterScenario& scenario_;
  const CompiledPrograms& programs_;
  const MicroserviceSpec& spec_;
  CpuGroup cpu_;
  MemoryModel memory_;
  double speed_;
  double most_cores_;
  double network_stretch_;
  double nanos_per_request_;
  double quota_cores_;
  std::vector<double> cumulative_mix_;
  std::vector<KindMix> kind_mixes_;  // by endpoint of the microservice; empty without kinds
  std::uint32_t first_endpoint_ = 0;
  LatinHypercubeStream gaps_;
  LatinHypercubeStream mix_;
  LatinHypercubeStream kind_draws_;
  Sampler unit_exponential_;
  std::vector<EndpointStreams> streams_;  // by endpoint of the microservice

  SimNanos now_ = 0;
  SimNanos arrival_ = 0;
  std::vector<Task> tasks_;
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> queue_;  // FIFO of tasks without a thread, from queue_first_
  std::size_t queue_first_ = 0;
  ImplicitHeap<WaitEnd, EndsBefore> waits_;
  int busy_ = 0;
  bool killed_ = false;

  SimNanos since_ = 0;
  double used_before_ = 0;
  double throttled_before_ = 0;
  SimNanos full_since_ = kNever;
  SimNanos full_ = 0;
  std::vector<float> latencies_;
};

}  // namespace trimtab
