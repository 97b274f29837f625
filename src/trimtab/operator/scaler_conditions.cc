#include "trimtab/operator/scaler_conditions.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <string_view>
#include <utility>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

constexpr std::string_view kTrue = "True";
constexpr std::string_view kFalse = "False";
constexpr std::string_view kUnknown = "Unknown";
constexpr std::size_t kLongestMessage = 1024;

ObjectCondition Condition(std::string_view type, std::string_view status, std::string_view reason,
                          std::string_view message = "") {
  return {.type = std::string(type),
          .status = std::string(status),
          .reason = std::string(reason),
          .message = std::string(message.substr(0, kLongestMessage))};
}

std::string Words(const absl::Status& status) { return std::string(status.message()); }

const Trouble* Find(const Decision& decision, Degradation what) {
  const auto found = std::ranges::find(decision.troubles, what, &Trouble::what);
  return found == decision.troubles.end() ? nullptr : &*found;
}

bool IsOfTraces(const std::string& gap) { return gap.starts_with("trace"); }

std::string GapsOf(const Decision& decision, bool of_traces) {
  std::vector<std::string> gaps;
  for (const std::string& gap : decision.observation.gaps) {
    if (gap.starts_with(kFreezePrefix)) continue;
    if (IsOfTraces(gap) == of_traces) gaps.push_back(gap);
  }
  return fmt::format("{}", fmt::join(gaps, "; "));
}

ObjectCondition Ready(const CycleReport& report) {
  constexpr std::string_view kType = "Ready";
  if (!report.spec.ok()) return Condition(kType, kFalse, "InvalidSpec", Words(report.spec));
  if (absl::IsNotFound(report.world)) {
    return Condition(kType, kFalse, "WorkloadNotFound", Words(report.world));
  }
  if (!report.world.ok()) return Condition(kType, kFalse, "NotSynced", Words(report.world));
  if (!report.model.ok()) return Condition(kType, kFalse, "ModelNotTrained", Words(report.model));
  if (report.decision == nullptr || !report.decision->held ||
      report.decision->Has(Degradation::kForeignChange)) {
    return Condition(kType, kTrue, "Reconciled");
  }
  const Trouble& trouble = report.decision->troubles.back();
  return Condition(kType, kFalse, "NoData",
                   fmt::format("{}: {}", DegradationName(trouble.what), trouble.words));
}

ObjectCondition Metrics(const CycleReport& report) {
  constexpr std::string_view kType = "MetricsAvailable";
  if (report.decision == nullptr) return Condition(kType, kUnknown, "NoData");
  if (const Trouble* down = Find(*report.decision, Degradation::kMetricsDown)) {
    return Condition(kType, kFalse, "NoData", down->words);
  }
  const std::string gaps = GapsOf(*report.decision, false);
  if (!gaps.empty()) return Condition(kType, kFalse, "StaleMetrics", gaps);
  return Condition(kType, kTrue, "Available");
}

ObjectCondition Traces(const CycleReport& report) {
  constexpr std::string_view kType = "TracesAvailable";
  if (report.decision == nullptr) return Condition(kType, kUnknown, "NoData");
  if (const Trouble* down = Find(*report.decision, Degradation::kTracesDown)) {
    return Condition(kType, kFalse, "NoData", down->words);
  }
  const std::string gaps = GapsOf(*report.decision, true);
  if (!gaps.empty()) return Condition(kType, kFalse, "NoData", gaps);
  return Condition(kType, kTrue, "Available");
}

ObjectCondition Objective(const CycleReport& report) {
  constexpr std::string_view kType = "ObjectiveMet";
  if (report.decision == nullptr || report.scaler == nullptr ||
      !report.decision->observation.measured_tail_latency) {
    return Condition(kType, kUnknown, "NoData");
  }
  const Latency measured = *report.decision->observation.measured_tail_latency;
  const Latency target = report.scaler->objective.latency;
  if (measured <= target) return Condition(kType, kTrue, "WithinTolerance");
  return Condition(kType, kFalse, "ObservedAboveTarget",
                   fmt::format("{:.0f} ms measured, {:.0f} ms promised", InMilliseconds(measured),
                               InMilliseconds(target)));
}

ObjectCondition AbleToScale(const CycleReport& report) {
  constexpr std::string_view kType = "AbleToScale";
  if (report.decision == nullptr) return Condition(kType, kUnknown, "NoData");
  const Decision& decision = *report.decision;
  for (std::size_t i = 0; i < decision.states.size(); ++i) {
    if (decision.states[i].reason.empty() || report.application == nullptr) continue;
    const auto [reason, words] = ReasonAndWords(decision.states[i].reason);
    const std::string& name = report.application->microservice(MicroserviceId(i)).name;
    return Condition(kType, kFalse, reason, fmt::format("{}: {}", name, words));
  }
  constexpr std::pair<Degradation, std::string_view> kReasons[] = {
      {Degradation::kChangeRefused, "ChangeRefused"},
      {Degradation::kStalePlan, "FieldConflict"},
      {Degradation::kForeignChange, "ChangedByOthers"},
      {Degradation::kRaisesIneffective, "RaiseNotEffective"},
      {Degradation::kLowersCancelled, "LowersCancelled"},
      {Degradation::kJournalDown, "NotRecorded"}};
  for (const auto& [what, reason] : kReasons) {
    const Trouble* trouble = Find(decision, what);
    if (trouble != nullptr) return Condition(kType, kFalse, reason, trouble->words);
  }
  return Condition(kType, kTrue, "ReadyForNewScale");
}

ObjectCondition ScalingActive(const CycleReport& report) {
  constexpr std::string_view kType = "ScalingActive";
  if (report.is_paused) return Condition(kType, kFalse, "Paused", report.paused_reason);
  if (!report.rivals.empty() && !report.applies) {
    return Condition(kType, kFalse, report.rivals[0].reason, report.rivals[0].words);
  }
  if (!report.applies) {
    return Condition(
        kType, kFalse, "RecommendOnly",
        report.may_apply ? "spec.mode is Recommend" : "the process runs with --mode Recommend");
  }
  if (report.decision == nullptr ||
      (report.decision->held && !report.decision->Has(Degradation::kForeignChange))) {
    return Condition(kType, kFalse, "NoData", "the last allocation stays");
  }
  if (!report.freezes.empty()) {
    return Condition(kType, kTrue, "StabilizationWindow",
                     fmt::format("nothing is lowered: {}", fmt::join(report.freezes, "; ")));
  }
  return Condition(kType, kTrue, "Reconciled");
}

std::string_view LimitReason(const AppliedLimit& applied, const Microservice& microservice) {
  switch (applied.limit) {
    case SafetyLimit::kBounds: {
      const ScalingBounds& bounds = microservice.bounds;
      if (applied.wanted.replicas > bounds.most_replicas) return "MaxReplicas";
      if (applied.wanted.replicas < bounds.fewest_replicas) return "MinReplicas";
      if (applied.wanted.container.cpu > bounds.largest.cpu) return "MaxCPU";
      if (applied.wanted.container.memory > bounds.largest.memory) return "MaxMemory";
      return applied.wanted.container.cpu < bounds.smallest.cpu ? "MinCPU" : "MinMemory";
    }
    case SafetyLimit::kStabilisation:
    case SafetyLimit::kStarting:
      return "StabilizationWindow";
    case SafetyLimit::kMissingMetrics:
      return "StaleMetrics";
    case SafetyLimit::kTolerance:
      return "WithinTolerance";
    case SafetyLimit::kThrottled:
      return "Throttled";
    case SafetyLimit::kMemoryPeak:
      return "MemoryPeak";
    default:
      return "RateLimited";
  }
}

// What of the bounds a plan that does not hold the promise runs into.
std::string_view BindingReason(const MicroserviceAllocation& target, const ScalingBounds& bounds) {
  if (target.replicas >= bounds.most_replicas) return "MaxReplicas";
  if (target.container.cpu >= bounds.largest.cpu) return "MaxCPU";
  return target.container.memory >= bounds.largest.memory ? "MaxMemory" : "NodeCapacity";
}

ObjectCondition ScalingLimited(const CycleReport& report) {
  constexpr std::string_view kType = "ScalingLimited";
  if (report.decision == nullptr || report.application == nullptr) {
    return Condition(kType, kUnknown, "NoData");
  }
  const Decision& decision = *report.decision;
  if (decision.plan && !decision.plan->feasible) {
    std::string_view reason = "NodeCapacity";
    if (!decision.plan->binding.empty()) {
      const MicroserviceId id = decision.plan->binding[0];
      reason =
          BindingReason(decision.plan->target[id], report.application->microservice(id).bounds);
    }
    return Condition(kType, kTrue, reason,
                     fmt::format("the objective is not expected to be met within the bounds: {}",
                                 decision.plan->summary.message));
  }
  if (!decision.safe || decision.safe->limits.empty()) {
    return Condition(kType, kFalse, "WithinBounds");
  }
  const AppliedLimit& limit = decision.safe->limits.front();
  const Microservice& microservice = report.application->microservice(limit.microservice);
  return Condition(kType, kTrue, LimitReason(limit, microservice),
                   fmt::format("{}: {}", microservice.name, SafetyLimitName(limit.limit)));
}

std::string WithoutNumbers(std::string_view text) {
  std::string rest;
  for (const char c : text) {
    if (std::isdigit(static_cast<unsigned char>(c)) == 0 && c != '.') rest += c;
  }
  return rest;
}

bool IsNear(const std::optional<Latency>& a, const std::optional<Latency>& b) {
  if (!a || !b) return a.has_value() == b.has_value();
  return std::abs(a->count() - b->count()) <= 0.05 * a->count();
}

std::vector<WorkloadStatus> WorkloadsOf(const CycleReport& report) {
  const Decision& decision = *report.decision;
  std::vector<WorkloadStatus> workloads;
  for (std::size_t i = 0; i < decision.states.size(); ++i) {
    const MicroserviceId id(i);
    const MicroserviceState& state = decision.states[i];
    const Microservice& microservice = report.application->microservice(id);
    WorkloadStatus status{.name = microservice.name, .current = state.desired};
    status.current->replicas = state.ready;
    status.desired = decision.safe ? decision.safe->target[id] : state.desired;
    if (decision.safe) {
      for (const AppliedLimit& limit : decision.safe->limits) {
        if (limit.microservice != id) continue;
        const std::string reason(LimitReason(limit, microservice));
        if (std::ranges::find(status.limited_by, reason) == status.limited_by.end()) {
          status.limited_by.push_back(reason);
        }
      }
    }
    if (i < report.fixed.size()) status.notes = report.fixed[i].notes;
    workloads.push_back(std::move(status));
  }
  return workloads;
}

std::string AllocationText(const MicroserviceAllocation& allocation) {
  return fmt::format("{} x {}/{}", allocation.replicas, FormatCpu(allocation.container.cpu),
                     FormatMemory(allocation.container.memory));
}

}  // namespace

std::pair<std::string, std::string> ReasonAndWords(const std::string& text) {
  const std::size_t colon = text.find(':');
  const std::string_view word = std::string_view(text).substr(0, colon);
  const bool is_word = colon != text.npos && !word.empty() &&
                       std::isupper(static_cast<unsigned char>(word[0])) != 0 &&
                       std::ranges::all_of(word, [](unsigned char c) { return std::isalpha(c); });
  if (is_word) return {std::string(word), text};
  return {"ChangeRefused", text};
}

std::vector<ObjectCondition> ConditionsOf(const CycleReport& report) {
  std::vector<ObjectCondition> conditions = {Ready(report), Metrics(report), Traces(report)};
  conditions.push_back(
      report.model.ok() ? Condition("ModelReady", kTrue, "Trained")
                        : Condition("ModelReady", kFalse, "ModelNotTrained", Words(report.model)));
  conditions.push_back(Objective(report));
  conditions.push_back(AbleToScale(report));
  conditions.push_back(ScalingActive(report));
  conditions.push_back(ScalingLimited(report));
  conditions.push_back(report.rivals.empty() ? Condition("Conflict", kFalse, "NoRival")
                                             : Condition("Conflict", kTrue, report.rivals[0].reason,
                                                         report.rivals[0].words));
  conditions.push_back(report.is_paused ? Condition("Paused", kTrue, "Paused", report.paused_reason)
                                        : Condition("Paused", kFalse, "NotPaused"));
  for (ObjectCondition& condition : conditions) condition.observed_generation = report.generation;
  return conditions;
}

std::vector<ObjectCondition> Merged(const std::vector<ObjectCondition>& before,
                                    std::vector<ObjectCondition> now, Instant at) {
  for (ObjectCondition& condition : now) {
    const ObjectCondition* old = FindCondition(before, condition.type);
    const bool same = old != nullptr && old->status == condition.status;
    condition.since = same && old->since ? old->since : at;
    if (same && old->reason == condition.reason &&
        WithoutNumbers(old->message) == WithoutNumbers(condition.message)) {
      condition.message = old->message;
    }
  }
  return now;
}

std::string SummaryOf(const Decision& decision, const Application& application) {
  constexpr std::size_t kMostNamed = 5;
  if (!decision.safe) return "";
  std::vector<std::string> parts;
  std::size_t changes = 0;
  for (const AllocationChange& change : Diff(decision.desired, decision.safe->target)) {
    if (++changes > kMostNamed) continue;
    parts.push_back(fmt::format("{} {} -> {}", application.microservice(change.microservice).name,
                                AllocationText(change.from), AllocationText(change.to)));
  }
  if (changes > kMostNamed) parts.push_back(fmt::format("and {} more", changes - kMostNamed));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string_view ReasonOf(const Decision& decision, Latency target) {
  if (decision.Has(Degradation::kForeignChange)) return "ChangedByOthers";
  if (decision.held || !decision.plan) return "NoData";
  if (!decision.changes.raises.empty()) {
    const auto& measured = decision.observation.measured_tail_latency;
    return measured && *measured > target ? "ObservedAboveTarget" : "PredictedAboveTarget";
  }
  return decision.changes.lowers.empty() ? "WithinTolerance" : "SlackAvailable";
}

void Report(const CycleReport& report, AppScalerStatus& status) {
  status.observed_generation = report.generation;
  status.mode =
      std::string(ScalerModeName(report.applies ? ScalerMode::kApply : ScalerMode::kRecommend));
  status.conditions = Merged(status.conditions, ConditionsOf(report), report.at);
  if (report.decision == nullptr || report.scaler == nullptr || report.application == nullptr) {
    return;
  }
  const Decision& decision = *report.decision;
  const std::optional<Latency> observed = decision.observation.measured_tail_latency;
  const std::optional<Latency> predicted =
      decision.plan ? decision.plan->predicted_tail_latency : std::nullopt;
  const Latency target = report.scaler->objective.latency;
  const std::optional<bool> satisfied =
      observed ? std::optional(*observed <= target) : std::nullopt;
  if (!IsNear(status.observed, observed) || satisfied != status.satisfied) {
    status.observed = observed;
  }
  status.satisfied = satisfied;
  if (!IsNear(status.predicted, predicted)) status.predicted = predicted;
  if (!decision.states.empty()) status.workloads = WorkloadsOf(report);
  const std::string summary = SummaryOf(decision, *report.application);
  const std::string reason(ReasonOf(decision, target));
  const bool is_news =
      !summary.empty() && (!status.last_decision || status.last_decision->summary != summary);
  if (is_news) {
    status.last_decision = LastDecision{
        .id = std::to_string(decision.id), .at = decision.at, .reason = reason, .summary = summary};
  }
}

}  // namespace trimtab
