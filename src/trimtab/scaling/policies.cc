#include "trimtab/scaling/policies.h"

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/scaling/derm/derm_policy.h"
#include "trimtab/scaling/grad/grad_policy.h"
#include "trimtab/scaling/hpa/hpa_policy.h"
#include "trimtab/scaling/static/static_policy.h"

namespace trimtab {
namespace {

using Made = absl::StatusOr<std::unique_ptr<ScalingPolicy>>;

Made MakeDerm(const PolicyParts& parts) {
  if (parts.application == nullptr || !parts.derm_models) {
    return absl::InvalidArgumentError(
        "policy 'derm' needs an application and the latency laws of its microservices");
  }
  return DermPolicy::Create(*parts.application, *parts.derm_models, parts.derm, parts.derm_shares);
}

Made MakeGrad(const PolicyParts& parts) {
  if (parts.application == nullptr || !parts.models) {
    return absl::InvalidArgumentError("policy 'grad' needs an application and its trained models");
  }
  return GradPolicy::Create(*parts.application, *parts.models, parts.grad);
}

Made MakeHpa(const PolicyParts& parts) { return HpaPolicy::Create(parts.hpa); }

Made MakeStatic(const PolicyParts& parts) {
  if (!parts.allocation) {
    return absl::InvalidArgumentError("policy 'static' needs an allocation to keep");
  }
  return std::make_unique<StaticPolicy>(*parts.allocation);
}

constexpr std::array kTable = {
    PolicyEntry{.name = "derm",
                .description = "Derm: the fewest containers for the predicted mix of call graphs",
                .make = MakeDerm},
    PolicyEntry{.name = "grad",
                .description = "Grad: trade CPU, memory and replicas by learned latency slopes",
                .make = MakeGrad},
    PolicyEntry{.name = "hpa",
                .description = "Kubernetes HorizontalPodAutoscaler v2: replicas by CPU utilization",
                .make = MakeHpa},
    PolicyEntry{
        .name = "static", .description = "one given allocation, never changed", .make = MakeStatic},
};

}  // namespace

std::span<const PolicyEntry> PolicyTable() { return kTable; }

absl::StatusOr<std::unique_ptr<ScalingPolicy>> MakePolicy(std::string_view name,
                                                          const PolicyParts& parts) {
  std::string names;
  for (const PolicyEntry& entry : kTable) {
    if (entry.name == name) return entry.make(parts);
    names += fmt::format("{}{}", names.empty() ? "" : ", ", entry.name);
  }
  return absl::NotFoundError(fmt::format("policy '{}' is none of {}", name, names));
}

}  // namespace trimtab
