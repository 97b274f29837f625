#include <algorithm>
#include <string>

#include "fmt/format.h"
#include "trimtab/operator/app_loop.h"

namespace trimtab {
namespace {

struct Directions {
  bool raises_replicas = false;
  bool lowers_replicas = false;
  bool resizes = false;
};

Directions DirectionsOf(const CommitReport& report) {
  Directions directions;
  for (const AllocationChange& change : report.accepted) {
    directions.raises_replicas |= change.to.replicas > change.from.replicas;
    directions.lowers_replicas |= change.to.replicas < change.from.replicas;
    directions.resizes |= change.to.container != change.from.container;
  }
  return directions;
}

std::string_view DirectionOf(const Decision& decision) {
  if (!decision.changes.raises.empty()) return "up";
  return decision.changes.lowers.empty() ? "none" : "down";
}

}  // namespace

void AppLoop::Tell(const CycleReport& report) {
  if (!report.rivals.empty()) events_.Warn(report.rivals[0].reason, "Stop", report.rivals[0].words);
  if (!report.spec.ok()) events_.Warn("InvalidSpec", "Read", std::string(report.spec.message()));
  if (report.decision == nullptr) return;
  const Decision& decision = *report.decision;
  const std::string summary = SummaryOf(decision, *report.application);
  const std::string_view reason = ReasonOf(decision, report.scaler->objective.latency);
  if (!summary.empty() && !report.applies) {
    events_.Normal("Recommendation", "Recommend", summary);
  }
  if (report.applies) {
    for (const auto* part : {&decision.raises, &decision.lowers}) {
      if (!part->has_value()) continue;
      const Directions directions = DirectionsOf(**part);
      if (directions.raises_replicas) events_.Normal("ScaledUp", "Scale", summary);
      if (directions.lowers_replicas) events_.Normal("ScaledDown", "Scale", summary);
      if (directions.resizes) events_.Normal("Resized", "Resize", summary);
    }
  }
  for (const Trouble& trouble : decision.troubles) {
    if (trouble.what == Degradation::kMetricsDown) {
      events_.Warn("MetricsUnavailable", "Observe", trouble.words);
    } else if (trouble.what == Degradation::kForeignChange) {
      events_.Warn("ChangedByOthers", "Observe", trouble.words);
    } else if (trouble.what == Degradation::kChangeRefused) {
      events_.Warn("ChangeRefused", "Commit", trouble.words);
    } else if (trouble.what == Degradation::kRaisesIneffective) {
      events_.Warn("RaiseNotEffective", "Commit", trouble.words);
    }
  }
  if (decision.plan && !decision.plan->feasible) {
    events_.Warn("ScalingLimited", "Plan", decision.plan->summary.message);
  }
  const auto& measured = decision.observation.measured_tail_latency;
  const Latency target = report.scaler->objective.latency;
  if (measured && *measured > target) {
    events_.Warn("ObjectiveMissed", "Observe",
                 fmt::format("{:.0f} ms measured, {:.0f} ms promised", InMilliseconds(*measured),
                             InMilliseconds(target)));
  }
  if (summary.empty()) return;
  parts_.log.Info("decision", {{"namespace", name_space_},
                               {"app", name_},
                               {"decision_id", std::to_string(decision.id)},
                               {"mode", report.applies ? "Apply" : "Recommend"},
                               {"reason", std::string(reason)},
                               {"summary", summary}});
}

void AppLoop::Measure(const CycleReport& report) {
  OwnMetrics& metrics = parts_.metrics;
  cycle_metrics_.Measure(report);
  const OwnMetrics::LabelValues app = {name_space_, name_};
  const auto paused = static_cast<double>(report.is_paused);
  const auto conflict = static_cast<double>(!report.rivals.empty());
  std::string_view result = "undecided";
  if (report.decision != nullptr) result = report.decision->held ? "held" : "decided";
  metrics.Raise(OwnMetric::kReconciles, {std::string(result)});
  if (report.scaler == nullptr) return;
  const Latency target = report.scaler->objective.latency;
  metrics.Set(OwnMetric::kLatencyTarget, app, InSeconds(target));
  for (const ScaledWorkload& workload : report.scaler->workloads) {
    const OwnMetrics::LabelValues labels = {name_space_, name_, workload.name};
    metrics.Set(OwnMetric::kWorkloadPaused, labels, paused);
    metrics.Set(OwnMetric::kWorkloadConflict, labels, conflict);
  }
  model_metrics_.Show(parts_.workload_models(*report.scaler));
  if (report.decision == nullptr) return;
  const Decision& decision = *report.decision;
  model_metrics_.Count(decision.observation, *report.application);
  const std::string mode(
      ScalerModeName(report.applies ? ScalerMode::kApply : ScalerMode::kRecommend));
  metrics.Raise(OwnMetric::kDecisions, {std::string(DirectionOf(decision)),
                                        std::string(ReasonOf(decision, target)), mode});
  if (const auto& measured = decision.observation.measured_tail_latency) {
    metrics.Set(OwnMetric::kLatencyObserved, app, InSeconds(*measured));
    metrics.Set(OwnMetric::kObjectiveMet, app, *measured <= target ? 1 : 0);
    const Duration since = last_cycle_ == Instant{} ? Duration(0) : report.at - last_cycle_;
    metrics.Raise(OwnMetric::kObjectiveViolation, app, *measured > target ? InSeconds(since) : 0);
  } else {
    metrics.Forget(OwnMetric::kLatencyObserved, app);
    metrics.Forget(OwnMetric::kObjectiveMet, app);
  }
  if (decision.plan && decision.plan->predicted_tail_latency) {
    metrics.Set(OwnMetric::kLatencyPredicted, app,
                InSeconds(*decision.plan->predicted_tail_latency));
  } else {
    metrics.Forget(OwnMetric::kLatencyPredicted, app);
  }
  if (decision.plan) {
    metrics.Record(OwnMetric::kPrepareIterations, {}, decision.plan->summary.iterations);
  }
  if (const auto& load = decision.observation.application_load) {
    metrics.Set(OwnMetric::kRequestRate, app, load->value());
  } else {
    metrics.Forget(OwnMetric::kRequestRate, app);
  }
  for (std::size_t i = 0; i < decision.states.size(); ++i) {
    const MicroserviceId id(i);
    const MicroserviceAllocation now = decision.states[i].desired;
    const MicroserviceAllocation want = decision.safe ? decision.safe->target[id] : now;
    const std::string& name = report.application->microservice(id).name;
    const OwnMetrics::LabelValues workload = {name_space_, name_, name};
    // The size of a pod is that of its scaled containers together.
    const OwnMetrics::LabelValues container = {name_space_, name_, name, ""};
    metrics.Set(OwnMetric::kReplicasCurrent, workload, decision.states[i].ready);
    metrics.Set(OwnMetric::kReplicasDesired, workload, want.replicas);
    metrics.Set(OwnMetric::kCpuCurrent, container, InCores(now.container.cpu));
    metrics.Set(OwnMetric::kCpuDesired, container, InCores(want.container.cpu));
    metrics.Set(OwnMetric::kMemoryCurrent, container, now.container.memory.as_double());
    metrics.Set(OwnMetric::kMemoryDesired, container, want.container.memory.as_double());
  }
}

}  // namespace trimtab
