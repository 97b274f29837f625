#include "trimtab/callgraph/tree_json.h"

#include <nlohmann/json.hpp>

namespace trimtab {
namespace {

nlohmann::ordered_json BranchesToJson(const TreeStep& step) {
  auto branches = nlohmann::ordered_json::array();
  for (const CallTree& branch : step.branches) branches.push_back(TreeToJson(branch));
  return branches;
}

}  // namespace

nlohmann::ordered_json TreeToJson(const CallTree& tree) {
  nlohmann::ordered_json json{{"microservice", tree.microservice}, {"calls", tree.calls}};
  if (tree.steps.size() == 1 && tree.steps.front().parallel) {
    json["parallel"] = BranchesToJson(tree.steps.front());
    return json;
  }
  auto& series = json["series"] = nlohmann::ordered_json::array();
  for (const TreeStep& step : tree.steps) {
    if (step.parallel) {
      series.push_back({{"parallel", BranchesToJson(step)}});
    } else {
      for (const CallTree& call : step.branches) series.push_back(TreeToJson(call));
    }
  }
  return json;
}

}  // namespace trimtab
