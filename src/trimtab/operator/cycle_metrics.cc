#include "trimtab/operator/cycle_metrics.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/kubernetes/object_meta.h"

namespace trimtab {
namespace {

constexpr std::size_t kMostGraphs = 20;  // that are shown, the most frequent ones

std::set<std::string> VerbsOf(const AllocationChange& change) {
  std::set<std::string> verbs;
  if (change.to.replicas != change.from.replicas) verbs.insert("scale");
  if (change.to.container != change.from.container) verbs.insert("resize");
  return verbs;
}

std::string_view ResultOf(const absl::Status& why) {
  switch (why.code()) {
    case absl::StatusCode::kAborted:
      return "stale";
    case absl::StatusCode::kInvalidArgument:
      return "refused";
    case absl::StatusCode::kUnauthenticated:
      return "unauthenticated";
    case absl::StatusCode::kPermissionDenied:
      return "forbidden";
    case absl::StatusCode::kOutOfRange:
      return "expired";
    case absl::StatusCode::kResourceExhausted:
      return "throttled";
    case absl::StatusCode::kInternal:
      return "error";
    case absl::StatusCode::kFailedPrecondition:
      return "conflict";
    default:
      return "unavailable";
  }
}

// Why a decision that was made was not carried out whole.
std::string_view SuppressionOf(Degradation what) {
  switch (what) {
    case Degradation::kStateUnknown:
      return "NotSynced";
    case Degradation::kChangeRefused:
      return "ChangeRefused";
    case Degradation::kRaisesIneffective:
      return "RaiseNotEffective";
    case Degradation::kLowersCancelled:
      return "LowersCancelled";
    case Degradation::kForeignChange:
    case Degradation::kStalePlan:
      return "FieldConflict";
    case Degradation::kJournalDown:
      return "NotRecorded";
    default:
      return "";
  }
}

// Base units of what an action changes; 0 where it leaves that as it is.
double UnitsBetween(ScalingAction action, const MicroserviceAllocation& from,
                    const MicroserviceAllocation& to) {
  switch (action) {
    case ScalingAction::kCpu:
      return InCores(to.container.cpu) - InCores(from.container.cpu);
    case ScalingAction::kMemory:
      return to.container.memory.as_double() - from.container.memory.as_double();
    case ScalingAction::kReplicas:
      return to.replicas - from.replicas;
    default:
      return 0;
  }
}

}  // namespace

void CycleMetrics::Measure(const CycleReport& report) {
  if (report.decision == nullptr || report.application == nullptr) return;
  const Decision& decision = *report.decision;
  MeasurePhases(decision);
  MeasureSamples(decision.observation);
  MeasureActions(decision, *report.application);
  MeasureWaiting(decision, *report.application);
  MeasureSuppressed(report);
  MeasureSensitivity(decision, *report.application);
}

void CycleMetrics::MeasurePhases(const Decision& decision) {
  const auto record = [this](const char* phase, Duration took) {
    // The clock may have been set back meanwhile.
    metrics_.Record(OwnMetric::kReconcileDuration, {phase}, std::max(InSeconds(took), 0.0));
  };
  record("collect", decision.collecting_time);
  record("prepare", decision.planning_time);
  record("record", decision.recording_time);
  if (decision.raises || decision.lowers) record("commit", decision.committing_time);
}

void CycleMetrics::MeasureSamples(const Observation& observation) {
  std::optional<Duration> oldest;
  const auto add = [&oldest](const auto& measured) {
    if (measured) oldest = std::max(oldest.value_or(Duration(0)), measured->age);
  };
  for (const MicroserviceObservation& microservice : observation.microservices) {
    for (const ContainerObservation& container : microservice.containers) {
      add(container.cpu_usage);
      add(container.memory_usage);
      add(container.container_load);
    }
  }
  if (oldest) {
    metrics_.Set(OwnMetric::kSourceSampleAge, {name_space_, app_, "prometheus"},
                 InSeconds(*oldest));
  } else {
    metrics_.Forget(OwnMetric::kSourceSampleAge, {name_space_, app_, "prometheus"});
  }
  std::set<std::string> shown;
  for (const GraphClassObservation& graph : observation.graph_classes) {
    if (shown.size() == kMostGraphs) break;
    metrics_.Set(OwnMetric::kGraphShare, {name_space_, app_, graph.id}, graph.share);
    shown.insert(graph.id);
  }
  for (const std::string& graph : graphs_) {
    if (!shown.contains(graph)) metrics_.Forget(OwnMetric::kGraphShare, {name_space_, app_, graph});
  }
  graphs_ = std::move(shown);
}

void CycleMetrics::Count(const CommitReport& part, Instant at, const Application& application) {
  for (const AllocationChange& change : part.accepted) {
    UnderWay& under_way = under_way_[application.microservice(change.microservice).name];
    under_way.since = at;
    for (const std::string& verb : VerbsOf(change)) {
      metrics_.Raise(OwnMetric::kActions, {verb, "ok"});
      under_way.verbs.insert(verb);
    }
  }
  for (const RefusedChange& refused : part.refused) {
    for (const std::string& verb : VerbsOf(refused.change)) {
      metrics_.Raise(OwnMetric::kActions, {verb, std::string(ResultOf(refused.why))});
    }
  }
}

void CycleMetrics::MeasureActions(const Decision& decision, const Application& application) {
  // What earlier decisions asked for, as this one found it.
  for (std::size_t i = 0; i < decision.states.size(); ++i) {
    const auto found = under_way_.find(application.microservice(MicroserviceId(i)).name);
    if (found == under_way_.end() || !decision.states[i].Effective()) continue;
    for (const std::string& verb : found->second.verbs) {
      metrics_.Record(OwnMetric::kActionDuration, {verb, "ok"},
                      InSeconds(decision.at - found->second.since));
    }
    under_way_.erase(found);
  }
  if (decision.dry_run) return;
  for (const auto* part : {&decision.raises, &decision.lowers}) {
    if (part->has_value()) Count(**part, decision.at, application);
  }
}

void CycleMetrics::MeasureWaiting(const Decision& decision, const Application& application) {
  std::map<std::string, std::string> waiting;
  for (std::size_t i = 0; i < decision.states.size(); ++i) {
    if (decision.states[i].reason.empty()) continue;
    waiting.emplace(application.microservice(MicroserviceId(i)).name,
                    ReasonAndWords(decision.states[i].reason).first);
  }
  for (const auto& [workload, reason] : waiting_) {
    metrics_.Forget(OwnMetric::kWorkloadWaiting, {name_space_, app_, workload, reason});
  }
  for (const auto& [workload, reason] : waiting) {
    metrics_.Set(OwnMetric::kWorkloadWaiting, {name_space_, app_, workload, reason}, 1);
  }
  waiting_ = std::move(waiting);
}

void CycleMetrics::MeasureSuppressed(const CycleReport& report) {
  std::set<std::string> reasons;
  const std::vector<ObjectCondition> conditions = ConditionsOf(report);
  for (const auto& [type, reason] : {std::pair("MetricsAvailable", "StaleMetrics"),
                                     std::pair("TracesAvailable", "StaleTraces")}) {
    const ObjectCondition* source = FindCondition(conditions, type);
    if (source != nullptr && source->status == "False") reasons.insert(reason);
  }
  const ObjectCondition* limited = FindCondition(conditions, "ScalingLimited");
  if (limited != nullptr && limited->status == "True") reasons.insert(limited->reason);
  const ObjectCondition* active = FindCondition(conditions, "ScalingActive");
  if (active != nullptr && active->status == "False" && report.decision->HasChanges()) {
    reasons.insert(active->reason);
  }
  for (const Trouble& trouble : report.decision->troubles) {
    reasons.emplace(SuppressionOf(trouble.what));
  }
  reasons.erase("");
  for (const std::string& reason : reasons) metrics_.Raise(OwnMetric::kActionsSuppressed, {reason});
}

void CycleMetrics::MeasureSensitivity(const Decision& decision, const Application& application) {
  if (!decision.plan || decision.plan->steps.empty()) return;
  const auto show = [&](MicroserviceId id, ScalingAction action, const MicroserviceAllocation& to,
                        Latency gain) {
    const double units = UnitsBetween(action, decision.desired[id], to);
    if (units == 0) return;
    metrics_.Set(OwnMetric::kSensitivity,
                 {name_space_, app_, application.microservice(id).name,
                  std::string(ScalingActionName(action))},
                 InSeconds(gain) / units);
  };
  const PlanStep& first = decision.plan->steps.front();
  for (const PlanAlternative& other : first.alternatives) {
    show(other.microservice, other.action, other.after, other.gain);
  }
  show(first.microservice, first.action, first.after, first.gain);
}

void MeasureResizes(const std::vector<ApplicationView>& views, OwnMetrics& metrics) {
  std::map<std::string, int> pods = {
      {"pending", 0}, {"inprogress", 0}, {"deferred", 0}, {"infeasible", 0}};
  for (const ApplicationView& view : views) {
    for (const WorkloadSight& workload : view.workloads) {
      for (const PodSight& sight : workload.pods) {
        switch (sight.pod->Resize()) {
          case ResizeState::kDone:
            break;
          case ResizeState::kUnseen:
            ++pods["pending"];
            break;
          case ResizeState::kInProgress:
          case ResizeState::kFailed:
            ++pods["inprogress"];
            break;
          case ResizeState::kDeferred:
            ++pods["deferred"];
            break;
          case ResizeState::kInfeasible:
            ++pods["infeasible"];
            break;
        }
      }
    }
  }
  for (const auto& [state, count] : pods) metrics.Set(OwnMetric::kPodResizes, {state}, count);
}

}  // namespace trimtab
