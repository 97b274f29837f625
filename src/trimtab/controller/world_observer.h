// Gathers what a decision starts from: deployed state, metrics and traces of one moment.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/application/application.h"
#include "trimtab/controller/control_options.h"
#include "trimtab/controller/decision.h"
#include "trimtab/controller/window_rules.h"
#include "trimtab/deployment/actuator.h"
#include "trimtab/monitoring/metric_source.h"
#include "trimtab/monitoring/monitor.h"
#include "trimtab/monitoring/tail_tracker.h"
#include "trimtab/tracing/trace_source.h"

namespace trimtab {

// The first step of Prepare (Grad V): the Monitor gathers the environment and the deployment
// configuration, the Tracing Coordinator the tails. The three sources fail apart: without metrics
// or without the deployed state the decision is held, without traces it goes on and nothing is
// lowered. A window of traces that is not the whole truth (WindowRules) lowers nothing either.
// Thread-safety: one caller at a time.
class WorldObserver {
 public:
  // The ports and `application` must outlive the observer.
  static absl::StatusOr<WorldObserver> Create(const Application& application, TraceSource& traces,
                                              MetricSource& metrics, Actuator& actuator,
                                              const ControlOptions& options);

  // Fills what `decision.at` can know of the world.
  void Observe(Decision& decision);

  // The world a little later: deployed state and metrics, without traces, which say nothing of a
  // change that young.
  struct SecondLook {
    std::vector<MicroserviceState> states;
    Observation observation;
    bool lost_spans = false;  // since Observe()
  };
  absl::StatusOr<SecondLook> LookAgain(Instant now);

  const TailTracker& tails() const { return *tails_; }
  const Monitor& monitor() const { return monitor_; }

 private:
  // How many windows back the counter of requests is known: the window ends a settle delay ago.
  static constexpr int kCounterWindows = 4;

  WorldObserver(const Application& application, TraceSource& traces, MetricSource& metrics,
                Actuator& actuator, const ControlOptions& options, Monitor monitor,
                std::unique_ptr<TailTracker> tails)
      : application_(&application),
        trace_source_(&traces),
        metric_source_(&metrics),
        actuator_(&actuator),
        interval_(options.interval),
        monitor_(monitor),
        tails_(std::move(tails)),
        rules_(options.windows),
        requests_(kCounterWindows * options.tails.window) {}

  void CheckClock(Decision& decision);
  void CheckWindow(Decision& decision);
  absl::StatusOr<std::vector<MicroserviceState>> States();
  void ReadMetrics(Decision& decision);
  void ReadState(Decision& decision);
  void ReadTraces(Decision& decision);

  const Application* application_;
  TraceSource* trace_source_;
  MetricSource* metric_source_;
  Actuator* actuator_;
  Duration interval_;
  Monitor monitor_;
  std::unique_ptr<TailTracker> tails_;
  WindowRules rules_;
  CounterHistory requests_;                 // of the application's entry
  std::optional<Instant> last_;             // of the last observation
  std::optional<Instant> steady_again_at_;  // after a jump of the clock
};

}  // namespace trimtab
