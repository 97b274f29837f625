#include "trimtab/scaling/grad/corrected_search.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace trimtab {
namespace {

constexpr std::array<ScalingAction, 3> kOrder = {ScalingAction::kCpu, ScalingAction::kMemory,
                                                 ScalingAction::kReplicas};
constexpr std::array<int, 2> kLargerSteps = {4, 16};
// A rise below this share of the tail counts as this: what costs nothing ranks by what it saves.
constexpr double kLeastRise = 1e-6;

// Never below the working set and what is in use, each with its margin: a container that is
// shrunk below them is killed.
LowerLimits LimitsOf(const PlanningState& state, std::size_t i, int replicas,
                     const GradOptions& options) {
  const ScalingBounds& bounds = state.bounds(i);
  const Bytes needed = std::max(bounds.working_set, state.at(i).memory_in_use);
  const double with_margin = needed.as_double() * (1 + options.memory_margin);
  return {.cpu = state.LeastCpu(i, replicas),
          .memory = std::max(bounds.smallest.memory, Mebibytes(static_cast<std::int64_t>(std::ceil(
                                                         with_margin / Mebibytes(1).as_double())))),
          .replicas = state.LeastReplicas(i)};
}

std::optional<MicroserviceAllocation> Changed(const PlanningState& state, std::size_t i,
                                              ScalingAction action, bool raising, int multiple,
                                              const GradOptions& options) {
  const MicroserviceAllocation& now = state.at(i).now;
  const StepSize step = {.cpu = options.step_cpu * multiple,
                         .memory = options.step_memory * multiple};
  if (!raising) {
    const int left = action == ScalingAction::kReplicas ? now.replicas - 1 : now.replicas;
    if (left < 1) return std::nullopt;
    return Lowered(now, action, step, LimitsOf(state, i, left, options));
  }
  std::optional<MicroserviceAllocation> to = Raised(now, action, step, state.bounds(i));
  if (to && action == ScalingAction::kReplicas) {
    to->replicas = std::min(now.replicas + multiple, state.bounds(i).most_replicas);
  }
  return to;
}

double CostOf(const ResourcePrice& price, const MicroserviceAllocation& a) {
  return price.CostOf(a.container) * a.replicas;
}

double Change(const OwnLatencySlope& slope, const OwnLatency& from, const OwnLatency& to) {
  return slope.by_mean * InMilliseconds(to.mean - from.mean) +
         slope.by_max * InMilliseconds(to.max - from.max);
}

}  // namespace

CorrectedSearch::CorrectedSearch(PlanningState& state, const GradOptions& options,
                                 GradEvaluation evaluation)
    : state_(state),
      options_(options),
      evaluation_(evaluation),
      entries_(kActions * state.size()),
      slopes_(state.size()) {}

void CorrectedSearch::Offer(std::size_t i) {
  Entry* entries = &entries_[kActions * i];
  const PlanningState::Microservice& m = state_.at(i);
  std::array<MicroserviceAllocation, kActions> candidates;
  std::array<std::size_t, kActions> actions{};
  std::size_t count = 0;
  for (std::size_t a = 0; a < kActions; ++a) {
    entries[a].offered = false;
    if (!m.tradable || entries[a].passed_over) continue;
    const auto to = Changed(state_, i, kOrder[a], raising_, multiple_, options_);
    if (!to) continue;
    candidates[count] = *to;
    actions[count++] = a;
  }
  if (count == 0) return;
  std::array<OwnLatency, kActions> own;
  state_.Expect(i, std::span(candidates).first(count), std::span(own).first(count));
  const double cost = CostOf(state_.price(), m.now);
  for (std::size_t c = 0; c < count; ++c) {
    entries[actions[c]] = {.after = candidates[c],
                           .own = own[c],
                           .cost = CostOf(state_.price(), candidates[c]) - cost,
                           .score = 0,
                           .offered = true,
                           .passed_over = false};
  }
}

void CorrectedSearch::OfferAll(int multiple) {
  multiple_ = multiple;
  for (std::size_t i = 0; i < state_.size(); ++i) {
    Offer(i);
    Rank(i);
  }
}

void CorrectedSearch::Rank(std::size_t i) {
  const double tail = InMilliseconds(slopes_at_);
  for (std::size_t a = 0; a < kActions; ++a) {
    Entry& entry = entries_[kActions * i + a];
    if (!entry.offered) continue;
    const double change = Change(slopes_[i], state_.at(i).own, entry.own);
    entry.score =
        raising_ ? -change / entry.cost : -entry.cost / std::max(change, kLeastRise * tail);
  }
}

void CorrectedSearch::RefreshSlopes() {
  state_.TailSlopes(slopes_);
  slopes_at_ = state_.tail();
  for (std::size_t i = 0; i < state_.size(); ++i) Rank(i);
}

BestFew CorrectedSearch::Shortlist() {
  BestFew best(static_cast<std::size_t>(options_.exact_candidates));
  for (std::size_t e = 0; e < entries_.size(); ++e) {
    const Entry& entry = entries_[e];
    if (!entry.offered || !(entry.score > 0) || !best.Wants(entry.score)) continue;
    const std::size_t i = e / kActions;
    const MicroserviceAllocation& now = state_.at(i).now;
    if (!state_.Fits(TotalCpu(entry.after) - TotalCpu(now),
                     TotalMemory(entry.after) - TotalMemory(now))) {
      capacity_binds_ = true;
      continue;
    }
    best.Add({.microservice = i,
              .action = kOrder[e % kActions],
              .after = entry.after,
              .gain = 0,
              .cost = entry.cost,
              .score = entry.score});
  }
  return best;
}

void CorrectedSearch::Take(const Candidate& taken, const BestFew& considered,
                           std::vector<LoggedStep>& log) {
  const std::size_t i = taken.microservice;
  LoggedStep& step = log.emplace_back();
  step.taken = taken;
  step.before = state_.at(i).now;
  step.tail_before = state_.tail();
  step.raising = raising_;
  const auto limit = static_cast<std::size_t>(options_.alternatives);
  for (std::size_t c = 0; c < considered.size() && step.alternative_count < limit; ++c) {
    const Candidate& other = considered[c];
    if (other.microservice == i && other.action == taken.action) continue;
    step.alternatives[step.alternative_count++] = other;
  }
  const auto action = static_cast<std::size_t>(
      std::find(kOrder.begin(), kOrder.end(), taken.action) - kOrder.begin());
  state_.Apply(i, taken.after, entries_[kActions * i + action].own);
  if (evaluation_ == GradEvaluation::kFullRecompute) {
    Begin();
    OfferAll(multiple_);
  } else {
    Offer(i);
    Rank(i);
  }
  step.tail_after = state_.tail();
}

bool CorrectedSearch::TakeBestGain(Latency target, std::vector<LoggedStep>& log) {
  const BestFew shortlist = Shortlist();
  const double tail = InMilliseconds(state_.tail());
  const double missing = tail - InMilliseconds(target);
  BestFew exact(shortlist.size());
  for (std::size_t c = 0; c < shortlist.size(); ++c) {
    Candidate candidate = shortlist[c];
    const std::size_t i = candidate.microservice;
    const auto action = static_cast<std::size_t>(
        std::find(kOrder.begin(), kOrder.end(), candidate.action) - kOrder.begin());
    const Latency after = state_.TailWith(i, entries_[kActions * i + action].own);
    candidate.gain = tail - InMilliseconds(after);
    candidate.score = std::min(candidate.gain, missing) / candidate.cost;
    exact.Add(candidate);
  }
  for (std::size_t c = 0; c < exact.size(); ++c) {
    if (exact[c].gain < options_.least_gain * tail * exact[c].cost || !(exact[c].gain > 0))
      continue;
    Take(exact[c], exact, log);
    return true;
  }
  return false;
}

bool CorrectedSearch::RaiseOnce(Latency target, std::vector<LoggedStep>& log) {
  const double moved = std::abs(state_.tail() / slopes_at_ - 1);
  if (!(moved <= options_.slope_refresh)) RefreshSlopes();
  if (TakeBestGain(target, log)) return true;
  if (state_.tail() != slopes_at_) {
    RefreshSlopes();
    if (TakeBestGain(target, log)) return true;
  }
  // A step can be too small to get over a plateau.
  bool taken = false;
  for (const int multiple : kLargerSteps) {
    OfferAll(multiple);
    taken = TakeBestGain(target, log);
    if (taken) break;
  }
  OfferAll(1);
  return taken;
}

SearchResult CorrectedSearch::Raise(Latency target, std::vector<LoggedStep>& log) {
  SearchResult result;
  bool helped = true;
  while (state_.tail() > target && result.iterations < options_.most_steps && helped) {
    helped = RaiseOnce(target, log);
    result.iterations += helped ? 1 : 0;
  }
  result.meets_target = state_.tail() <= target;
  if (result.meets_target) {
    result.termination = PlanTermination::kMetSla;
  } else if (helped) {
    result.termination = PlanTermination::kIterationLimit;
  } else {
    const bool any = std::any_of(entries_.begin(), entries_.end(),
                                 [](const Entry& entry) { return entry.offered; });
    result.termination =
        capacity_binds_ || !any ? PlanTermination::kNoCapacity : PlanTermination::kNoGain;
  }
  return result;
}

bool CorrectedSearch::TakeLeastRise(Latency limit, std::vector<LoggedStep>& log) {
  const double moved = std::abs(state_.tail() / slopes_at_ - 1);
  if (!(moved <= options_.slope_refresh)) RefreshSlopes();
  while (true) {
    const BestFew shortlist = Shortlist();
    if (shortlist.size() == 0) return false;
    const double tail = InMilliseconds(state_.tail());
    BestFew exact(shortlist.size());
    for (std::size_t c = 0; c < shortlist.size(); ++c) {
      Candidate candidate = shortlist[c];
      const std::size_t i = candidate.microservice;
      const auto action = static_cast<std::size_t>(
          std::find(kOrder.begin(), kOrder.end(), candidate.action) - kOrder.begin());
      Entry& entry = entries_[kActions * i + action];
      const Latency after = state_.TailWith(i, entry.own);
      if (after > limit) {
        entry.offered = false;
        entry.passed_over = true;
        continue;
      }
      candidate.gain = tail - InMilliseconds(after);
      candidate.score = -candidate.cost / std::max(-candidate.gain, kLeastRise * tail);
      exact.Add(candidate);
    }
    if (exact.size() == 0) continue;
    Take(exact[0], exact, log);
    return true;
  }
}

SearchResult CorrectedSearch::Lower(Latency limit, std::vector<LoggedStep>& log) {
  SearchResult result{.meets_target = true};
  while (result.iterations < options_.most_steps && TakeLeastRise(limit, log)) {
    ++result.iterations;
    result.termination = PlanTermination::kSaved;
  }
  return result;
}

void CorrectedSearch::Begin() {
  for (std::size_t i = 0; i < state_.size(); ++i) {
    const PlanningState::Microservice& m = state_.at(i);
    if (!m.tradable) continue;
    OwnLatency own;
    state_.Expect(i, std::span(&m.now, 1), std::span(&own, 1));
    state_.SetOwn(i, own);
  }
  state_.RecomputeTail();
}

SearchResult CorrectedSearch::Run(Latency target, bool may_lower, std::vector<LoggedStep>& log) {
  const Latency limit = target * options_.scale_down_below;
  raising_ = state_.tail() > target;
  capacity_binds_ = false;
  for (Entry& entry : entries_) entry = {};
  state_.TailSlopes(slopes_);
  slopes_at_ = state_.tail();
  if (raising_) {
    OfferAll(1);
    return Raise(target, log);
  }
  if (!may_lower || state_.tail() >= limit) return {.meets_target = true};
  OfferAll(1);
  return Lower(limit, log);
}

}  // namespace trimtab
