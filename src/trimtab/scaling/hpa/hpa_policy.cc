#include "trimtab/scaling/hpa/hpa_policy.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/application/resource_price.h"

namespace trimtab {
namespace {

std::string MetricName(const HpaMetric& metric) {
  switch (metric.kind) {
    case HpaMetric::Kind::kCpuUtilization:
      return fmt::format("cpu utilization, target {} %", metric.target);
    case HpaMetric::Kind::kMemoryAverageValue:
      return fmt::format("memory a pod, target {} B", metric.target);
    case HpaMetric::Kind::kLoadAverageValue:
      return fmt::format("load a replica, target {}/s", metric.target);
  }
  return "";
}

// A sample that is not a number of cores is no sample.
bool IsSample(const std::optional<Measured<double>>& usage) {
  return usage && usage->value >= 0 && usage->value < 1e9;
}

}  // namespace

HpaPolicy::Autoscaler::Autoscaler(const HpaOptions& options)
    : behavior(options.behavior, options.downscale_stabilization) {}

absl::StatusOr<std::unique_ptr<HpaPolicy>> HpaPolicy::Create(HpaOptions options) {
  if (absl::Status status = options.Validate(); !status.ok()) return status;
  return std::unique_ptr<HpaPolicy>(new HpaPolicy(std::move(options)));
}

absl::StatusOr<Plan> HpaPolicy::MakePlan(const PlanningInput& input) {
  if (absl::Status status = CheckPlanningInput(input); !status.ok()) return status;
  Plan plan{.predicted_tail_latency = std::nullopt,
            .target = input.desired,
            .binding = {},
            .steps = {},
            .summary = {.termination = PlanTermination::kKept, .message = "", .iterations = 0}};
  const Instant now = input.observation.at;
  if (last_sync_ && now < *last_sync_ + options_.sync_period) {
    plan.summary.message = "the next sync is not due";
    return plan;
  }
  const Instant previous = last_sync_.value_or(now);
  last_sync_ = now;
  while (autoscalers_.size() < input.application.size()) autoscalers_.emplace_back(options_);
  for (std::size_t i = 0; i < autoscalers_.size(); ++i) {
    const MicroserviceId id(i);
    const MicroserviceObservation& seen = input.observation.microservices[i];
    const ScalingBounds& bounds = input.application.microservice(id).bounds;
    Autoscaler& autoscaler = autoscalers_[i];
    const int current = input.desired[id].replicas;
    // Only what was applied counts against the rate policies.
    if (autoscaler.replicas && *autoscaler.replicas != current) {
      autoscaler.behavior.RecordChange(previous, *autoscaler.replicas, current);
    }
    autoscaler.replicas = current;
    Follow(seen, now, autoscaler);
    const int min = options_.min_replicas.value_or(bounds.fewest_replicas);
    const int max = std::max(min, options_.max_replicas.value_or(bounds.most_replicas));
    Recommendation recommendation = Recommend(seen, now, autoscaler, current);
    int replicas = current > max ? max
                   : current < min
                       ? min
                       : autoscaler.behavior.Limit(now, current, recommendation.replicas, min, max);
    if (!input.scale_down_allowed) replicas = std::max(replicas, current);
    if (replicas == current) continue;
    plan.target[id].replicas = replicas;
    plan.steps.push_back({.microservice = id,
                          .action = ScalingAction::kReplicas,
                          .before = input.desired[id],
                          .after = plan.target[id],
                          .tail_before = std::nullopt,
                          .tail_after = std::nullopt,
                          .cost = UnitsOf(input.desired[id].container).total() *
                                  static_cast<double>(replicas - current),
                          .reason = std::move(recommendation.reason),
                          .alternatives = {}});
  }
  plan.summary.iterations = 1;
  if (!plan.steps.empty()) plan.summary.termination = PlanTermination::kRecommended;
  plan.summary.message = fmt::format("{} of {} microservices change their replicas",
                                     plan.steps.size(), autoscalers_.size());
  return plan;
}

void HpaPolicy::Follow(const MicroserviceObservation& seen, Instant now,
                       Autoscaler& autoscaler) const {
  const bool first = autoscaler.pods.empty();
  for (const ContainerObservation& container : seen.containers) {
    const auto [it, is_new] = autoscaler.pods.try_emplace(container.pod);
    PodHistory& pod = it->second;
    if (is_new && !(first && container.ready)) pod.started = now;
    if (container.ready && !pod.ready && !(is_new && first)) pod.ready_since = now;
    pod.ready = container.ready;
    pod.was_ready = pod.was_ready || container.ready;
    pod.seen = now;
  }
  std::erase_if(autoscaler.pods, [now](const auto& entry) { return entry.second.seen != now; });
}

bool HpaPolicy::Unready(const ContainerObservation& container, const PodHistory& pod,
                        Instant now) const {
  if (!pod.started) return false;
  if (now < *pod.started + options_.cpu_initialization_period) {
    if (!container.ready) return true;
    const Instant sampled = now - (container.cpu_usage ? container.cpu_usage->age : Duration(0));
    return pod.ready_since && sampled < *pod.ready_since + options_.metric_window;
  }
  return !container.ready && !pod.was_ready;
}

std::vector<HpaPod> HpaPolicy::Group(const MicroserviceObservation& seen, Instant now,
                                     const Autoscaler& autoscaler, HpaMetric::Kind kind) const {
  std::vector<HpaPod> pods;
  int deleted = seen.draining;
  int unborn = seen.pending;
  const std::int64_t request = kind == HpaMetric::Kind::kCpuUtilization
                                   ? seen.desired.container.cpu.value()
                                   : seen.desired.container.memory.value();
  for (const ContainerObservation& container : seen.containers) {
    const PodHistory& history = autoscaler.pods.find(container.pod)->second;
    if (!container.ready && history.was_ready && deleted > 0) {
      --deleted;  // out of service and on its way out: Kubernetes skips deleted pods
      continue;
    }
    const bool never_ready = !container.ready && !history.was_ready;
    if (never_ready) --unborn;
    HpaPod pod{.state = HpaPod::State::kMissing, .usage = 0, .request = request};
    if (never_ready) pod.state = HpaPod::State::kUnready;
    if (kind == HpaMetric::Kind::kMemoryAverageValue && container.memory_usage) {
      pod = {.state = HpaPod::State::kCounted,
             .usage = container.memory_usage->value.value(),
             .request = container.limits.memory.value()};
    } else if (kind == HpaMetric::Kind::kCpuUtilization && IsSample(container.cpu_usage)) {
      pod = {.state = Unready(container, history, now) ? HpaPod::State::kUnready
                                                       : HpaPod::State::kCounted,
             .usage = std::llround(container.cpu_usage->value * 1000),
             .request = container.limits.cpu.value()};
    }
    pods.push_back(pod);
  }
  // Asked for and not even a container yet: pending pods.
  for (; unborn > 0; --unborn) {
    pods.push_back({.state = HpaPod::State::kUnready, .usage = 0, .request = request});
  }
  return pods;
}

absl::StatusOr<int> HpaPolicy::Replicas(const HpaMetric& metric,
                                        const MicroserviceObservation& seen, Instant now,
                                        const Autoscaler& autoscaler, int current) const {
  HpaTolerance tolerance{.down = options_.tolerance, .up = options_.tolerance};
  if (options_.behavior) {
    tolerance.down = options_.behavior->scale_down.tolerance.value_or(options_.tolerance);
    tolerance.up = options_.behavior->scale_up.tolerance.value_or(options_.tolerance);
  }
  if (metric.kind == HpaMetric::Kind::kLoadAverageValue) {
    if (!seen.arrival_rate ||
        !(seen.arrival_rate->value() >= 0 && seen.arrival_rate->value() < 1e9 * metric.target)) {
      return absl::UnavailableError("the load is not measured");
    }
    return ReplicasForExternalTotal(seen.arrival_rate->value(), current, metric.target, tolerance);
  }
  const std::vector<HpaPod> pods = Group(seen, now, autoscaler, metric.kind);
  if (metric.kind == HpaMetric::Kind::kCpuUtilization) {
    return ReplicasForUtilization(pods, current, static_cast<int>(metric.target), tolerance);
  }
  return ReplicasForAverageValue(pods, current, std::llround(metric.target), tolerance);
}

HpaPolicy::Recommendation HpaPolicy::Recommend(const MicroserviceObservation& seen, Instant now,
                                               const Autoscaler& autoscaler, int current) const {
  std::optional<int> highest;
  std::string reason;
  bool any_invalid = false;
  for (const HpaMetric& metric : options_.metrics) {
    const absl::StatusOr<int> replicas = Replicas(metric, seen, now, autoscaler, current);
    if (!replicas.ok()) {
      any_invalid = true;
    } else if (!highest || *replicas > *highest) {
      highest = *replicas;
      reason = MetricName(metric);
    }
  }
  if (!highest) return {.replicas = current, .reason = "no metric"};
  if (any_invalid && *highest < current)
    return {.replicas = current, .reason = "a metric is missing"};
  return {.replicas = *highest, .reason = std::move(reason)};
}

}  // namespace trimtab
