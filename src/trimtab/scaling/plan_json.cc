#include "trimtab/scaling/plan_json.h"

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "trimtab/application/application.h"
#include "trimtab/profile/json_place.h"
#include "trimtab/scaling/plan.h"

namespace trimtab {
namespace {

using Json = nlohmann::ordered_json;

// ---- writing

// Divided, not multiplied by 1e-3: 87.5 ms is 0.0875 s and not 0.08750000000000001 s.
double Seconds(Latency latency) { return InMilliseconds(latency) / 1000; }

Json SecondsOrNull(const std::optional<Latency>& latency) {
  return latency ? Json(Seconds(*latency)) : Json(nullptr);
}

Json AllocationJson(const MicroserviceAllocation& a) {
  return {{"replicas", a.replicas},
          {"cpuCores", InCores(a.container.cpu)},
          {"memoryBytes", a.container.memory.value()}};
}

Json StepJson(const PlanStep& step, const Application& application) {
  Json alternatives = Json::array();
  for (const PlanAlternative& other : step.alternatives) {
    alternatives.push_back({{"microservice", application.microservice(other.microservice).name},
                            {"action", ScalingActionName(other.action)},
                            {"after", AllocationJson(other.after)},
                            {"gainSeconds", Seconds(other.gain)},
                            {"cost", other.cost},
                            {"score", other.score}});
  }
  return {{"microservice", application.microservice(step.microservice).name},
          {"action", ScalingActionName(step.action)},
          {"before", AllocationJson(step.before)},
          {"after", AllocationJson(step.after)},
          {"tailBeforeSeconds", SecondsOrNull(step.tail_before)},
          {"tailAfterSeconds", SecondsOrNull(step.tail_after)},
          {"gainSeconds", Seconds(step.gain)},
          {"cost", step.cost},
          {"score", step.score},
          {"reason", step.reason},
          {"alternatives", std::move(alternatives)}};
}

Json NumberOrNull(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

void AddAttainment(const Plan& plan, const Application& application, Json& root) {
  const PlanAttainment& attainment = *plan.attainment;
  Json classes = Json::array();
  for (const PlanClass& of : attainment.classes) {
    classes.push_back({{"id", of.id}, {"share", of.share}, {"attainment", of.attainment}});
  }
  Json containers = Json::object();
  for (std::size_t i = 0; i < plan.target.size(); ++i) {
    const MicroserviceId id(i);
    containers[application.microservice(id).name] = plan.target[id].replicas;
  }
  Json changes = Json::array();
  for (std::size_t i = 0; i < attainment.with_one_more.size(); ++i) {
    changes.push_back({{"microservice", application.microservice(MicroserviceId(i)).name},
                       {"withOneMore", NumberOrNull(attainment.with_one_more[i])},
                       {"withOneLess", NumberOrNull(attainment.with_one_less[i])}});
  }
  root["classes"] = std::move(classes);
  root["attainment"] = attainment.expected;
  root["attainmentTarget"] = attainment.target;
  root["containers"] = std::move(containers);
  root["continuousBound"] = attainment.continuous_bound;
  root["changes"] = std::move(changes);
}

// ---- reading

constexpr double kMostSeconds = 1e9;
constexpr double kMostCost = 1e12;

MicroserviceId ReadMicroservice(const JsonPlace& place, const Application& application) {
  const std::string name = place.Text();
  const std::optional<MicroserviceId> id = application.Find(name);
  if (!id) {
    place.Fail(
        fmt::format("names '{}', which application '{}' does not have", name, application.name()));
  }
  return id.value_or(MicroserviceId());
}

MicroserviceAllocation ReadSize(const JsonPlace& place) {
  const double cores = place.At("cpuCores").Number(0.001, 1e6);
  return {
      .replicas = static_cast<int>(place.At("replicas").Integer(0, 1'000'000)),
      .container = {.cpu = Millicores(std::llround(cores * 1000)),
                    .memory = Bytes(place.At("memoryBytes").Integer(1, std::int64_t{1} << 60))}};
}

MicroserviceAllocation ReadAllocation(const JsonPlace& place) {
  place.ExpectKeys({"replicas", "cpuCores", "memoryBytes"});
  return ReadSize(place);
}

Latency ReadSeconds(const JsonPlace& place) {
  return Latency(place.Number(-kMostSeconds, kMostSeconds) * 1e3);
}

std::optional<Latency> ReadOptionalSeconds(const JsonPlace& place) {
  if (place.is_null()) return std::nullopt;
  return ReadSeconds(place);
}

PlanAlternative ReadAlternative(const JsonPlace& place, const Application& application) {
  place.ExpectKeys({"microservice", "action", "after", "gainSeconds", "cost", "score"});
  const JsonPlace action = place.At("action");
  return {.microservice = ReadMicroservice(place.At("microservice"), application),
          .action = action.Checked(ParseScalingAction(action.Text())),
          .after = ReadAllocation(place.At("after")),
          .gain = ReadSeconds(place.At("gainSeconds")),
          .cost = place.At("cost").Number(-kMostCost, kMostCost),
          .score = place.At("score").Number(-kMostCost, kMostCost)};
}

PlanStep ReadStep(const JsonPlace& place, const Application& application) {
  place.ExpectKeys({"microservice", "action", "before", "after", "tailBeforeSeconds",
                    "tailAfterSeconds", "gainSeconds", "cost", "score", "reason", "alternatives"});
  const JsonPlace action = place.At("action");
  PlanStep step{.microservice = ReadMicroservice(place.At("microservice"), application),
                .action = action.Checked(ParseScalingAction(action.Text())),
                .before = ReadAllocation(place.At("before")),
                .after = ReadAllocation(place.At("after")),
                .tail_before = ReadOptionalSeconds(place.At("tailBeforeSeconds")),
                .tail_after = ReadOptionalSeconds(place.At("tailAfterSeconds")),
                .gain = ReadSeconds(place.At("gainSeconds")),
                .cost = place.At("cost").Number(-kMostCost, kMostCost),
                .score = place.At("score").Number(-kMostCost, kMostCost),
                .reason = place.At("reason").Text(),
                .alternatives = {}};
  for (const JsonPlace& other : place.At("alternatives").Elements()) {
    step.alternatives.push_back(ReadAlternative(other, application));
  }
  return step;
}

Allocation ReadTarget(const JsonPlace& place, const Application& application) {
  Allocation target(application.size());
  std::vector<bool> seen(application.size(), false);
  for (const JsonPlace& element : place.Elements()) {
    element.ExpectKeys({"microservice", "replicas", "cpuCores", "memoryBytes"});
    const MicroserviceId id = ReadMicroservice(element.At("microservice"), application);
    if (seen[id.value()]) {
      element.Fail(fmt::format("names '{}' twice", application.microservice(id).name));
    }
    seen[id.value()] = true;
    target[id] = ReadSize(element);
  }
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (!seen[i]) {
      place.Fail(
          fmt::format("lacks microservice '{}'", application.microservice(MicroserviceId(i)).name));
    }
  }
  return target;
}

PlanSummary ReadSummary(const JsonPlace& place) {
  place.ExpectKeys({"termination", "message", "iterations"});
  const JsonPlace termination = place.At("termination");
  return {.termination = termination.Checked(ParsePlanTermination(termination.Text())),
          .message = place.At("message").Text(),
          .iterations = static_cast<int>(place.At("iterations").Integer(0, 1'000'000))};
}

std::optional<double> ReadShareOrNull(const JsonPlace& place) {
  if (place.is_null()) return std::nullopt;
  return place.Number(0, 1);
}

PlanAttainment ReadAttainment(const JsonPlace& place, const Application& application) {
  PlanAttainment attainment{.classes = {},
                            .expected = place.At("attainment").Number(0, 1),
                            .target = place.At("attainmentTarget").Number(0, 1),
                            .continuous_bound = place.At("continuousBound").Number(0, kMostCost),
                            .with_one_more = {},
                            .with_one_less = {}};
  for (const JsonPlace& element : place.At("classes").Elements()) {
    element.ExpectKeys({"id", "share", "attainment"});
    attainment.classes.push_back({.id = element.At("id").Text(),
                                  .share = element.At("share").Number(0, 1),
                                  .attainment = element.At("attainment").Number(0, 1)});
  }
  const std::vector<JsonPlace> changes = place.At("changes").Elements();
  if (!changes.empty()) {
    attainment.with_one_more.resize(application.size());
    attainment.with_one_less.resize(application.size());
  }
  for (const JsonPlace& element : changes) {
    element.ExpectKeys({"microservice", "withOneMore", "withOneLess"});
    const std::size_t i = ReadMicroservice(element.At("microservice"), application).value();
    if (i >= application.size()) continue;
    attainment.with_one_more[i] = ReadShareOrNull(element.At("withOneMore"));
    attainment.with_one_less[i] = ReadShareOrNull(element.At("withOneLess"));
  }
  return attainment;
}

}  // namespace

std::string PlanToJson(const Plan& plan, const Application& application) {
  Json allocations = Json::array();
  for (std::size_t i = 0; i < plan.target.size(); ++i) {
    Json entry = {{"microservice", application.microservice(MicroserviceId(i)).name}};
    entry.update(AllocationJson(plan.target[MicroserviceId(i)]));
    allocations.push_back(std::move(entry));
  }
  Json binding = Json::array();
  for (const MicroserviceId id : plan.binding) binding.push_back(application.microservice(id).name);
  Json steps = Json::array();
  for (const PlanStep& step : plan.steps) steps.push_back(StepJson(step, application));
  Json root = {{"feasible", plan.feasible},
               {"predictedTailLatencySeconds", SecondsOrNull(plan.predicted_tail_latency)},
               {"allocations", std::move(allocations)},
               {"binding", std::move(binding)},
               {"steps", std::move(steps)},
               {"summary",
                {{"termination", PlanTerminationName(plan.summary.termination)},
                 {"message", plan.summary.message},
                 {"iterations", plan.summary.iterations}}}};
  if (plan.attainment) AddAttainment(plan, application, root);
  return root.dump(2, ' ', false, Json::error_handler_t::replace);
}

Plan ReadPlan(const JsonPlace& place, const Application& application) {
  place.ExpectKeys({"feasible", "predictedTailLatencySeconds", "allocations", "binding", "steps",
                    "summary", "classes", "attainment", "attainmentTarget", "containers",
                    "continuousBound", "changes"});
  Plan plan{.feasible = place.At("feasible").Bool(),
            .predicted_tail_latency = ReadOptionalSeconds(place.At("predictedTailLatencySeconds")),
            .target = ReadTarget(place.At("allocations"), application),
            .binding = {},
            .steps = {},
            .summary = ReadSummary(place.At("summary"))};
  for (const JsonPlace& element : place.At("binding").Elements()) {
    plan.binding.push_back(ReadMicroservice(element, application));
  }
  for (const JsonPlace& element : place.At("steps").Elements()) {
    plan.steps.push_back(ReadStep(element, application));
  }
  // `containers` says again what `allocations` says.
  if (place.Has("attainment")) plan.attainment = ReadAttainment(place, application);
  return plan;
}

absl::StatusOr<Plan> PlanFromJson(std::string_view text, const Application& application) {
  const auto root = ParseJson(text, "plan");
  if (!root.ok()) return root.status();
  absl::Status status;
  Plan plan = ReadPlan(JsonPlace(*root, "plan", status), application);
  if (!status.ok()) return status;
  return plan;
}

}  // namespace trimtab
