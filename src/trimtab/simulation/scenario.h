// Everything the simulated cluster is made of, as plain data: hosts, microservices, call programs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/application/application.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"
#include "trimtab/simulation/distribution.h"
#include "trimtab/simulation/request_model.h"

namespace trimtab {

struct HostSpec {
  std::string name;
  Millicores cpu;                  // allocatable, and what its containers share
  Bytes memory;                    // likewise
  double memory_bandwidth = 50e9;  // bytes per second
  double network_bandwidth = 1.25e9;
};

// One endpoint's program is a list of steps, run in order.
struct CpuStep {
  Distribution demand;  // CPU time at full speed
};
struct WaitStep {
  Distribution time;  // off the CPU: a disk, a lock, a peer that is not simulated
};
struct CallTarget {
  std::string microservice;
  std::string endpoint;
  std::optional<Duration> timeout;  // then the caller goes on with an error
};
struct CallStep {
  std::vector<CallTarget> targets;  // all are called
  bool parallel = false;            // otherwise one after the other
  double probability = 1.0;         // that the step happens
};
struct ProgramStep;
struct BranchStep {
  double probability = 0.5;  // of `then`, when there is no `when`
  std::vector<ProgramStep> then;
  std::vector<ProgramStep> otherwise;
  std::vector<ConditionSpec> when;  // all must hold for `then`
};
struct RepeatStep {
  RepeatCountSpec count;
  std::vector<ProgramStep> steps;  // without another RepeatStep
};
struct ProgramStep {
  std::variant<CpuStep, WaitStep, CallStep, BranchStep, RepeatStep> step;
};

struct EndpointSpec {
  std::string name;
  std::vector<ProgramStep> program;
  // Own time to send the answer over an idle link: part of the own latency, stretched by network
  // contention on the host; holds no thread.
  Duration transfer{0};
  Bytes network_bytes;  // received and sent by one request, for the metrics
};

// A container holds `heap` + frames in flight * `per_frame`, which it cannot give back, and touches
// `file_pages`, which it can. With a limit below the first it is killed; below their sum a touched
// page is missing with probability (1 - (limit - unreclaimable) / file_pages)^skew.
struct MemorySpec {
  Bytes heap = Mebibytes(40);
  Bytes per_frame;
  Bytes file_pages;
  double pages_per_request = 0;
  double skew = 1;  // 1: uniform access; above: skewed
  Duration fault_cpu{13'000};
  Duration fault_wait{27'000};
};

// Speed is the product over kinds of 1 / (1 + slope * max(0, share used by others - floor)).
struct Sensitivity {
  double slope = 0;
  double floor = 0;
};
struct SensitivitySpec {
  Sensitivity cpu;
  Sensitivity memory_capacity;
  Sensitivity memory_bandwidth;
};

// A fresh process misses its own caches: the missing share decays by 1/e in `requests`.
struct ColdCacheSpec {
  double missing_share = 0;
  double requests = 0;
};

struct StartUpSpec {
  Distribution delay = Lognormal{Latency(3100), 0.25};  // scheduling to process start; median 3 s
  Distribution cpu = Deterministic{Latency(500)};       // burnt under the quota
};

enum class LoadBalancing : std::uint8_t { kRandom, kRoundRobin, kLeastOfTwo };

struct MicroserviceSpec {
  std::string name;
  int threads = 0;         // 0: asynchronous, no limit; else held also while waiting for callees
  double parallelism = 8;  // cores the process can use at once: GOMAXPROCS, event loops, threads
  LoadBalancing balancing = LoadBalancing::kRandom;
  MemorySpec memory;
  SensitivitySpec sensitivity;
  ColdCacheSpec cold_cache;
  StartUpSpec start_up;
  double memory_traffic = 1e9;  // bytes per CPU second
  std::vector<EndpointSpec> endpoints;
  ScalingBounds bounds;  // a working set of 0 stands for memory.heap
  MicroserviceAllocation initial;
  std::vector<std::string> hosts;  // where it may run; empty: anywhere
};

struct EntrySpec {
  std::string operation;
  std::string microservice;
  std::string endpoint;
  double share = 1;  // of the arrivals, relative to the sum
  std::optional<Duration> timeout;
  std::vector<EffectSpec> effects;  // the first that is possible is done
};

struct NetworkSpec {
  Duration hop{75'000};     // one way between two containers
  Duration entry_hop{0};    // one way between the client and the entry
  double idle_until = 0.3;  // share in use below which contention is not felt
};

// Delays of the control plane and of the life of a replica.
struct LifeSpec {
  Duration decision_delay{std::chrono::seconds(1)};  // from Apply() to its first effect
  Duration resize_delay{std::chrono::seconds(1)};
  double starts_per_second = 5;                         // containers created, whole cluster
  Duration readiness_period{std::chrono::seconds(10)};  // ready up to one of it after the start
  Duration shortest_propagation{std::chrono::milliseconds(100)};  // of a removed endpoint
  Duration longest_propagation{std::chrono::seconds(1)};
  Duration termination_grace{std::chrono::seconds(30)};
  Duration first_back_off{std::chrono::seconds(10)};  // after an OOM kill; doubles
  Duration longest_back_off{std::chrono::seconds(300)};
};

// Where the server span starts, and with it the own latency.
enum class SpanStart : std::uint8_t { kArrival, kThreadStart };

struct ClusterScenario {
  std::string name;
  std::vector<HostSpec> hosts;
  std::vector<MicroserviceSpec> microservices;
  std::vector<EntrySpec> entries;
  std::vector<ArgumentSpec> arguments;
  std::vector<StateSpec> states;
  NetworkSpec network;
  LifeSpec life;
  Duration quota_period{std::chrono::milliseconds(100)};
  SpanStart span_start = SpanStart::kArrival;

  // kInvalidArgument names every violation with its value and bound, one a line: empty or double
  // names, calls to nothing, cycles of calls, shares outside [0, 1], sizes that are not positive.
  absl::Status Validate() const;
};

// The application in it: names, bounds and operations. Fails as Validate() does.
absl::StatusOr<Application> ApplicationOf(const ClusterScenario& scenario);

}  // namespace trimtab
