#include "trimtab/controller/control_loop.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "trimtab/controller/decision_json.h"
#include "trimtab/controller/lower_guards.h"
#include "trimtab/controller/second_look.h"
#include "trimtab/deployment/allocation_diff.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

// How long after a commit became effective a window still speaks of it.
constexpr int kVerifyWindows = 3;

// The tail that the policy predicts for what is deployed after this decision, without correction.
// Known when the plan was carried out as it is, or when nothing was changed and its first step says
// what it started from.
std::optional<Latency> UncorrectedPrediction(const Decision& decision) {
  if (!decision.plan) return std::nullopt;
  const Plan& plan = *decision.plan;
  std::optional<Latency> tail;
  if (decision.Reached() == plan.target) {
    tail = plan.predicted_tail_latency;
  } else if (!decision.Committed() && !plan.steps.empty()) {
    tail = plan.steps.front().tail_before;
  }
  if (tail) *tail /= decision.tail_correction;
  return tail;
}

// Whatever a policy returns must be fit to be printed and carried out; sizes are the limits' to
// check.
absl::Status CheckPlan(const Plan& plan, std::size_t microservices) {
  const auto finite = [](const std::optional<Latency>& tail) {
    return !tail || std::isfinite(tail->count());
  };
  const auto known = [microservices](MicroserviceId id) { return id.value() < microservices; };
  if (!finite(plan.predicted_tail_latency)) {
    return absl::InvalidArgumentError("the predicted tail latency is not finite");
  }
  if (!std::ranges::all_of(plan.binding, known)) {
    return absl::InvalidArgumentError("an unknown microservice is binding");
  }
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const PlanStep& step = plan.steps[i];
    if (!finite(step.tail_before) || !finite(step.tail_after) || !finite(step.gain)) {
      return absl::InvalidArgumentError(
          fmt::format("the tail latency of step {} is not finite", i + 1));
    }
    if (!known(step.microservice) ||
        !std::ranges::all_of(step.alternatives, known, &PlanAlternative::microservice)) {
      return absl::InvalidArgumentError(
          fmt::format("step {} names an unknown microservice", i + 1));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<ControlLoop>> ControlLoop::Create(const ControlParts& parts,
                                                                 const ControlOptions& options,
                                                                 Stopwatch stopwatch) {
  if (const absl::Status valid = options.Validate(); !valid.ok()) return valid;
  auto observer = WorldObserver::Create(parts.application, parts.traces, parts.metrics,
                                        parts.actuator, options);
  if (!observer.ok()) return observer.status();
  auto limits = SafetyLimits::Create(parts.application, options.safety, options.safety_of);
  if (!limits.ok()) return limits.status();
  if (!stopwatch) stopwatch = [] { return Duration(0); };
  return std::unique_ptr<ControlLoop>(new ControlLoop(parts, options, std::move(stopwatch),
                                                      *std::move(observer), *std::move(limits)));
}

ControlLoop::ControlLoop(const ControlParts& parts, const ControlOptions& options,
                         Stopwatch stopwatch, WorldObserver observer, SafetyLimits limits)
    : parts_(parts),
      options_(options),
      stopwatch_(std::move(stopwatch)),
      observer_(std::move(observer)),
      limits_(std::move(limits)),
      bias_(options.bias),
      watch_({.longest_start = options.safety.longest_start,
              .longest_wait = kVerifyWindows * options.tails.window}) {}

// Grad V, once. In the Prepare phase the environment is gathered, the tail predicted and the
// configuration updated until the prediction meets the SLA; only the Commit phase touches the
// world; and the tail measured afterwards sends a commit that missed back to Prepare.
Decision ControlLoop::RunOnce() {
  Decision decision;
  decision.at = parts_.clock.Now();
  decision.dry_run = options_.mode == CommitMode::kDryRun;

  const Duration begun = stopwatch_();
  observer_.Observe(decision);  // u_i, I_i, Phi_i and the measured tail (III-B)
  NoticeForeignChange(decision);
  Verify(decision);  // earlier commits against that tail

  const Duration collected = stopwatch_();
  Predict(decision);  // how far the predictions have been off
  Prepare(decision);  // the policy's plan
  Check(decision);    // the safety limits; raises apart from lowers
  const Duration planned = stopwatch_();
  const bool acts = Record(decision);
  const Duration recorded = stopwatch_();
  decision.collecting_time = collected - begun;
  decision.planning_time = planned - collected;
  decision.recording_time = recorded - planned;
  if (acts) {
    Commit(decision);
    decision.committing_time = stopwatch_() - recorded;
  }
  Finish(decision);
  return decision;
}

void ControlLoop::Verify(const Decision& decision) {
  if (!decision.states.empty()) watch_.Observe(decision.at, decision.states);
  const auto& tail = decision.observation.measured_tail_latency;
  if (!tail) return;
  const TimeWindow window = observer_.tails().WindowAt(decision.at);
  const Latency sla = options_.sla.latency;
  for (const Verification& verification : watch_.Measured(window, *tail, sla)) {
    const absl::Status written =
        parts_.journal.AppendOutcome(verification.decision, OutcomeKind::kVerified, decision.at,
                                     VerificationToJson(verification, sla));
    if (!written.ok()) {
      ++record_.degradations[static_cast<std::size_t>(Degradation::kJournalDown)];
    }
  }
}

void ControlLoop::Predict(Decision& decision) {
  if (const int version = observer_.tails().graph_version(); version != graph_version_) {
    graph_version_ = version;
    ++record_.graph_changes;
    bias_.Reset();
  }
  const Observation& observation = decision.observation;
  if (observation.measured_tail_latency) {
    bias_.Measured(observer_.tails().WindowAt(decision.at), *observation.measured_tail_latency,
                   observation.tail_samples);
  }
  decision.tail_correction = bias_.correction();
}

// What someone else has changed is planned from, and not written over at once: he may be at it.
void ControlLoop::NoticeForeignChange(Decision& decision) {
  if (decision.states.empty()) return;
  std::optional<std::string> foreign;
  if (asked_) foreign = ForeignChange(*asked_, decision.states, parts_.application);
  asked_ = decision.desired;
  if (!foreign) return;
  limits_.ChangedByOthers(decision.at, decision.desired);
  decision.Degrade(Degradation::kForeignChange, *std::move(foreign));
}

void ControlLoop::Prepare(Decision& decision) {
  if (decision.held) return;
  decision.scale_down_allowed =
      decision.observation.gaps.empty() && !limits_.SomethingStarts(decision.at, decision.states) &&
      !SomethingWarmsUp(decision.observation) && !limits_.IsFrozen(decision.at);
  auto plan = parts_.policy.MakePlan({.application = parts_.application,
                                      .observation = decision.observation,
                                      .desired = decision.desired,
                                      .sla = options_.sla,
                                      .tail_correction = decision.tail_correction,
                                      .capacity = options_.capacity,
                                      .scale_down_allowed = decision.scale_down_allowed});
  if (!plan.ok()) return decision.Hold(Degradation::kPolicyFailed, plan.status().ToString());
  if (const absl::Status valid = CheckPlan(*plan, parts_.application.size()); !valid.ok()) {
    return decision.Hold(Degradation::kPlanInvalid, valid.ToString());
  }
  decision.plan = *std::move(plan);
}

void ControlLoop::Check(Decision& decision) {
  if (decision.held) return;
  auto safe = limits_.Check({.now = decision.at,
                             .desired = decision.desired,
                             .wanted = decision.plan->target,
                             .states = decision.states,
                             .metrics_complete = decision.observation.gaps.empty(),
                             .guards = LowerGuardsOf(decision.observation),
                             .warms_up = SomethingWarmsUp(decision.observation)});
  if (!safe.ok()) {
    decision.plan.reset();  // its target cannot even be printed
    return decision.Hold(Degradation::kPlanInvalid, safe.status().ToString());
  }
  decision.safe = *std::move(safe);
  if (decision.Has(Degradation::kForeignChange) && !decision.dry_run) {
    decision.held = true;
    return;
  }
  decision.changes = StageChanges(decision.desired, decision.safe->target);
}

// True when the decision is written down and there is something to do.
bool ControlLoop::Record(Decision& decision) {
  const auto id = parts_.journal.Append(
      {.at = decision.at,
       .observation = ObservationToJson(decision, parts_.application),
       .plan = PlanText(decision, parts_.application),
       .commitment = CommitmentToJson(decision, options_.sla.latency, parts_.application),
       .acts = !decision.held && decision.HasChanges()});
  if (!id.ok()) {
    decision.Hold(Degradation::kJournalDown, id.status().ToString());
    return false;
  }
  decision.id = *id;
  return !decision.held && decision.HasChanges();
}

void ControlLoop::Commit(Decision& decision) {
  decision.raises = trimtab::Commit(decision.changes.raises, parts_.actuator, options_.mode);
  ReportRefusals(*decision.raises, decision);
  if (!decision.changes.lowers.empty()) CommitLowers(decision);

  const absl::Status written =
      parts_.journal.AppendOutcome(decision.id, OutcomeKind::kApplied, parts_.clock.Now(),
                                   AppliedToJson(decision, parts_.application));
  if (!written.ok()) decision.Degrade(Degradation::kJournalDown, written.ToString());
  if (!decision.Committed()) return;

  const Allocation reached = decision.Reached();
  asked_ = reached;
  limits_.Committed(parts_.clock.Now(), reached);
  std::vector<MicroserviceId> changed;
  for (const AllocationChange& change : Diff(decision.desired, reached)) {
    changed.push_back(change.microservice);
  }
  watch_.Committed(decision.id, parts_.clock.Now(), std::move(changed),
                   decision.plan->predicted_tail_latency);
}

void ControlLoop::CommitLowers(Decision& decision) {
  const auto leave_out = [&decision](std::string why) {
    decision.Degrade(Degradation::kRaisesIneffective, std::move(why));
  };
  if (!decision.raises->Complete()) return leave_out("a raise was refused: nothing is lowered");
  const Instant deadline = decision.at + options_.interval;
  if (!decision.dry_run && !WaitUntilEffective(decision.changes.raises, deadline)) {
    return leave_out(fmt::format("raises not effective within {}: nothing is lowered",
                                 FormatDuration(options_.interval)));
  }
  if (decision.dry_run && !decision.changes.raises.empty()) {
    // The world was left as it was, and the lowers start from the raised state: nothing to check.
    decision.lowers.emplace().accepted = decision.changes.lowers;
    return;
  }
  if (!decision.changes.raises.empty()) {
    const auto look = observer_.LookAgain(parts_.clock.Now());
    const std::optional<std::string> against =
        look.ok() ? AgainstLowers(decision, *look, parts_.application) : look.status().ToString();
    if (against) {
      return decision.Degrade(Degradation::kLowersCancelled, *against + ": nothing is lowered");
    }
  }
  decision.lowers = trimtab::Commit(decision.changes.lowers, parts_.actuator, options_.mode);
  ReportRefusals(*decision.lowers, decision);
}

bool ControlLoop::WaitUntilEffective(const std::vector<AllocationChange>& raises,
                                     Instant deadline) {
  if (raises.empty()) return true;
  while (true) {
    const auto states = parts_.actuator.State();
    if (states.ok() && std::ranges::all_of(raises, [&states](const AllocationChange& raise) {
          return (*states)[raise.microservice.value()].Effective();
        })) {
      return true;
    }
    const Instant now = parts_.clock.Now();
    if (now >= deadline) return false;
    if (!parts_.clock.WaitUntil(std::min(now + options_.effect_poll, deadline))) return false;
  }
}

void ControlLoop::ReportRefusals(const CommitReport& report, Decision& decision) {
  for (const RefusedChange& refused : report.refused) {
    decision.Degrade(
        absl::IsAborted(refused.why) ? Degradation::kStalePlan : Degradation::kChangeRefused,
        fmt::format("{}: {}", parts_.application.microservice(refused.change.microservice).name,
                    refused.why.ToString()));
  }
}

void ControlLoop::Finish(Decision& decision) {
  bias_.Predicted(decision.at, UncorrectedPrediction(decision));
  if (decision.Has(Degradation::kClockJumped)) watch_.Clear();
  record_.Add(decision);
  record_.reversions = watch_.reversions();
  record_.unverified = watch_.unverified();
  record_.prepare_rounds = watch_.prepare_rounds();
}

const ControlRecord& ControlLoop::Run(Instant until) {
  Instant next = parts_.clock.Now();
  while (next < until) {
    if (!parts_.clock.WaitUntil(next)) return record_;
    RunOnce();
    next += options_.interval;
    const Instant now = parts_.clock.Now();
    if (now > next) {
      ++record_.late;
      next +=
          (now - next + options_.interval - Duration(1)) / options_.interval * options_.interval;
    }
  }
  parts_.clock.WaitUntil(until);
  return record_;
}

}  // namespace trimtab
