#include "trimtab/appscaler/scaler_status.h"

#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/kubernetes/json_view.h"
#include "trimtab/kubernetes/timestamp.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

using Json = nlohmann::json;

constexpr Duration kLatencyStep = std::chrono::microseconds(100);
constexpr int kMostReplicas = 1'000'000;

Json AmountsToJson(const ResourceAmounts& amounts) {
  Json json = Json::object();
  if (amounts.cpu) json["cpu"] = FormatCpu(*amounts.cpu);
  if (amounts.memory) json["memory"] = FormatMemory(*amounts.memory);
  return json;
}

// None and no amount at all are the same to the API.
void PutAmounts(std::string_view key, const ResourceAmounts& amounts, Json& json) {
  if (amounts.cpu || amounts.memory) json[std::string(key)] = AmountsToJson(amounts);
}

Json AllocationToJson(const MicroserviceAllocation& allocation) {
  return {{"replicas", allocation.replicas},
          {"cpu", FormatCpu(allocation.container.cpu)},
          {"memory", FormatMemory(allocation.container.memory)}};
}

Json LatencyToJson(Latency latency) {
  const double steps =
      std::clamp(latency / std::chrono::duration<double, std::milli>(kLatencyStep), 0.0, 1e9);
  return FormatDuration(static_cast<std::int64_t>(std::llround(steps)) * kLatencyStep);
}

Json PodSizeToJson(const PodSize& size) {
  Json json = {{"kind", size.kind}, {"name", size.name}, {"container", size.container}};
  json["requests"] = AmountsToJson(size.requests);
  PutAmounts("limits", size.limits, json);
  PutAmounts("templateRequests", size.template_requests, json);
  PutAmounts("templateLimits", size.template_limits, json);
  return json;
}

Json WorkloadToJson(const WorkloadStatus& workload) {
  Json json = {{"name", workload.name}};
  if (workload.current) json["current"] = AllocationToJson(*workload.current);
  if (workload.desired) json["desired"] = AllocationToJson(*workload.desired);
  if (!workload.limited_by.empty()) json["limitedBy"] = workload.limited_by;
  if (!workload.notes.empty()) json["notes"] = workload.notes;
  return json;
}

Json CommitToJson(const CommitIntent& commit) {
  Json json = {{"id", commit.id}, {"step", CommitStepName(commit.step)}};
  if (commit.started) json["startedAt"] = FormatTimestamp(*commit.started);
  json["changes"] = Json::array();
  for (const IntendedChange& change : commit.changes) {
    json["changes"].push_back({{"name", change.name},
                               {"from", AllocationToJson(change.from)},
                               {"to", AllocationToJson(change.to)}});
  }
  return json;
}

Json ConditionToJson(const ObjectCondition& condition) {
  Json json = {{"type", condition.type},
               {"status", condition.status},
               {"reason", condition.reason},
               {"message", condition.message}};
  if (condition.observed_generation > 0) json["observedGeneration"] = condition.observed_generation;
  if (condition.since) json["lastTransitionTime"] = FormatTimestamp(*condition.since);
  return json;
}

template <class T>
Json ListToJson(const std::vector<T>& list, Json (*each)(const T&)) {
  Json json = Json::array();
  for (const T& item : list) json.push_back(each(item));
  return json;
}

std::optional<Instant> TimeAt(const Json& value, JsonPath path) {
  const auto instant = ParseTimestamp(TextAt(value, path));
  return instant.ok() ? std::optional(*instant) : std::nullopt;
}

// Reads the lists of a status, and remembers what of them could not be read.
class StatusReader {
 public:
  explicit StatusReader(std::vector<std::string>* faults) : faults_(faults) {}

  std::optional<Latency> LatencyOf(const Json& status, std::string_view field) {
    const std::string text = TextAt(status, {"objective", field});
    if (text.empty()) return std::nullopt;
    const auto latency = ParseDuration(text);
    if (latency.ok()) return ToLatency(*latency);
    Fault(fmt::format("objective.{}", field), latency.status());
    return std::nullopt;
  }

  std::optional<MicroserviceAllocation> AllocationOf(const Json& object, std::string_view field) {
    const Json* value = ValueAt(object, {field});
    if (value == nullptr) return std::nullopt;
    const auto replicas = IntegerAt(*value, {"replicas"});
    const auto amounts = ReadAmounts(*value, field);
    if (!amounts.ok()) return Fault(field, amounts.status()), std::nullopt;
    if (!replicas || *replicas < 0 || *replicas > kMostReplicas || !amounts->cpu ||
        !amounts->memory) {
      Fault(field, absl::InvalidArgumentError("is no allocation of replicas, cpu and memory"));
      return std::nullopt;
    }
    return MicroserviceAllocation{.replicas = static_cast<int>(*replicas),
                                  .container = {.cpu = *amounts->cpu, .memory = *amounts->memory}};
  }

  std::optional<PodSize> PodSizeOf(const Json& object) {
    PodSize size{.kind = TextAt(object, {"kind"}),
                 .name = TextAt(object, {"name"}),
                 .container = TextAt(object, {"container"})};
    for (const auto& [field, target] :
         {std::pair("requests", &size.requests), std::pair("limits", &size.limits),
          std::pair("templateRequests", &size.template_requests),
          std::pair("templateLimits", &size.template_limits)}) {
      auto amounts = ReadAmounts(ObjectAt(object, {field}), field);
      if (!amounts.ok()) return Fault("podSizes", amounts.status()), std::nullopt;
      *target = *amounts;
    }
    if (size.kind.empty() || size.name.empty() || size.container.empty()) {
      Fault("podSizes", absl::InvalidArgumentError("an entry without kind, name or container"));
      return std::nullopt;
    }
    return size;
  }

  std::optional<CommitIntent> CommitOf(const Json& status) {
    const Json* value = ValueAt(status, {"commit"});
    if (value == nullptr) return std::nullopt;
    CommitIntent commit{.id = TextAt(*value, {"id"}), .started = TimeAt(*value, {"startedAt"})};
    const std::string step = TextAt(*value, {"step"});
    if (step == CommitStepName(CommitStep::kLower)) commit.step = CommitStep::kLower;
    for (const Json& change : ArrayAt(*value, {"changes"})) {
      const auto from = AllocationOf(change, "from");
      const auto to = AllocationOf(change, "to");
      if (from && to) commit.changes.push_back({TextAt(change, {"name"}), *from, *to});
    }
    return commit;
  }

 private:
  void Fault(std::string_view field, const absl::Status& status) {
    if (faults_ == nullptr) return;
    faults_->push_back(fmt::format("status.{}: {}", field, std::string(status.message())));
  }

  std::vector<std::string>* faults_;
};

}  // namespace

std::string_view CommitStepName(CommitStep step) {
  return step == CommitStep::kRaise ? "Raise" : "Lower";
}

Json ScalerStatusToJson(const AppScalerStatus& status) {
  Json json = Json::object();
  if (status.observed_generation > 0) json["observedGeneration"] = status.observed_generation;
  if (!status.mode.empty()) json["mode"] = status.mode;
  if (status.observed) json["objective"]["observed"] = LatencyToJson(*status.observed);
  if (status.predicted) json["objective"]["predicted"] = LatencyToJson(*status.predicted);
  if (status.satisfied) json["objective"]["satisfied"] = *status.satisfied;
  const ModelStatus& model = status.model;
  if (!model.digest.empty()) json["model"]["digest"] = model.digest;
  if (model.error_percent) json["model"]["errorPercent"] = *model.error_percent;
  if (model.samples) json["model"]["samples"] = *model.samples;
  if (model.trained_at) json["model"]["trainedAt"] = FormatTimestamp(*model.trained_at);
  if (!status.workloads.empty()) json["workloads"] = ListToJson(status.workloads, WorkloadToJson);
  if (!status.pod_sizes.empty()) json["podSizes"] = ListToJson(status.pod_sizes, PodSizeToJson);
  if (status.commit) json["commit"] = CommitToJson(*status.commit);
  if (status.last_decision) {
    const LastDecision& last = *status.last_decision;
    json["lastDecision"] = {{"id", last.id}, {"reason", last.reason}, {"summary", last.summary}};
    if (last.at) json["lastDecision"]["time"] = FormatTimestamp(*last.at);
  }
  if (!status.conditions.empty()) {
    json["conditions"] = ListToJson(status.conditions, ConditionToJson);
  }
  return json;
}

AppScalerStatus ReadScalerStatus(const Json& status, std::vector<std::string>* faults) {
  StatusReader reader(faults);
  AppScalerStatus read;
  read.observed_generation = IntegerAt(status, {"observedGeneration"}).value_or(0);
  read.mode = TextAt(status, {"mode"});
  read.observed = reader.LatencyOf(status, "observed");
  read.predicted = reader.LatencyOf(status, "predicted");
  if (const Json* met = ValueAt(status, {"objective", "satisfied"}); met && met->is_boolean()) {
    read.satisfied = met->get<bool>();
  }
  read.model = {.digest = TextAt(status, {"model", "digest"}),
                .error_percent = IntegerAt(status, {"model", "errorPercent"}),
                .samples = IntegerAt(status, {"model", "samples"}),
                .trained_at = TimeAt(status, {"model", "trainedAt"})};
  for (const Json& item : ArrayAt(status, {"workloads"})) {
    WorkloadStatus workload{.name = TextAt(item, {"name"}),
                            .current = reader.AllocationOf(item, "current"),
                            .desired = reader.AllocationOf(item, "desired")};
    for (const Json& limit : ArrayAt(item, {"limitedBy"})) {
      if (limit.is_string()) workload.limited_by.push_back(limit.get<std::string>());
    }
    for (const Json& note : ArrayAt(item, {"notes"})) {
      if (note.is_string()) workload.notes.push_back(note.get<std::string>());
    }
    read.workloads.push_back(std::move(workload));
  }
  for (const Json& item : ArrayAt(status, {"podSizes"})) {
    if (auto size = reader.PodSizeOf(item)) read.pod_sizes.push_back(*std::move(size));
  }
  read.commit = reader.CommitOf(status);
  if (const Json* last = ValueAt(status, {"lastDecision"})) {
    read.last_decision = LastDecision{.id = TextAt(*last, {"id"}),
                                      .at = TimeAt(*last, {"time"}),
                                      .reason = TextAt(*last, {"reason"}),
                                      .summary = TextAt(*last, {"summary"})};
  }
  const Json whole = {{"status", status}};
  read.conditions = ReadConditions(whole);
  return read;
}

Json MergePatchOf(const Json& from, const Json& to) {
  Json patch = Json::object();
  for (const auto& [key, value] : from.items()) {
    if (!to.contains(key)) patch[key] = nullptr;
  }
  for (const auto& [key, value] : to.items()) {
    const auto before = from.find(key);
    if (before == from.end()) {
      patch[key] = value;
    } else if (*before != value) {
      const bool nested = before->is_object() && value.is_object();
      patch[key] = nested ? MergePatchOf(*before, value) : value;
    }
  }
  return patch;
}

}  // namespace trimtab
