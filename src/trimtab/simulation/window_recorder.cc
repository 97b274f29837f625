#include "trimtab/simulation/window_recorder.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "fmt/format.h"
#include "trimtab/application/resource_price.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"

namespace trimtab {
namespace {

Latency QuantileOfNanos(const LogHistogram& histogram, Quantile quantile) {
  return Latency(histogram.ValueAt(quantile) * 1e-6);
}

}  // namespace

std::string PodName(const ClusterScenario& scenario, std::uint32_t microservice,
                    std::uint32_t ordinal) {
  return fmt::format("{}-{}", scenario.microservices[microservice].name, ordinal);
}

WindowRecord WindowRecorder::Close() {
  ClusterState& state = loop_.state();
  RequestLog& requests = loop_.requests();
  WindowRecord record;
  record.start = Instant(Duration(start_));
  record.end = Instant(Duration(state.now));
  record.operations = requests.operations();
  record.end_to_end = LogHistogram(state.bins_per_octave);
  for (const OperationRecord& operation : record.operations) {
    record.requests += operation.requests;
    record.timeouts += operation.timeouts;
    record.failures += operation.failures;
    record.end_to_end.Merge(operation.latency);
  }
  record.p50 = QuantileOfNanos(record.end_to_end, kP50);
  record.p95 = QuantileOfNanos(record.end_to_end, kP95);
  record.p99 = QuantileOfNanos(record.end_to_end, kP99);
  record.arrivals = requests.arrivals() - arrivals_;
  record.events = state.processed_events - events_;
  const SimNanos length = std::max<SimNanos>(state.now - start_, 1);
  for (std::uint32_t m = 0; m < state.replica_sets.size(); ++m) {
    record.microservices.push_back(CloseMicroservice(m, length));
    record.units.cpu += record.microservices.back().units.cpu;
    record.units.memory += record.microservices.back().units.memory;
    loop_.replicas().Bury(m);
  }
  requests.Clear();
  start_ = state.now;
  arrivals_ = requests.arrivals();
  events_ = state.processed_events;
  return record;
}

MicroserviceWindow WindowRecorder::CloseMicroservice(std::uint32_t microservice, SimNanos length) {
  ClusterState& state = loop_.state();
  ReplicaSet& set = state.replica_sets[microservice];
  MicroserviceWindow window;
  double memory = 0;
  for (const std::uint32_t index : set.containers) {
    Container& c = state.containers[index];
    const ReplicaState s = c.state;
    window.ready += s == ReplicaState::kReady ? 1 : 0;
    window.pending += IsLive(s) && s != ReplicaState::kReady ? 1 : 0;
    window.draining += s == ReplicaState::kLeaving || s == ReplicaState::kDraining ? 1 : 0;
    if (s != ReplicaState::kGone && s != ReplicaState::kPending) {
      memory += c.memory.UsedBytes(c.in_flight);
    }
    PodWindow pod = ClosePod(c, length);
    window.cpu_usage += pod.cpu_usage;
    if (pod.requests == 0) continue;
    window.requests += pod.requests;
    window.own_latency_p95 += pod.own_latency_p95;
    window.pods.push_back(std::move(pod));
  }
  if (!window.pods.empty()) window.own_latency_p95 /= static_cast<double>(window.pods.size());
  window.memory_usage = Bytes(static_cast<std::int64_t>(memory));
  set.IntegrateLimits(state.now);
  const auto nanos = static_cast<double>(length);
  window.mean_cores = set.cpu_integral / nanos / 1000;
  window.mean_memory = set.memory_integral / nanos;
  window.units = {set.cpu_integral / nanos / kUnitCpu.as_double(),
                  set.memory_integral / nanos / kUnitMemory.as_double()};
  set.cpu_integral = 0;
  set.memory_integral = 0;
  return window;
}

PodWindow WindowRecorder::ClosePod(Container& c, SimNanos length) {
  const ClusterState& state = loop_.state();
  PodWindow pod;
  pod.pod = PodName(*state.scenario, c.microservice, c.ordinal);
  pod.host = HostId(c.host == kNone ? 0 : c.host);
  pod.requests = c.own_latency.total();
  pod.own_latency_p50 = QuantileOfNanos(c.own_latency, kP50);
  pod.own_latency_p95 = QuantileOfNanos(c.own_latency, kP95);
  const auto nanos = static_cast<double>(length);
  const double used = c.cpu.UsedAt(state.now);
  const double throttled = c.cpu.ThrottledAt(state.now);
  pod.cpu_usage = (used - c.window_cpu) / nanos;
  pod.throttled_share = (throttled - c.window_throttled) / nanos;
  if (c.pool_full_since != kNever) {
    c.pool_full += state.now - c.pool_full_since;
    c.pool_full_since = state.now;
  }
  pod.pool_full_share = static_cast<double>(c.pool_full) / nanos;
  c.pool_full = 0;
  c.window_cpu = used;
  c.window_throttled = throttled;
  c.own_latency.Clear();
  return pod;
}

}  // namespace trimtab
