// Gathers what a decision starts from: deployed state, metrics and traces of one moment.
#pragma once

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "trimtab/application/application.h"
#include "trimtab/controller/control_options.h"
#include "trimtab/controller/decision.h"
#include "trimtab/deployment/actuator.h"
#include "trimtab/monitoring/metric_source.h"
#include "trimtab/monitoring/monitor.h"
#include "trimtab/monitoring/tail_tracker.h"
#include "trimtab/tracing/trace_source.h"

namespace trimtab {

// The first step of Prepare (Grad V): the Monitor gathers the environment and the deployment
// configuration, the Tracing Coordinator the tails. The three sources fail apart: without metrics
// or without the deployed state the decision is held, without traces it goes on and nothing is
// lowered. Thread-safety: one caller at a time.
class WorldObserver {
 public:
  // The ports and `application` must outlive the observer.
  static absl::StatusOr<WorldObserver> Create(const Application& application, TraceSource& traces,
                                              MetricSource& metrics, Actuator& actuator,
                                              const ControlOptions& options);

  // Fills what `decision.at` can know of the world.
  void Observe(Decision& decision);

  const TailTracker& tails() const { return *tails_; }
  const Monitor& monitor() const { return monitor_; }

 private:
  WorldObserver(const Application& application, TraceSource& traces, MetricSource& metrics,
                Actuator& actuator, Duration interval, Monitor monitor,
                std::unique_ptr<TailTracker> tails)
      : application_(&application),
        trace_source_(&traces),
        metric_source_(&metrics),
        actuator_(&actuator),
        interval_(interval),
        monitor_(monitor),
        tails_(std::move(tails)) {}

  void CheckClock(Decision& decision);
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
  std::optional<Instant> last_;             // of the last observation
  std::optional<Instant> steady_again_at_;  // after a jump of the clock
};

}  // namespace trimtab
