#include "trimtab/scaling/static/static_policy.h"

#include <algorithm>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/application/resource_price.h"

namespace trimtab {
namespace {

MicroserviceAllocation AtLeast(const MicroserviceAllocation& wanted,
                               const MicroserviceAllocation& current) {
  return {.replicas = std::max(wanted.replicas, current.replicas),
          .container = {.cpu = std::max(wanted.container.cpu, current.container.cpu),
                        .memory = std::max(wanted.container.memory, current.container.memory)}};
}

PlanStep Step(MicroserviceId id, ScalingAction action, const MicroserviceAllocation& before,
              const MicroserviceAllocation& after) {
  const auto units = [](const MicroserviceAllocation& a) {
    return UnitsOf(a.container).total() * a.replicas;
  };
  return {.microservice = id,
          .action = action,
          .before = before,
          .after = after,
          .tail_before = std::nullopt,
          .tail_after = std::nullopt,
          .cost = units(after) - units(before),
          .reason = "the given allocation",
          .alternatives = {}};
}

}  // namespace

absl::StatusOr<Plan> StaticPolicy::MakePlan(const PlanningInput& input) {
  if (absl::Status status = CheckPlanningInput(input); !status.ok()) return status;
  if (allocation_.size() != input.application.size()) {
    return absl::InvalidArgumentError(
        fmt::format("policy 'static' was given {} microservices, application '{}' has {}",
                    allocation_.size(), input.application.name(), input.application.size()));
  }
  Plan plan{.predicted_tail_latency = std::nullopt,
            .target = input.desired,
            .binding = {},
            .steps = {},
            .summary = {}};
  for (std::size_t i = 0; i < allocation_.size(); ++i) {
    const MicroserviceId id(i);
    const MicroserviceAllocation wanted =
        input.scale_down_allowed ? allocation_[id] : AtLeast(allocation_[id], input.desired[id]);
    MicroserviceAllocation at = input.desired[id];
    const auto move = [&](ScalingAction action, MicroserviceAllocation to) {
      if (to == at) return;
      plan.steps.push_back(Step(id, action, at, to));
      at = to;
    };
    move(ScalingAction::kCpu,
         {at.replicas, {.cpu = wanted.container.cpu, .memory = at.container.memory}});
    move(ScalingAction::kMemory, {at.replicas, wanted.container});
    move(ScalingAction::kReplicas, wanted);
    plan.target[id] = at;
  }
  if (!plan.steps.empty()) plan.summary.termination = PlanTermination::kRecommended;
  plan.summary.message =
      plan.steps.empty() ? "the given allocation stands" : "back to the given one";
  plan.summary.iterations = 1;
  return plan;
}

}  // namespace trimtab
