#include "trimtab/experiment/tuned_options.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "trimtab/profile/atomic_file.h"

namespace trimtab {
namespace {

using Json = nlohmann::ordered_json;

Json ContainerToJson(const ContainerConfig& container) {
  return {{"cpuCores", InCores(container.cpu)}, {"memoryBytes", container.memory.value()}};
}

ContainerConfig ContainerFromJson(const Json& json) {
  return {.cpu = Millicores(std::llround(json.at("cpuCores").get<double>() * 1000)),
          .memory = Bytes(json.at("memoryBytes").get<std::int64_t>())};
}

absl::Status CheckContainer(const ContainerConfig& container, std::string_view of) {
  if (container.cpu <= Millicores(0) || container.memory <= Bytes(0)) {
    return absl::InvalidArgumentError(fmt::format("tuned options: {}: {}m and {} B must be above 0",
                                                  of, container.cpu.value(),
                                                  container.memory.value()));
  }
  return absl::OkStatus();
}

absl::StatusOr<Allocation> AllocationFromJson(const Json& rows, const Application& application) {
  Allocation allocation(application.size());
  std::size_t named = 0;
  for (const Json& row : rows) {
    const auto name = row.at("microservice").get<std::string>();
    const auto id = application.Find(name);
    if (!id) {
      return absl::InvalidArgumentError(fmt::format(
          "tuned options: static: '{}' is no microservice of '{}'", name, application.name()));
    }
    allocation[*id] = {.replicas = row.at("replicas").get<int>(),
                       .container = ContainerFromJson(row)};
    if (auto s = CheckContainer(allocation[*id].container, name); !s.ok()) return s;
    if (allocation[*id].replicas < 1) {
      return absl::InvalidArgumentError(fmt::format("tuned options: {}: {} replicas, at least 1",
                                                    name, allocation[*id].replicas));
    }
    ++named;
  }
  if (named != application.size()) {
    return absl::InvalidArgumentError(
        fmt::format("tuned options: static: {} of {} microservices", named, application.size()));
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
  try {
    const Json json = Json::parse(text);
    TunedOptions tuned;
    if (const int version = json.at("version"); version != 1) {
      return absl::FailedPreconditionError(
          fmt::format("tuned options: version is {}, this program reads 1", version));
    }
    tuned.scenario_hash = json.at("scenarioHash");
    tuned.command = json.at("command");
    tuned.seed = json.at("seed");
    if (json.contains("hpa")) {
      tuned.hpa = {.target_utilization = json["hpa"].at("targetUtilizationPercent"),
                   .container = ContainerFromJson(json["hpa"].at("container"))};
      if (auto s = CheckContainer(tuned.hpa->container, "hpa"); !s.ok()) return s;
    }
    if (json.contains("grad")) {
      tuned.grad = {.confidence = json["grad"].at("confidence"),
                    .most_utilization = json["grad"].at("mostUtilization"),
                    .horizon_minutes = json["grad"].at("horizonMinutes")};
    }
    if (json.contains("static")) {
      auto allocation = AllocationFromJson(json["static"], application);
      if (!allocation.ok()) return allocation.status();
      tuned.static_allocation = *std::move(allocation);
    }
    return tuned;
  } catch (const Json::exception& error) {
    return absl::InvalidArgumentError(fmt::format("tuned options: {}", error.what()));
  }
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
