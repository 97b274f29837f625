#include "trimtab/scaling/grad/paper_search.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "trimtab/scaling/grad/resizing.h"

namespace trimtab {
namespace {

constexpr std::array<ScalingAction, 3> kOrder = {ScalingAction::kCpu, ScalingAction::kMemory,
                                                 ScalingAction::kReplicas};
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

StepSize StepOf(const GradOptions& options) {
  return {.cpu = options.step_cpu, .memory = options.step_memory};
}

// The floors of the paper's setup: the smallest container, one replica. A working set is not
// undercut in any mode, nor is the profiled load.
LowerLimits LimitsOf(const PlanningState& state, std::size_t i, int replicas) {
  const ScalingBounds& bounds = state.bounds(i);
  return {.cpu = state.LeastCpu(i, replicas),
          .memory = std::max(bounds.smallest.memory, bounds.working_set),
          .replicas = state.LeastReplicas(i)};
}

std::optional<MicroserviceAllocation> Changed(const PlanningState& state, std::size_t i,
                                              ScalingAction action, bool raising,
                                              const GradOptions& options) {
  const MicroserviceAllocation& now = state.at(i).now;
  if (raising) return Raised(now, action, StepOf(options), state.bounds(i));
  const int left = action == ScalingAction::kReplicas ? now.replicas - 1 : now.replicas;
  if (left < 1) return std::nullopt;
  return Lowered(now, action, StepOf(options), LimitsOf(state, i, left));
}

double CostOf(const ResourcePrice& price, const MicroserviceAllocation& a) {
  return price.CostOf(a.container) * a.replicas;
}

}  // namespace

PaperSearch::PaperSearch(PlanningState& state, const GradOptions& options,
                         GradEvaluation evaluation)
    : state_(state),
      options_(options),
      evaluation_(evaluation),
      raise_change_(kActions * state.size(), kNone),
      lower_change_(kActions * state.size(), kNone) {}

void PaperSearch::Score(std::size_t i, std::span<const LatencyPrediction> rows) {
  double* raise = &raise_change_[kActions * i];
  double* lower = &lower_change_[kActions * i];
  std::fill_n(raise, kActions, kNone);
  std::fill_n(lower, kActions, kNone);
  const PlanningState::Microservice& m = state_.at(i);
  const double replicas = m.now.replicas;
  const double cores = InCores(options_.step_cpu) / replicas;
  const double mebibytes = InMebibytes(options_.step_memory) / replicas;
  // r / eta: the share of a container that r buys.
  const ResourcePrice& price = state_.price();
  const double share = price.CostOf(options_.step_cpu) / price.CostOf(m.now.container);
  const double load = m.arrival_rate / replicas;
  const double less_load = m.arrival_rate / (replicas + share) - load;
  const double more_load = replicas > share ? m.arrival_rate / (replicas - share) - load : kNone;
  // The utmost sensitivity of any container stands for the microservice.
  std::array<double, kActions> best{};
  double rise = 0;
  for (const LatencyPrediction& row : rows) {
    best[0] = std::min(best[0], row.gradient.by_cpu * cores);
    best[1] = std::min(best[1], row.gradient.by_memory * mebibytes);
    best[2] = std::min(best[2], row.gradient.by_load * less_load);
    rise = std::max(rise, row.gradient.by_load * more_load);
  }
  for (std::size_t a = 0; a < kActions; ++a) {
    if (Changed(state_, i, kOrder[a], true, options_)) raise[a] = best[a];
    if (!Changed(state_, i, kOrder[a], false, options_)) continue;
    lower[a] = kOrder[a] == ScalingAction::kReplicas ? rise : -best[a];
  }
  if (std::isnan(more_load)) lower[2] = kNone;
}

void PaperSearch::ScoreAll() {
  for (std::size_t i = 0; i < state_.size(); ++i) {
    if (!state_.at(i).tradable) continue;
    OwnLatency own;
    Score(i, state_.ExpectWithSlopes(i, state_.at(i).now, own));
    state_.SetOwn(i, own);
  }
  state_.RecomputeTail();
}

Candidate PaperSearch::CandidateAt(std::size_t entry, bool raising) const {
  const std::size_t i = entry / kActions;
  const ScalingAction action = kOrder[entry % kActions];
  const MicroserviceAllocation& now = state_.at(i).now;
  const MicroserviceAllocation after = *Changed(state_, i, action, raising, options_);
  const double change = raising ? raise_change_[entry] : lower_change_[entry];
  return {.microservice = i,
          .action = action,
          .after = after,
          .gain = -change,
          .cost = CostOf(state_.price(), after) - CostOf(state_.price(), now),
          .score = -change};
}

bool PaperSearch::TakeBest(bool raising, Latency sla, std::vector<LoggedStep>& log) {
  const std::vector<double>& changes = raising ? raise_change_ : lower_change_;
  // The smallest change wins either way: the most negative, or the least rise.
  std::size_t count = 0;
  std::array<std::size_t, LoggedStep::kMostAlternatives + 1> best{};
  const std::size_t wanted = static_cast<std::size_t>(options_.alternatives) + 1;
  for (std::size_t entry = 0; entry < changes.size(); ++entry) {
    const double change = changes[entry];
    if (std::isnan(change) || (raising && !(change < 0))) continue;
    if (count == wanted && !(change < changes[best[count - 1]])) continue;
    std::size_t at = count < wanted ? count++ : wanted - 1;
    for (; at > 0 && change < changes[best[at - 1]]; --at) best[at] = best[at - 1];
    best[at] = entry;
  }
  if (count == 0) return false;

  const Candidate taken = CandidateAt(best[0], raising);
  const std::size_t i = taken.microservice;
  OwnLatency own;
  const std::span<const LatencyPrediction> rows = state_.ExpectWithSlopes(i, taken.after, own);
  const Latency tail_before = state_.tail();
  if (!raising && state_.TailWith(i, own) > sla) return false;
  LoggedStep& step = log.emplace_back();
  step.taken = taken;
  step.before = state_.at(i).now;
  step.tail_before = tail_before;
  step.raising = raising;
  for (std::size_t a = 1; a < count; ++a) {
    step.alternatives[step.alternative_count++] = CandidateAt(best[a], raising);
  }
  state_.Apply(i, taken.after, own);
  if (evaluation_ == GradEvaluation::kIncremental) {
    Score(i, rows);
  } else {
    ScoreAll();
  }
  step.tail_after = state_.tail();
  return true;
}

void PaperSearch::Begin() {
  std::fill(raise_change_.begin(), raise_change_.end(), kNone);
  std::fill(lower_change_.begin(), lower_change_.end(), kNone);
  ScoreAll();
}

SearchResult PaperSearch::Run(Latency sla, bool may_lower, int most_steps,
                              std::vector<LoggedStep>& log) {
  SearchResult result;
  const auto steps_left = [&] { return result.iterations < most_steps; };
  if (state_.tail() > sla) {
    bool helped = true;
    while (state_.tail() > sla && steps_left() && helped) {
      helped = TakeBest(/*raising=*/true, sla, log);
      result.iterations += helped ? 1 : 0;
    }
    result.meets_target = state_.tail() <= sla;
    result.termination = result.meets_target ? PlanTermination::kMetSla
                         : helped            ? PlanTermination::kIterationLimit
                                             : PlanTermination::kNoGain;
    return result;
  }
  result.meets_target = true;
  while (may_lower && state_.tail() < sla * options_.scale_down_below && steps_left()) {
    if (!TakeBest(/*raising=*/false, sla, log)) break;
    ++result.iterations;
    result.termination = PlanTermination::kSaved;
  }
  return result;
}

}  // namespace trimtab
