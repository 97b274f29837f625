#include "trimtab/scaling/plan.h"

#include <array>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"

namespace trimtab {
namespace {

constexpr std::array<std::string_view, 5> kActionNames = {"cpu", "memory", "replicas", "capacity",
                                                          "working-set"};
constexpr std::array<std::string_view, 7> kTerminationNames = {
    "kept", "met-sla", "saved", "no-gain", "no-capacity", "iteration-limit", "recommended"};

template <class Enum, std::size_t kCount>
absl::StatusOr<Enum> Parse(std::string_view what, std::string_view name,
                           const std::array<std::string_view, kCount>& names) {
  for (std::size_t i = 0; i < kCount; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return absl::InvalidArgumentError(
      fmt::format("{} '{}' is none of {}", what, name, fmt::join(names, ", ")));
}

}  // namespace

std::string_view ScalingActionName(ScalingAction action) {
  return kActionNames[static_cast<std::size_t>(action)];
}

absl::StatusOr<ScalingAction> ParseScalingAction(std::string_view name) {
  return Parse<ScalingAction>("scaling action", name, kActionNames);
}

std::string_view PlanTerminationName(PlanTermination termination) {
  return kTerminationNames[static_cast<std::size_t>(termination)];
}

absl::StatusOr<PlanTermination> ParsePlanTermination(std::string_view name) {
  return Parse<PlanTermination>("plan termination", name, kTerminationNames);
}

}  // namespace trimtab
