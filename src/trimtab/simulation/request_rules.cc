#include "trimtab/simulation/request_rules.h"

#include <algorithm>
#include <cstdint>
#include <variant>
#include <vector>

namespace trimtab {
namespace {

template <class Rule>
std::uint32_t PlaceOf(const std::vector<Rule>& rules, const Rule& rule) {
  return static_cast<std::uint32_t>(std::ranges::find(rules, rule) - rules.begin());
}

template <class Rule>
void AddOnce(const Rule& rule, std::vector<Rule>& rules) {
  if (PlaceOf(rules, rule) == rules.size()) rules.push_back(rule);
}

void Collect(const std::vector<ProgramStep>& program, RequestRules& rules) {
  for (const ProgramStep& step : program) {
    if (const auto* branch = std::get_if<BranchStep>(&step.step)) {
      if (!branch->when.empty()) AddOnce(branch->when, rules.conditions);
      Collect(branch->then, rules);
      Collect(branch->otherwise, rules);
    } else if (const auto* repeat = std::get_if<RepeatStep>(&step.step)) {
      AddOnce(repeat->count, rules.counts);
      Collect(repeat->steps, rules);
    }
  }
}

}  // namespace

RequestRules RequestRules::Of(const ClusterScenario& scenario) {
  RequestRules rules;
  for (const MicroserviceSpec& microservice : scenario.microservices) {
    for (const EndpointSpec& endpoint : microservice.endpoints) Collect(endpoint.program, rules);
  }
  return rules;
}

std::uint32_t RequestRules::IndexOf(const std::vector<ConditionSpec>& wanted) const {
  return PlaceOf(conditions, wanted);
}
std::uint32_t RequestRules::IndexOf(const RepeatCountSpec& wanted) const {
  return PlaceOf(counts, wanted);
}

}  // namespace trimtab
