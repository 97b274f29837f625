#include "trimtab/experiment/tuned_options.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "trimtab/profile/atomic_file.h"
#include "trimtab/profile/json_fields.h"

namespace trimtab {
namespace {

using Json = nlohmann::ordered_json;

Json ContainerToJson(const ContainerConfig& container) {
  return {{"cpuCores", InCores(container.cpu)}, {"memoryBytes", container.memory.value()}};
}

// Beyond these a number is a mistake, not a choice.
constexpr double kMostCores = 1e6;
constexpr std::int64_t kMostBytes = std::int64_t{1} << 50;
constexpr std::int64_t kMostReplicas = 1'000'000;

ContainerConfig ContainerOf(JsonFields& fields) {
  return {.cpu = Millicores(std::llround(fields.Number("cpuCores", 0.001, kMostCores) * 1000)),
          .memory = Bytes(fields.Integer("memoryBytes", 1, kMostBytes))};
}

absl::StatusOr<TunedHpa> HpaFromJson(const nlohmann::json& json) {
  JsonFields fields(json, "tuned options: hpa");
  TunedHpa hpa;
  hpa.target_utilization = fields.Number("targetUtilizationPercent", 1, 1000);
  JsonFields container(fields.Object("container"), "tuned options: hpa.container");
  hpa.container = ContainerOf(container);
  if (const absl::Status s = fields.Finish(); !s.ok()) return s;
  if (const absl::Status s = container.Finish(); !s.ok()) return s;
  return hpa;
}

// Bounds as those of GradOptions.
absl::StatusOr<TunedGrad> GradFromJson(const nlohmann::json& json) {
  JsonFields fields(json, "tuned options: grad");
  const TunedGrad grad{.confidence = fields.Number("confidence", 0.5, 0.999),
                       .most_utilization = fields.Number("mostUtilization", 0.1, 1),
                       .horizon_minutes = fields.Number("horizonMinutes", 0, 60)};
  if (const absl::Status s = fields.Finish(); !s.ok()) return s;
  return grad;
}

absl::StatusOr<Allocation> AllocationFromJson(const nlohmann::json& rows,
                                              const Application& application) {
  Allocation allocation(application.size());
  std::vector<bool> named(application.size(), false);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    JsonFields fields(rows[row], fmt::format("tuned options: static[{}]", row));
    const std::string name = fields.Text("microservice");
    const auto replicas = static_cast<int>(fields.Integer("replicas", 1, kMostReplicas));
    const ContainerConfig container = ContainerOf(fields);
    if (const absl::Status s = fields.Finish(); !s.ok()) return s;
    const auto id = application.Find(name);
    if (!id) {
      return absl::InvalidArgumentError(fmt::format(
          "tuned options: static: '{}' is no microservice of '{}'", name, application.name()));
    }
    if (named[id->value()]) {
      return absl::InvalidArgumentError(
          fmt::format("tuned options: static: '{}' stands there twice", name));
    }
    named[id->value()] = true;
    allocation[*id] = {.replicas = replicas, .container = container};
  }
  const auto missing = std::ranges::find(named, false);
  if (missing != named.end()) {
    const MicroserviceId id(static_cast<std::size_t>(missing - named.begin()));
    return absl::InvalidArgumentError(
        fmt::format("tuned options: static: '{}' is missing", application.microservice(id).name));
  }
  return allocation;
}

}  // namespace

std::string TunedToJson(const TunedOptions& tuned, const Application& application) {
  Json json;
  json["version"] = 1;
  json["scenarioHash"] = tuned.scenario_hash;
  json["command"] = tuned.command;
  json["seed"] = tuned.seed;
  if (tuned.hpa) {
    json["hpa"] = {{"targetUtilizationPercent", tuned.hpa->target_utilization},
                   {"container", ContainerToJson(tuned.hpa->container)}};
  }
  if (tuned.grad) {
    json["grad"] = {{"confidence", tuned.grad->confidence},
                    {"mostUtilization", tuned.grad->most_utilization},
                    {"horizonMinutes", tuned.grad->horizon_minutes}};
  }
  if (tuned.static_allocation) {
    Json rows = Json::array();
    for (std::size_t i = 0; i < application.size(); ++i) {
      const MicroserviceAllocation& entry = (*tuned.static_allocation)[MicroserviceId(i)];
      Json row = {{"microservice", application.microservice(MicroserviceId(i)).name},
                  {"replicas", entry.replicas}};
      row.update(ContainerToJson(entry.container));
      rows.push_back(std::move(row));
    }
    json["static"] = std::move(rows);
  }
  return json.dump(2) + "\n";
}

absl::StatusOr<TunedOptions> TunedFromJson(const std::string& text,
                                           const Application& application) {
  const auto json = ParseJsonObject(text);
  if (!json.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("tuned options: {}", std::string(json.status().message())));
  }
  JsonFields fields(*json, "tuned options");
  if (const auto version = fields.Integer("version", 1, INT64_MAX); version != 1) {
    return absl::FailedPreconditionError(
        fmt::format("tuned options: version is {}, this program reads 1", version));
  }
  TunedOptions tuned;
  tuned.scenario_hash = fields.Text("scenarioHash");
  tuned.command = fields.Text("command");
  tuned.seed = fields.Seed("seed");
  if (json->contains("hpa")) {
    auto hpa = HpaFromJson(fields.Object("hpa"));
    if (!hpa.ok()) return hpa.status();
    tuned.hpa = *std::move(hpa);
  }
  if (json->contains("grad")) {
    const auto grad = GradFromJson(fields.Object("grad"));
    if (!grad.ok()) return grad.status();
    tuned.grad = *grad;
  }
  if (json->contains("static")) {
    auto allocation = AllocationFromJson(fields.Array("static"), application);
    if (!allocation.ok()) return allocation.status();
    tuned.static_allocation = *std::move(allocation);
  }
  if (const absl::Status s = fields.Finish(); !s.ok()) return s;
  return tuned;
}

std::string TunedPathOf(const std::string& scenario_path) {
  constexpr std::string_view kEnding = ".yaml";
  std::string stem = scenario_path;
  if (stem.ends_with(kEnding)) stem.resize(stem.size() - kEnding.size());
  return stem + ".tuned.json";
}

absl::StatusOr<TunedOptions> LoadTuned(const std::string& scenario_path,
                                       const Application& application,
                                       const std::string& scenario_hash) {
  const std::string path = TunedPathOf(scenario_path);
  const auto text = ReadWholeFile(path);
  if (absl::IsNotFound(text.status())) {
    return absl::NotFoundError(
        fmt::format("'{}' does not exist; 'trimtab experiment run tune --scenario {}' makes it",
                    path, scenario_path));
  }
  if (!text.ok()) return text.status();
  auto tuned = TunedFromJson(*text, application);
  if (!tuned.ok()) {
    return absl::Status(tuned.status().code(),
                        fmt::format("'{}': {}", path, std::string(tuned.status().message())));
  }
  if (tuned->scenario_hash != scenario_hash) {
    return absl::FailedPreconditionError(
        fmt::format("'{}' was found for scenario {}, this one is {}; repeat it with '{}'", path,
                    tuned->scenario_hash, scenario_hash, tuned->command));
  }
  return tuned;
}

}  // namespace trimtab
