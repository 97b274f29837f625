#include "trimtab/scaling/hpa/hpa_options.h"

#include <chrono>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "trimtab/quantity/time.h"

namespace trimtab {
namespace {

void CheckRules(std::string_view name, const HpaScalingRules& rules,
                std::vector<std::string>& problems) {
  const double window = InSeconds(rules.stabilization_window);
  if (!(window >= 0 && window <= 3600)) {
    problems.push_back(
        fmt::format("{}.stabilization_window is {} s, expected 0 to 3600 s", name, window));
  }
  if (rules.tolerance && !(*rules.tolerance >= 0 && *rules.tolerance < 1)) {
    problems.push_back(
        fmt::format("{}.tolerance is {}, expected 0 or more and below 1", name, *rules.tolerance));
  }
  if (rules.policies.empty()) problems.push_back(fmt::format("{}.policies is empty", name));
  for (std::size_t i = 0; i < rules.policies.size(); ++i) {
    const HpaScalingPolicy& policy = rules.policies[i];
    const double period = InSeconds(policy.period);
    if (policy.value <= 0) {
      problems.push_back(
          fmt::format("{}.policies[{}].value is {}, expected above 0", name, i, policy.value));
    }
    if (!(period > 0 && period <= 1800)) {
      problems.push_back(fmt::format(
          "{}.policies[{}].period is {} s, expected above 0 up to 1800 s", name, i, period));
    }
  }
}

}  // namespace

HpaScalingRules HpaScalingRules::DefaultScaleUp() {
  return {.stabilization_window = Duration(0),
          .select = HpaSelect::kMax,
          .policies = {{.kind = HpaScalingPolicy::Kind::kReplicas, .value = 4},
                       {.kind = HpaScalingPolicy::Kind::kPercent, .value = 100}},
          .tolerance = std::nullopt};
}

HpaScalingRules HpaScalingRules::DefaultScaleDown() {
  return {.stabilization_window = std::chrono::seconds(300),
          .select = HpaSelect::kMax,
          .policies = {{.kind = HpaScalingPolicy::Kind::kPercent, .value = 100}},
          .tolerance = std::nullopt};
}

absl::Status HpaOptions::Validate() const {
  std::vector<std::string> problems;
  const auto positive = [&problems](std::string_view name, Duration value) {
    if (value <= Duration(0)) {
      problems.push_back(fmt::format("{} is {} s, expected above 0", name, InSeconds(value)));
    }
  };
  const auto not_negative = [&problems](std::string_view name, Duration value) {
    if (value < Duration(0)) {
      problems.push_back(fmt::format("{} is {} s, expected 0 or more", name, InSeconds(value)));
    }
  };
  positive("sync_period", sync_period);
  positive("metric_window", metric_window);
  not_negative("cpu_initialization_period", cpu_initialization_period);
  not_negative("initial_readiness_delay", initial_readiness_delay);
  not_negative("downscale_stabilization", downscale_stabilization);
  if (!(tolerance >= 0 && tolerance < 1)) {
    problems.push_back(fmt::format("tolerance is {}, expected 0 or more and below 1", tolerance));
  }
  if (metrics.empty()) problems.emplace_back("metrics is empty");
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    if (!(metrics[i].target > 0 && std::isfinite(metrics[i].target))) {
      problems.push_back(
          fmt::format("metrics[{}].target is {}, expected above 0", i, metrics[i].target));
    }
  }
  if (min_replicas && *min_replicas < 1) {
    problems.push_back(fmt::format("min_replicas is {}, expected 1 or more", *min_replicas));
  }
  if (max_replicas && *max_replicas < min_replicas.value_or(1)) {
    problems.push_back(fmt::format("max_replicas is {}, expected at least min_replicas {}",
                                   *max_replicas, min_replicas.value_or(1)));
  }
  if (behavior) {
    CheckRules("behavior.scale_up", behavior->scale_up, problems);
    CheckRules("behavior.scale_down", behavior->scale_down, problems);
  }
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("hpa options: {}", fmt::join(problems, "; ")));
}

}  // namespace trimtab
