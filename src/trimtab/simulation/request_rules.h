// The conditions and repeat counts of a scenario's programs, each once: what a request must settle.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "trimtab/simulation/scenario.h"

namespace trimtab {

// Programs name a rule by its index. In order of first appearance over microservices, endpoints and
// steps, so that equal scenarios have equal indices.
struct RequestRules {
  std::vector<std::vector<ConditionSpec>> conditions;
  std::vector<RepeatCountSpec> counts;

  static RequestRules Of(const ClusterScenario& scenario);

  // REQUIRES: a rule of the scenario that it was made of.
  std::uint32_t IndexOf(const std::vector<ConditionSpec>& conditions) const;
  std::uint32_t IndexOf(const RepeatCountSpec& count) const;
};

// Each rule takes a bit or a number in every kind of request.
inline constexpr std::size_t kMostRules = 64;

}  // namespace trimtab
