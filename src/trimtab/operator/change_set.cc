#include "trimtab/operator/change_set.h"

#include <nlohmann/json.hpp>

#include "fmt/format.h"
#include "trimtab/appscaler/field_reader.h"
#include "trimtab/kubernetes/json_view.h"
#include "trimtab/kubernetes/timestamp.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kMostReplicas = 10'000;

Json ToJson(const MicroserviceAllocation& allocation) {
  return {{"replicas", allocation.replicas},
          {"cpu", FormatCpu(allocation.container.cpu)},
          {"memory", FormatMemory(allocation.container.memory)}};
}

MicroserviceAllocation ReadAllocation(FieldReader& change, std::string_view key) {
  MicroserviceAllocation allocation;
  change.Require(key);
  auto reader = change.Object(key);
  if (!reader) return allocation;
  for (const std::string_view field : {"replicas", "cpu", "memory"}) reader->Require(field);
  reader->Integer("replicas", allocation.replicas, 1, kMostReplicas);
  reader->Cpu("cpu", allocation.container.cpu);
  reader->Memory("memory", allocation.container.memory);
  reader->Finish();
  return allocation;
}

std::string Text(const MicroserviceAllocation& allocation) {
  return fmt::format("{} x {}/{}", allocation.replicas, FormatCpu(allocation.container.cpu),
                     FormatMemory(allocation.container.memory));
}

}  // namespace

std::string ChangeSetToJson(const ChangeSet& set) {
  Json json = {{"kind", "ChangeSet"},
               {"namespace", set.name_space},
               {"name", set.name},
               {"uid", set.uid},
               {"generation", set.generation},
               {"plannedAt", FormatTimestamp(set.at)}};
  json["changes"] = Json::array();
  for (const IntendedChange& change : set.changes) {
    json["changes"].push_back(
        {{"name", change.name}, {"from", ToJson(change.from)}, {"to", ToJson(change.to)}});
  }
  return json.dump(2) + "\n";
}

absl::StatusOr<ChangeSet> ReadChangeSet(std::string_view text) {
  const auto json = JsonFromText(text);
  if (!json.ok()) return json.status();
  ChangeSet set;
  FieldProblems problems{.is_strict = true};
  FieldReader reader(*json, "", problems);
  std::string kind;
  std::string planned_at;
  double generation = 0;
  for (const std::string_view key :
       {"kind", "namespace", "name", "uid", "generation", "plannedAt", "changes"}) {
    reader.Require(key);
  }
  reader.Text("kind", kind);
  if (kind != "ChangeSet") reader.Problem("kind", "must be ChangeSet");
  reader.Text("namespace", set.name_space);
  reader.Text("name", set.name);
  reader.Text("uid", set.uid);
  reader.Number("generation", generation);
  if (generation >= 0 && generation < 1e15) set.generation = static_cast<std::int64_t>(generation);
  reader.Text("plannedAt", planned_at);
  if (const auto at = ParseTimestamp(planned_at); at.ok()) {
    set.at = *at;
  } else {
    reader.Problem("plannedAt", std::string(at.status().message()));
  }
  reader.Items("changes", [&](const nlohmann::json& item, const std::string& path) {
    FieldReader change(item, path, problems);
    IntendedChange& into = set.changes.emplace_back();
    change.Require("name");
    change.Text("name", into.name);
    into.from = ReadAllocation(change, "from");
    into.to = ReadAllocation(change, "to");
    change.Finish();
  });
  reader.Finish();
  if (absl::Status status = problems.ToStatus(); !status.ok()) return status;
  return set;
}

absl::StatusOr<std::vector<AllocationChange>> FreshChanges(
    const ChangeSet& set, const AppScaler& scaler, const Application& application,
    const std::vector<MicroserviceState>& states) {
  const auto stale = [&set](std::string why) {
    return absl::AbortedError(fmt::format("the plan of {} for '{}/{}' is stale: {}",
                                          FormatTimestamp(set.at), set.name_space, set.name, why));
  };
  if (scaler.meta.uid != set.uid) return stale("the AppScaler was deleted and made anew");
  if (scaler.meta.generation != set.generation) {
    return stale(fmt::format("it was made for generation {} of the AppScaler, which is at {}",
                             set.generation, scaler.meta.generation));
  }
  std::vector<AllocationChange> changes;
  for (const IntendedChange& change : set.changes) {
    const auto id = application.Find(change.name);
    if (!id) return stale(fmt::format("the AppScaler has no workload '{}'", change.name));
    const MicroserviceAllocation now = states[id->value()].desired;
    if (now != change.from) {
      return stale(
          fmt::format("workload '{}' is {} and was {}", change.name, Text(now), Text(change.from)));
    }
    changes.push_back({*id, change.from, change.to});
  }
  return changes;
}

}  // namespace trimtab
