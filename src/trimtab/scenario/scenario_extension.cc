#include "trimtab/scenario/scenario_extension.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace trimtab {
namespace {

using EndpointKey = std::pair<std::string, std::string>;

void CollectTargets(const std::vector<ProgramStep>& program, std::vector<EndpointKey>& targets) {
  for (const ProgramStep& step : program) {
    if (const auto* call = std::get_if<CallStep>(&step.step)) {
      for (const CallTarget& target : call->targets) {
        targets.emplace_back(target.microservice, target.endpoint);
      }
    } else if (const auto* branch = std::get_if<BranchStep>(&step.step)) {
      CollectTargets(branch->then, targets);
      CollectTargets(branch->otherwise, targets);
    } else if (const auto* repeat = std::get_if<RepeatStep>(&step.step)) {
      CollectTargets(repeat->steps, targets);
    }
  }
}

}  // namespace

YamlNode Extended(YamlNode own, YamlNode base) {
  for (YamlNode::Entry& entry : own.entries) {
    if (entry.key == "extends") continue;
    const auto place = std::ranges::find(base.entries, entry.key, &YamlNode::Entry::key);
    if (place == base.entries.end()) {
      base.entries.push_back(std::move(entry));
    } else if (entry.key == "provenance") {
      std::vector<YamlNode>& rows = place->value.items;
      rows.insert(rows.begin(), entry.value.items.begin(), entry.value.items.end());
    } else {
      *place = std::move(entry);
    }
  }
  return base;
}

void DropUnreached(ClusterScenario& cluster) {
  std::map<EndpointKey, const EndpointSpec*> endpoints;
  for (const MicroserviceSpec& microservice : cluster.microservices) {
    for (const EndpointSpec& endpoint : microservice.endpoints) {
      endpoints.emplace(EndpointKey(microservice.name, endpoint.name), &endpoint);
    }
  }
  std::vector<EndpointKey> open;
  for (const EntrySpec& entry : cluster.entries) {
    if (entry.share > 0) open.emplace_back(entry.microservice, entry.endpoint);
  }
  std::set<EndpointKey> seen;
  while (!open.empty()) {
    const EndpointKey key = std::move(open.back());
    open.pop_back();
    if (!seen.insert(key).second) continue;
    CollectTargets(endpoints.at(key)->program, open);
  }
  for (MicroserviceSpec& microservice : cluster.microservices) {
    std::erase_if(microservice.endpoints, [&](const EndpointSpec& endpoint) {
      return !seen.contains({microservice.name, endpoint.name});
    });
  }
  std::erase_if(cluster.microservices, [](const MicroserviceSpec& microservice) {
    return microservice.endpoints.empty();
  });
}

}  // namespace trimtab
