#include "trimtab/scaling/derm/derm_instance_json.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "trimtab/profile/json_fields.h"

namespace trimtab {
namespace {

using Ordered = nlohmann::ordered_json;
using Json = nlohmann::json;

constexpr std::string_view kFormat = "trimtab-instance-1";
constexpr std::size_t kLargestText = std::size_t{256} << 20;
constexpr int kDeepest = 512;
constexpr int kShownDepth = 8;  // of the place that a message names
constexpr double kMost = 1e12;
constexpr std::int64_t kMostContainers = 1'000'000;

Ordered TreeJson(const DermNode& node, const DermProblem& problem) {
  if (node.kind == DermNode::Kind::kVisit) {
    const auto i = static_cast<std::size_t>(node.microservice);
    return {{"microservice", problem.microservices[i].name}, {"visits", node.visits}};
  }
  Ordered children = Ordered::array();
  for (const DermNode& child : node.children) children.push_back(TreeJson(child, problem));
  const bool parallel = node.kind == DermNode::Kind::kParallel;
  Ordered json = {{parallel ? "parallel" : "sequence", std::move(children)}};
  if (node.visits != 1) json["visits"] = node.visits;
  return json;
}

Ordered MicroserviceJson(const DermMicroservice& each) {
  Ordered json = {
      {"name", each.name}, {"fewestContainers", each.fewest}, {"mostContainers", each.most}};
  if (each.other_demand != 0) json["otherDemand"] = each.other_demand;
  if (const auto* rate = std::get_if<RateLaw>(&each.law)) {
    json["rate"] = {{"offsetSeconds", rate->offset},
                    {"slope", rate->slope},
                    {"intercept", rate->intercept},
                    {"mostLoad", rate->most_load}};
    return json;
  }
  Ordered table = Ordered::array();
  for (const LoadPoint& point : std::get<std::vector<LoadPoint>>(each.law)) {
    table.push_back({{"load", point.load},
                     {"meanSeconds", point.mean},
                     {"variance", point.variance},
                     {"thirdCumulant", point.third}});
  }
  json["loadTable"] = std::move(table);
  return json;
}

// Reads one document; the first fault is kept.
class Reader {
 public:
  absl::StatusOr<DermProblem> Read(const Json& root) {
    JsonFields fields(root, "instance");
    if (const std::string format = fields.Text("format"); format != kFormat) {
      fields.Fail("format", kFormat);
    }
    problem_.application_load = fields.Number("applicationLoad", 0, kMost);
    problem_.sla = fields.Number("slaSeconds", 0, kMost);
    problem_.target = fields.Number("attainmentTarget", 0, 1);
    if (root.contains("shareError")) problem_.share_error = fields.Number("shareError", 0, 1);
    const Json& microservices = fields.Array("microservices");
    const Json& graphs = fields.Array("graphs");
    Keep(fields.Finish());
    for (std::size_t i = 0; i < microservices.size() && status_.ok(); ++i) {
      ReadMicroservice(microservices[i], fmt::format("microservices[{}]", i));
    }
    for (std::size_t i = 0; i < problem_.microservices.size(); ++i) {
      index_.emplace(problem_.microservices[i].name, static_cast<int>(i));
    }
    for (std::size_t i = 0; i < graphs.size() && status_.ok(); ++i) {
      ReadGraph(graphs[i], fmt::format("graphs[{}]", i));
    }
    if (!status_.ok()) return status_;
    if (const absl::Status valid = ValidateDermProblem(problem_); !valid.ok()) return valid;
    return std::move(problem_);
  }

 private:
  void Keep(const absl::Status& status) {
    if (status_.ok()) status_ = status;
  }
  void Fail(const std::string& place, std::string_view words) {
    Keep(absl::InvalidArgumentError(fmt::format("{} {}", place, words)));
  }

  void ReadMicroservice(const Json& json, const std::string& place) {
    if (!json.is_object()) return Fail(place, "is not an object");
    JsonFields fields(json, place);
    DermMicroservice each;
    each.name = fields.Text("name");
    if (json.contains("fewestContainers")) {
      each.fewest = static_cast<int>(fields.Integer("fewestContainers", 1, kMostContainers));
    }
    if (json.contains("mostContainers")) {
      each.most = static_cast<int>(fields.Integer("mostContainers", 1, kMostContainers));
    }
    if (json.contains("otherDemand")) each.other_demand = fields.Number("otherDemand", 0, kMost);
    if (json.contains("rate") == json.contains("loadTable")) {
      return Fail(place, "has not exactly one of the keys 'rate' and 'loadTable'");
    }
    if (json.contains("rate")) {
      each.law = ReadRate(fields.Object("rate"), place + ".rate");
    } else {
      each.law = ReadTable(fields.Array("loadTable"), place + ".loadTable");
    }
    Keep(fields.Finish());
    problem_.microservices.push_back(std::move(each));
  }

  RateLaw ReadRate(const Json& json, const std::string& place) {
    JsonFields fields(json, place);
    RateLaw law;
    law.offset = fields.Number("offsetSeconds", -kMost, kMost);
    law.slope = fields.Number("slope", -kMost, kMost);
    law.intercept = fields.Number("intercept", 0, kMost);
    if (json.contains("mostLoad")) law.most_load = fields.Number("mostLoad", 0, kMost);
    Keep(fields.Finish());
    return law;
  }

  std::vector<LoadPoint> ReadTable(const Json& json, const std::string& place) {
    std::vector<LoadPoint> points;
    for (std::size_t i = 0; i < json.size() && status_.ok(); ++i) {
      JsonFields fields(json[i], fmt::format("{}[{}]", place, i));
      points.push_back({.load = fields.Number("load", 0, kMost),
                        .mean = fields.Number("meanSeconds", 0, kMost),
                        .variance = fields.Number("variance", 0, kMost),
                        .third = fields.Number("thirdCumulant", -kMost, kMost)});
      Keep(fields.Finish());
    }
    return points;
  }

  void ReadGraph(const Json& json, const std::string& place) {
    if (!json.is_object()) return Fail(place, "is not an object");
    JsonFields fields(json, place);
    DermGraph graph;
    graph.id = fields.Text("id");
    graph.share = fields.Number("share", 0, 1);
    graph.tree = ReadTree(fields.Object("tree"), place + ".tree", 1);
    Keep(fields.Finish());
    problem_.graphs.push_back(std::move(graph));
  }

  DermNode ReadTree(const Json& json, const std::string& place, int depth) {
    if (depth > kDeepest) {
      Fail(place, fmt::format("is nested deeper than {}", kDeepest));
      return {};
    }
    if (!json.is_object()) {
      Fail(place, "is not an object");
      return {};
    }
    JsonFields fields(json, place);
    DermNode node;
    if (json.contains("microservice")) {
      const std::string name = fields.Text("microservice");
      const auto found = index_.find(name);
      if (found == index_.end()) Fail(place, fmt::format("visits '{}', which is unknown", name));
      node = DermNode::Visit(found == index_.end() ? 0 : found->second);
    } else {
      const std::string key = json.contains("parallel") ? "parallel" : "sequence";
      node.kind = key == "parallel" ? DermNode::Kind::kParallel : DermNode::Kind::kSequence;
      const Json& children = fields.Array(key);
      for (std::size_t i = 0; i < children.size() && status_.ok(); ++i) {
        const std::string where =
            depth < kShownDepth ? fmt::format("{}.{}[{}]", place, key, i) : place;
        node.children.push_back(ReadTree(children[i], where, depth + 1));
      }
    }
    if (json.contains("visits")) {
      node.visits = static_cast<int>(fields.Integer("visits", 1, kMostContainers));
    }
    Keep(fields.Finish());
    return node;
  }

  DermProblem problem_;
  std::map<std::string, int, std::less<>> index_;
  absl::Status status_;
};

}  // namespace

std::string DermInstanceToJson(const DermProblem& problem) {
  Ordered microservices = Ordered::array();
  for (const DermMicroservice& each : problem.microservices) {
    microservices.push_back(MicroserviceJson(each));
  }
  Ordered graphs = Ordered::array();
  for (const DermGraph& graph : problem.graphs) {
    graphs.push_back(
        {{"id", graph.id}, {"share", graph.share}, {"tree", TreeJson(graph.tree, problem)}});
  }
  const Ordered root = {{"format", kFormat},
                        {"applicationLoad", problem.application_load},
                        {"slaSeconds", problem.sla},
                        {"attainmentTarget", problem.target},
                        {"shareError", problem.share_error},
                        {"microservices", std::move(microservices)},
                        {"graphs", std::move(graphs)}};
  return root.dump(1, ' ', false, Ordered::error_handler_t::replace);
}

absl::StatusOr<DermProblem> DermInstanceFromJson(std::string_view text) {
  if (text.size() > kLargestText) {
    return absl::InvalidArgumentError(
        fmt::format("instance has {} bytes, at most {} are read", text.size(), kLargestText));
  }
  const auto root = ParseJsonObject(text);
  if (!root.ok()) return root.status();
  return Reader().Read(*root);
}

}  // namespace trimtab
