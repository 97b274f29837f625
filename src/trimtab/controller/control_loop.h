// The control loop: Grad's Prepare and Commit around any scaling policy, in any world.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "trimtab/application/application.h"
#include "trimtab/clock/clock.h"
#include "trimtab/controller/commit_watch.h"
#include "trimtab/controller/control_options.h"
#include "trimtab/controller/control_record.h"
#include "trimtab/controller/decision.h"
#include "trimtab/controller/tail_bias.h"
#include "trimtab/controller/world_observer.h"
#include "trimtab/deployment/actuator.h"
#include "trimtab/deployment/safety_limits.h"
#include "trimtab/journal/journal.h"
#include "trimtab/monitoring/metric_source.h"
#include "trimtab/scaling/scaling_policy.h"
#include "trimtab/tracing/trace_source.h"

namespace trimtab {

// A reading of a steady clock. Only differences count.
using Stopwatch = std::function<Duration()>;

// What a loop works on; everything must outlive it. It sees the ports of a world, never the world.
struct ControlParts {
  const Application& application;
  Clock& clock;
  TraceSource& traces;
  MetricSource& metrics;
  Actuator& actuator;
  ScalingPolicy& policy;
  Journal& journal;
};

// Grad V as a loop: observe, predict, prepare, check, commit, verify.
//
// Nothing is done that was not written down before: a decision is in the journal, durably, when its
// first change reaches the actuator. Failure is never a smaller allocation: on any error the last
// applied one stays, and the reason is in the journal and in record(). Raises are committed first;
// the lowers of the same decision follow when every raise is effective and a second look at metrics
// and state says nothing against them (AgainstLowers); they are left out when that takes until the
// next decision. A decision that finds an allocation that this loop has not asked for plans from it
// and changes nothing, and nothing is lowered for one stabilisation window. The first full window
// after a commit that misses the SLA is a reversion: the decision of that moment prepares again,
// from the corrected prediction.
//
// Deterministic: depends on its parts alone; the stopwatch reaches record().planning_times only.
// Thread-safety: one caller at a time. Owns no thread and sleeps only by Clock::WaitUntil.
class ControlLoop {
 public:
  // `stopwatch` measures planning; without one every planning time is 0.
  static absl::StatusOr<std::unique_ptr<ControlLoop>> Create(const ControlParts& parts,
                                                             const ControlOptions& options,
                                                             Stopwatch stopwatch = nullptr);

  // One decision. Lets time pass only to see raises become effective before lowers, no longer than
  // until the next decision is due.
  Decision RunOnce();

  // Decides every interval until `until`, which is as far as time passes, or until the clock is
  // stopped. A decision that comes late does not move the ones after it; what it overran is left
  // out.
  const ControlRecord& Run(Instant until);

  // From the next decision on.
  void set_mode(CommitMode mode) { options_.mode = mode; }

  const ControlRecord& record() const { return record_; }
  const WorldObserver& observer() const { return observer_; }

 private:
  ControlLoop(const ControlParts& parts, const ControlOptions& options, Stopwatch stopwatch,
              WorldObserver observer, SafetyLimits limits);

  void NoticeForeignChange(Decision& decision);
  void Verify(const Decision& decision);
  void Predict(Decision& decision);
  void Prepare(Decision& decision);
  void Check(Decision& decision);
  bool Record(Decision& decision);
  void Commit(Decision& decision);
  void CommitLowers(Decision& decision);
  bool WaitUntilEffective(const std::vector<AllocationChange>& raises, Instant deadline);
  void ReportRefusals(const CommitReport& report, Decision& decision);
  void Finish(Decision& decision);

  ControlParts parts_;
  ControlOptions options_;
  Stopwatch stopwatch_;
  WorldObserver observer_;
  SafetyLimits limits_;
  TailBias bias_;
  CommitWatch watch_;
  int graph_version_ = 0;
  std::optional<Allocation> asked_;  // of the world, by the last decision that knew its state
  ControlRecord record_;
};

}  // namespace trimtab
