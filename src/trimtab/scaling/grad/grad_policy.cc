#include "trimtab/scaling/grad/grad_policy.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/quantity/text.h"
#include "trimtab/scaling/grad/capacity_step.h"

namespace trimtab {
namespace {

double CostOf(const ResourcePrice& price, const MicroserviceAllocation& a) {
  return price.CostOf(a.container) * a.replicas;
}

std::string SizeText(const MicroserviceAllocation& a) {
  return fmt::format("{} x {} cpu, {}", a.replicas, FormatCpu(a.container.cpu),
                     FormatMemory(a.container.memory));
}

Bytes RoundedUpToMebibytes(Bytes size) {
  const std::int64_t mebibyte = Mebibytes(1).value();
  return Bytes((size.value() + mebibyte - 1) / mebibyte * mebibyte);
}

// A step before any trading: it predicts no tail, since there was nothing to predict from.
PlanStep FirstStep(MicroserviceId id, ScalingAction action, const MicroserviceAllocation& before,
                   const MicroserviceAllocation& after, const ResourcePrice& price,
                   std::string reason) {
  return {.microservice = id,
          .action = action,
          .before = before,
          .after = after,
          .tail_before = std::nullopt,
          .tail_after = std::nullopt,
          .cost = CostOf(price, after) - CostOf(price, before),
          .reason = std::move(reason),
          .alternatives = {}};
}

std::string ReasonOf(const LoggedStep& step, GradFidelity fidelity) {
  if (fidelity == GradFidelity::kPaper) {
    return step.raising ? fmt::format("its own latency falls most: {:.3g} ms", step.taken.gain)
                        : fmt::format("its own latency rises least: {:.3g} ms", -step.taken.gain);
  }
  return step.raising ? fmt::format("most of what is missing for its cost: {:.3g} ms a unit",
                                    step.taken.score)
                      : fmt::format("the tail rises by {:.3g} ms for {:.3g} units saved",
                                    -step.taken.gain, -step.taken.cost);
}

}  // namespace

absl::StatusOr<std::unique_ptr<GradPolicy>> GradPolicy::Create(const Application& application,
                                                               GradModels models,
                                                               GradOptions options,
                                                               GradEvaluation evaluation) {
  if (absl::Status status = options.Validate(); !status.ok()) return status;
  if (models.size() != application.size()) {
    return absl::InvalidArgumentError(
        fmt::format("grad's models know {} microservices, application '{}' has {}", models.size(),
                    application.name(), application.size()));
  }
  return std::unique_ptr<GradPolicy>(
      new GradPolicy(application, std::move(models), options, evaluation));
}

GradPolicy::GradPolicy(Application application, GradModels models, GradOptions options,
                       GradEvaluation evaluation)
    : application_(std::move(application)),
      models_(std::move(models)),
      options_(options),
      memory_(options.demand),
      state_(application_, models_),
      paper_(state_, options_, evaluation),
      corrected_(state_, options_, evaluation) {
  log_.reserve(static_cast<std::size_t>(options_.most_steps));
}

absl::StatusOr<Plan> GradPolicy::MakePlan(const PlanningInput& input) {
  if (absl::Status status = CheckPlanningInput(input); !status.ok()) return status;
  if (input.application.size() != application_.size()) {
    return absl::InvalidArgumentError(
        fmt::format("application '{}' has {} microservices, policy 'grad' was made for {}",
                    input.application.name(), input.application.size(), application_.size()));
  }
  if (options_.fidelity == GradFidelity::kPaper) return PlanFor(input);
  const Observation foreseen = memory_.Foresee(input.observation);
  return PlanFor({.application = input.application,
                  .observation = foreseen,
                  .desired = input.desired,
                  .sla = input.sla,
                  .tail_correction = input.tail_correction,
                  .capacity = input.capacity,
                  .scale_down_allowed = input.scale_down_allowed});
}

absl::StatusOr<Plan> GradPolicy::PlanFor(const PlanningInput& input) {
  Plan plan;
  log_.clear();
  overloaded_.clear();
  state_.Start(input, options_);
  RaiseToWorkingSets(plan);
  RaiseToProfiledRange(plan);
  const bool corrected = options_.fidelity == GradFidelity::kCorrected;
  if (corrected) {
    corrected_.Begin();
  } else {
    paper_.Begin();
  }
  const std::optional<Latency> measured = input.observation.measured_tail_latency;
  double correction = 1;
  Latency offset{0};
  Latency target = input.sla.latency;
  int most_steps = options_.most_steps;
  if (corrected) {
    correction = input.tail_correction;
    const double margin =
        std::max(1.0, models_.predictor().ErrorQuantile(Quantile(options_.confidence)));
    target = target / (correction * margin);
  } else if (measured && std::isfinite(measured->count()) && *measured > input.sla.latency &&
             state_.tail() <= input.sla.latency) {
    // The commit missed although the prediction did not: go on from what was measured.
    offset = *measured - state_.tail();
    target = target - offset;
    most_steps = std::min(most_steps, options_.most_steps_after_miss);
  }
  const bool may_lower = input.scale_down_allowed && input.observation.gaps.empty() &&
                         state_.gaps().empty() && plan.steps.empty();
  const SearchResult result = corrected ? corrected_.Run(target, may_lower, log_)
                                        : paper_.Run(target, may_lower, most_steps, log_);
  plan.target = Allocation(state_.size());
  for (std::size_t i = 0; i < state_.size(); ++i) {
    plan.target[MicroserviceId(i)] = state_.at(i).now;
  }
  plan.predicted_tail_latency = state_.tail() * correction + offset;
  plan.feasible = result.meets_target && overloaded_.empty();
  if (!plan.feasible) plan.binding = Binding();
  AddSteps(correction, offset, plan);
  Summarize(result, input, plan);
  return plan;
}

void GradPolicy::RaiseToWorkingSets(Plan& plan) {
  for (std::size_t i = 0; i < state_.size(); ++i) {
    const MicroserviceAllocation before = state_.at(i).now;
    const ScalingBounds& bounds = state_.bounds(i);
    if (before.container.memory >= bounds.working_set) continue;
    MicroserviceAllocation after = before;
    after.container.memory =
        std::min(RoundedUpToMebibytes(bounds.working_set), bounds.largest.memory);
    const MicroserviceId id(i);
    plan.steps.push_back(FirstStep(
        id, ScalingAction::kWorkingSet, before, after, state_.price(),
        fmt::format("{} refused: the working set of '{}' is {}",
                    FormatMemory(before.container.memory), application_.microservice(id).name,
                    FormatMemory(bounds.working_set))));
    state_.Raise(i, after);
  }
}

void GradPolicy::RaiseToProfiledRange(Plan& plan) {
  for (std::size_t i = 0; i < state_.size(); ++i) {
    const std::optional<CapacityStep> step = CapacityFor(state_, i);
    if (!step) continue;
    const MicroserviceAllocation before = state_.at(i).now;
    const MicroserviceId id(i);
    if (!step->enough) overloaded_.push_back(id);
    if (step->to == before) continue;
    const PlanningState::Microservice& m = state_.at(i);
    std::string reason = "below the smallest size";
    if (m.tradable) {
      reason = fmt::format("{:.4g} requests/s with {} lie outside the profiled range{}",
                           m.arrival_rate, SizeText(before),
                           step->enough ? "" : "; the largest size is not enough either");
    }
    plan.steps.push_back(FirstStep(id, ScalingAction::kCapacity, before, step->to, state_.price(),
                                   std::move(reason)));
    state_.Raise(i, step->to);
  }
}

void GradPolicy::AddSteps(double correction, Latency offset, Plan& plan) const {
  plan.steps.reserve(plan.steps.size() + log_.size());
  for (const LoggedStep& logged : log_) {
    PlanStep& step = plan.steps.emplace_back();
    step.microservice = MicroserviceId(logged.taken.microservice);
    step.action = logged.taken.action;
    step.before = logged.before;
    step.after = logged.taken.after;
    step.tail_before = logged.tail_before * correction + offset;
    step.tail_after = logged.tail_after * correction + offset;
    step.gain = (logged.tail_before - logged.tail_after) * correction;
    step.cost = logged.taken.cost;
    step.score = logged.taken.score;
    step.reason = ReasonOf(logged, options_.fidelity);
    for (std::size_t a = 0; a < logged.alternative_count; ++a) {
      const Candidate& other = logged.alternatives[a];
      step.alternatives.push_back({.microservice = MicroserviceId(other.microservice),
                                   .action = other.action,
                                   .after = other.after,
                                   .gain = Latency(other.gain) * correction,
                                   .cost = other.cost,
                                   .score = other.score});
    }
  }
}

void GradPolicy::Summarize(const SearchResult& result, const PlanningInput& input, Plan& plan) {
  PlanSummary& summary = plan.summary;
  summary.termination = result.termination;
  summary.iterations = result.iterations;
  if (!overloaded_.empty()) summary.termination = PlanTermination::kNoCapacity;
  if (summary.termination == PlanTermination::kKept && !plan.steps.empty()) {
    summary.termination = PlanTermination::kMetSla;
  }
  summary.message =
      fmt::format("{}: {} steps, tail {:.4g} ms expected, SLA {:.4g} ms",
                  GradFidelityName(options_.fidelity), plan.steps.size(),
                  InMilliseconds(*plan.predicted_tail_latency), InMilliseconds(input.sla.latency));
  if (!plan.feasible) {
    std::vector<std::string> names;
    for (const MicroserviceId id : plan.binding) {
      names.push_back(application_.microservice(id).name);
    }
    summary.message += fmt::format("; infeasible, bound by {}", fmt::join(names, ", "));
  }
  if (!state_.gaps().empty()) {
    summary.message += fmt::format("; nothing is lowered: {}", fmt::join(state_.gaps(), ", "));
  }
}

// What keeps the tail up: microservices by their share in it, slope times latency.
std::vector<MicroserviceId> GradPolicy::Binding() {
  constexpr double kLeastShare = 0.1;
  constexpr std::size_t kMost = 5;
  std::vector<OwnLatencySlope> slopes(state_.size());
  state_.TailSlopes(slopes);
  std::vector<std::pair<double, std::size_t>> parts;
  double sum = 0;
  for (std::size_t i = 0; i < state_.size(); ++i) {
    const OwnLatency& own = state_.at(i).own;
    const double part =
        slopes[i].by_mean * InMilliseconds(own.mean) + slopes[i].by_max * InMilliseconds(own.max);
    if (!(part > 0)) continue;
    parts.emplace_back(-part, i);
    sum += part;
  }
  std::sort(parts.begin(), parts.end());
  std::vector<MicroserviceId> binding = overloaded_;
  for (const auto& [part, i] : parts) {
    const MicroserviceId id(i);
    if (binding.size() >= kMost + overloaded_.size() || -part < kLeastShare * sum) break;
    if (std::find(binding.begin(), binding.end(), id) == binding.end()) binding.push_back(id);
  }
  if (binding.empty() && !parts.empty()) binding.emplace_back(parts.front().second);
  return binding;
}

}  // namespace trimtab
