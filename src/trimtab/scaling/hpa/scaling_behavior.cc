#include "trimtab/scaling/hpa/scaling_behavior.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "trimtab/quantity/time.h"
#include "trimtab/scaling/hpa/hpa_options.h"

namespace trimtab {
namespace {

// The longest period that HpaOptions::Validate allows.
constexpr Duration kLongestPeriod = std::chrono::seconds(1800);

}  // namespace

ScalingBehavior::ScalingBehavior(std::optional<HpaBehavior> behavior,
                                 Duration downscale_stabilization)
    : behavior_(std::move(behavior)), downscale_stabilization_(downscale_stabilization) {}

int ScalingBehavior::Limit(Instant now, int current, int recommended, int min, int max) {
  // What is seen for the first time counts as recommended: no window starts empty.
  if (recommendations_.empty()) recommendations_.push_back({.at = now, .replicas = current});
  const int stabilized = behavior_ ? Stabilize(now, current, recommended)
                                   : Highest(now, downscale_stabilization_, recommended);
  Remember(now, recommended);
  if (!behavior_) {
    return std::max(min, std::min({stabilized, max, std::max(2 * current, 4)}));
  }
  if (stabilized > current) {
    return std::min({stabilized, max, std::max(current, UpLimit(now, current))});
  }
  if (stabilized < current) {
    return std::max({stabilized, min, std::min(current, DownLimit(now, current))});
  }
  return stabilized;
}

void ScalingBehavior::RecordChange(Instant at, int from, int to) {
  changes_.push_back({.at = at, .delta = to - from});
  while (!changes_.empty() && changes_.front().at + kLongestPeriod < at) changes_.pop_front();
}

void ScalingBehavior::Remember(Instant now, int recommended) {
  recommendations_.push_back({.at = now, .replicas = recommended});
  const Duration longest = behavior_ ? std::max(behavior_->scale_up.stabilization_window,
                                                behavior_->scale_down.stabilization_window)
                                     : downscale_stabilization_;
  while (recommendations_.size() > 1 && recommendations_.front().at + longest <= now) {
    recommendations_.pop_front();
  }
}

int ScalingBehavior::Highest(Instant now, Duration window, int recommended) const {
  int highest = recommended;
  for (const Recommendation& past : recommendations_) {
    if (past.at > now - window) highest = std::max(highest, past.replicas);
  }
  return highest;
}

int ScalingBehavior::Stabilize(Instant now, int current, int recommended) const {
  int up = recommended;
  for (const Recommendation& past : recommendations_) {
    if (past.at > now - behavior_->scale_up.stabilization_window) {
      up = std::min(up, past.replicas);
    }
  }
  const int down = Highest(now, behavior_->scale_down.stabilization_window, recommended);
  return std::min(std::max(current, up), down);
}

int ScalingBehavior::PeriodStart(Instant now, int current, Duration period) const {
  int start = current;
  for (const Change& change : changes_) {
    if (change.at > now - period) start -= change.delta;
  }
  return start;
}

int ScalingBehavior::UpLimit(Instant now, int current) const {
  const HpaScalingRules& rules = behavior_->scale_up;
  if (rules.select == HpaSelect::kDisabled) return current;
  const bool want_max = rules.select == HpaSelect::kMax;
  int limit = want_max ? std::numeric_limits<int>::min() : std::numeric_limits<int>::max();
  for (const HpaScalingPolicy& policy : rules.policies) {
    const int start = PeriodStart(now, current, policy.period);
    const int proposed = policy.kind == HpaScalingPolicy::Kind::kReplicas
                             ? start + policy.value
                             : static_cast<int>(std::ceil(start * (1.0 + policy.value / 100.0)));
    limit = want_max ? std::max(limit, proposed) : std::min(limit, proposed);
  }
  return limit;
}

int ScalingBehavior::DownLimit(Instant now, int current) const {
  const HpaScalingRules& rules = behavior_->scale_down;
  if (rules.select == HpaSelect::kDisabled) return current;
  const bool want_max = rules.select == HpaSelect::kMax;
  int limit = want_max ? std::numeric_limits<int>::max() : std::numeric_limits<int>::min();
  for (const HpaScalingPolicy& policy : rules.policies) {
    const int start = PeriodStart(now, current, policy.period);
    const int proposed = policy.kind == HpaScalingPolicy::Kind::kReplicas
                             ? start - policy.value
                             : static_cast<int>(start * (1.0 - policy.value / 100.0));
    // The policy that allows most change is the one with the fewest replicas left.
    limit = want_max ? std::min(limit, proposed) : std::max(limit, proposed);
  }
  return limit;
}

}  // namespace trimtab
