#include "trimtab/deployment/change_json.h"

#include <string>

#include "nlohmann/json.hpp"

namespace trimtab {
namespace {

using Json = nlohmann::ordered_json;

Json ChangeToJson(const AllocationChange& change, const Application& application) {
  return {{"microservice", application.microservice(change.microservice).name},
          {"from", AllocationToJson(change.from)},
          {"to", AllocationToJson(change.to)}};
}

}  // namespace

Json AllocationToJson(const MicroserviceAllocation& allocation) {
  return {{"replicas", allocation.replicas},
          {"cpuCores", InCores(allocation.container.cpu)},
          {"memoryBytes", allocation.container.memory.value()}};
}

Json ChangesToJson(const std::vector<AllocationChange>& changes, const Application& application) {
  Json array = Json::array();
  for (const AllocationChange& change : changes) array.push_back(ChangeToJson(change, application));
  return array;
}

Json CommitReportToJson(const CommitReport& report, const Application& application) {
  Json refused = Json::array();
  for (const RefusedChange& each : report.refused) {
    Json change = ChangeToJson(each.change, application);
    change["reason"] = each.why.ToString();
    refused.push_back(std::move(change));
  }
  return {{"accepted", ChangesToJson(report.accepted, application)},
          {"refused", std::move(refused)},
          {"skipped", ChangesToJson(report.skipped, application)}};
}

}  // namespace trimtab
