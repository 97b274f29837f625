// A world without queues: every port of the control loop, answering from a few numbers.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "trimtab/clock/clock.h"
#include "trimtab/deployment/testing/fake_actuator.h"
#include "trimtab/journal/journal.h"
#include "trimtab/monitoring/metric_source.h"
#include "trimtab/scaling/scaling_policy.h"
#include "trimtab/tracing/trace_source.h"

namespace trimtab {

class FakeClock : public Clock {
 public:
  Instant Now() const override { return now; }
  bool WaitUntil(Instant instant) override {
    if (stopped) return false;
    now = std::max(now, instant);
    if (on_wait) on_wait();
    return true;
  }

  Instant now{std::chrono::seconds(1000)};
  bool stopped = false;
  std::function<void()> on_wait;
};

// One container per ready replica on one host of 32 cores; each uses a tenth of its CPU limit and
// serves an equal part of the load. Counters have run since time 0 and are scraped every 15 s.
class FakeMetrics : public MetricSource {
 public:
  explicit FakeMetrics(const FakeActuator& actuator) : actuator_(actuator) {}

  absl::StatusOr<MetricSnapshot> Read(Instant now, Duration window) override {
    if (!error.ok()) return error;
    MetricSnapshot snapshot;
    snapshot.at = now;
    double cpu = 0;
    for (std::size_t i = 0; i < actuator_.states.size(); ++i) {
      const MicroserviceState& state = actuator_.states[i];
      for (int replica = 0; replica < state.ready; ++replica) {
        ContainerMetrics container;
        container.pod = fmt::format("m{}-{}", i, replica);
        container.microservice = MicroserviceId(i);
        container.ready = true;
        container.ready_since = ready_since;
        container.limits = state.desired.container;
        const double use = 0.1 * InCores(state.desired.container.cpu);
        cpu += use;
        container.cpu_seconds = Counter(use, now, window);
        container.memory_working_set = Gauge(memory, now);
        container.requests = Counter(load / state.ready, now, window);
        snapshot.containers.push_back(container);
      }
    }
    HostMetrics host;
    host.name = "node-0";
    host.allocatable_cpu = Cores(32);
    host.allocatable_memory = Gibibytes(64);
    host.cpu_seconds = Counter(cpu, now, window);
    host.memory_used = Gauge(5e8, now);
    snapshot.hosts.push_back(host);
    snapshot.application_requests = Counter(load, now, window);
    if (!gap.empty()) snapshot.gaps.push_back(gap);
    for (ContainerMetrics& container : snapshot.containers) {
      if (!silent_pods.contains(container.pod)) continue;
      container.cpu_seconds.clear();
      container.memory_working_set.clear();
      container.requests.clear();
    }
    if (lose_request_counter && !snapshot.containers.empty()) {
      snapshot.containers.front().requests.clear();
    }
    return snapshot;
  }

  double load = 100;
  double memory = 5e7;  // bytes, of each container
  absl::Status error;
  bool lose_request_counter = false;
  std::string gap;                     // words of the source, when there are any
  std::set<std::string> silent_pods;   // that have no samples
  std::optional<Instant> ready_since;  // of each container

 private:
  static constexpr std::int64_t kScrape = 15;
  static Instant NewestScrape(Instant now) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
    return Instant(std::chrono::seconds(seconds / kScrape * kScrape));
  }
  static MetricSeries Counter(double per_second, Instant now, Duration window) {
    MetricSeries series;
    for (Instant at = NewestScrape(now); at > now - window; at -= std::chrono::seconds(kScrape)) {
      series.insert(series.begin(), {at, per_second * InSeconds(at.time_since_epoch())});
    }
    return series;
  }
  static MetricSeries Gauge(double value, Instant now) { return {{NewestScrape(now), value}}; }

  const FakeActuator& actuator_;
};

// Ten traces a second of one span each, all of the same duration.
class FakeTraces : public TraceSource {
 public:
  absl::Status Read(Instant now, const std::function<void(const Span&)>& sink) override {
    if (!error.ok()) return error;
    for (; next_ + tail <= now; next_ += std::chrono::milliseconds(100)) {
      sink({{0, ++traces_}, 1, 0, service, "m0-0", "get", SpanKind::kServer, next_, tail});
    }
    return absl::OkStatus();
  }
  double sampling_share() const override { return 1; }
  SpanAccount account() const override { return lost; }

  SpanAccount lost;
  Duration tail = std::chrono::milliseconds(200);
  std::string service = "m0";
  absl::Status error;

 private:
  Instant next_{std::chrono::seconds(900)};
  std::uint64_t traces_ = 0;
};

// Calls a function that the test sets.
class FakePolicy : public ScalingPolicy {
 public:
  std::string_view name() const override { return "fake"; }
  absl::StatusOr<Plan> MakePlan(const PlanningInput& input) override {
    ++calls;
    scale_down_allowed = input.scale_down_allowed;
    tail_correction = input.tail_correction;
    gaps = input.observation.gaps;
    measured = input.observation.measured_tail_latency;
    if (make) return make(input);
    Plan plan;
    plan.target = input.desired;
    plan.predicted_tail_latency = Latency(predicted * input.tail_correction);
    return plan;
  }

  std::function<absl::StatusOr<Plan>(const PlanningInput&)> make;
  double predicted = 200;  // ms, of the default plan, which keeps what is

  // Of the last call.
  int calls = 0;
  bool scale_down_allowed = false;
  double tail_correction = 0;
  std::vector<std::string> gaps;
  std::optional<Latency> measured;
};

class FakeJournal : public Journal {
 public:
  absl::StatusOr<std::int64_t> Append(const DecisionEntry& entry) override {
    if (!error.ok()) return error;
    entries.push_back(entry);
    return static_cast<std::int64_t>(entries.size());
  }
  absl::Status AppendOutcome(std::int64_t decision, OutcomeKind kind, Instant /*at*/,
                             const std::string& body) override {
    if (!outcome_error.ok()) return outcome_error;
    outcomes.push_back({decision, kind, body});
    return absl::OkStatus();
  }

  struct Outcome {
    std::int64_t decision;
    OutcomeKind kind;
    std::string body;
  };
  std::vector<DecisionEntry> entries;
  std::vector<Outcome> outcomes;
  absl::Status error;
  absl::Status outcome_error;
};

}  // namespace trimtab
