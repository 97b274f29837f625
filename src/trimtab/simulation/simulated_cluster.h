// The simulated cluster as a world: one scenario, one load, and the five ports of the house.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "trimtab/application/application.h"
#include "trimtab/quantity/time.h"
#include "trimtab/simulation/event_loop.h"
#include "trimtab/simulation/hosted_replicas.h"
#include "trimtab/simulation/scenario.h"
#include "trimtab/simulation/simulated_actuator.h"
#include "trimtab/simulation/simulated_anomalies.h"
#include "trimtab/simulation/simulated_clock.h"
#include "trimtab/simulation/simulated_metrics.h"
#include "trimtab/simulation/simulated_traces.h"
#include "trimtab/simulation/window_recorder.h"
#include "trimtab/workload/load_series.h"

namespace trimtab {

struct SimulatedClusterOptions {
  // Decides what happens.
  std::uint64_t seed = 1;
  StepSeries load = StepSeries::Constant(0);  // requests per second, all operations
  std::optional<Instant> end;                 // of the world; WaitUntil() beyond it says false
  // Replicas are placed, sized and removed by the owner through hosted(), and requests come only
  // from BeginRequests() on. The actuator then has nothing to act on.
  bool is_hosted = false;

  // Decides what is seen of it.
  double span_share = 0.01;  // of the requests that are traced
  Duration reporting_delay{std::chrono::seconds(2)};
  Duration scrape_interval{std::chrono::seconds(5)};  // 0: no metrics
  Duration scrape_lag{std::chrono::seconds(1)};
  Duration retention{std::chrono::minutes(5)};  // of scraped metrics
  Duration window{std::chrono::seconds(60)};
  std::function<void(const WindowRecord&)> on_window;  // at the end of each; may be absent

  // kInvalidArgument names every violation.
  absl::Status Validate() const;
};

// Time passes only in clock().WaitUntil(); everything else acts or reads at the present instant.
// Two clusters of equal scenario, options and calls give the same bytes. What is seen changes
// nothing: span share, scrapes and windows do not change one latency.
// Memory: independent of simulated time; some 20 KiB a container, half of it its histogram.
// Thread-safety: none; clusters are independent of each other.
class SimulatedCluster {
 public:
  // Owns a copy of the scenario. kInvalidArgument with every violation of scenario and options, or
  // when the initial allocation does not fit on the hosts.
  static absl::StatusOr<std::unique_ptr<SimulatedCluster>> Create(ClusterScenario scenario,
                                                                  SimulatedClusterOptions options);
  SimulatedCluster(const SimulatedCluster&) = delete;
  SimulatedCluster& operator=(const SimulatedCluster&) = delete;

  SimulatedClock& clock() { return *clock_; }
  SimulatedTraces& traces() { return *traces_; }
  SimulatedMetrics& metrics() { return *metrics_; }
  SimulatedActuator& actuator() { return *actuator_; }
  SimulatedAnomalies& anomalies() { return *anomalies_; }
  // REQUIRES: is_hosted, for both.
  HostedReplicas& hosted() { return *hosted_; }
  void BeginRequests() { loop_->BeginRequests(); }

  const ClusterScenario& scenario() const { return scenario_; }
  const Application& application() const { return application_; }
  // Of the whole run.
  std::uint64_t events() const { return loop_->state().processed_events; }
  std::uint64_t arrivals() const { return loop_->requests().arrivals(); }
  std::uint64_t ended() const { return loop_->requests().ended(); }
  // Equal runs have equal digests of all end-to-end latencies.
  std::uint64_t latency_digest() const { return loop_->requests().digest(); }
  // For oracles and samplers inside the room.
  EventLoop& loop() { return *loop_; }

 private:
  SimulatedCluster(ClusterScenario scenario, SimulatedClusterOptions options,
                   Application application);
  absl::Status Start();
  void Handle(EventKind kind);

  const ClusterScenario scenario_;
  const SimulatedClusterOptions options_;
  const Application application_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<SimulatedClock> clock_;
  std::unique_ptr<SimulatedTraces> traces_;
  std::unique_ptr<SimulatedMetrics> metrics_;
  std::unique_ptr<SimulatedActuator> actuator_;
  std::unique_ptr<SimulatedAnomalies> anomalies_;
  std::unique_ptr<HostedReplicas> hosted_;
  std::unique_ptr<WindowRecorder> windows_;
};

}  // namespace trimtab
