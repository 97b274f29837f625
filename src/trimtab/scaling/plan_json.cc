#include "trimtab/scaling/plan_json.h"

#include <cmath>
#include <cstdint>
#include <initializer_list>
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
#include "trimtab/scaling/plan.h"

namespace trimtab {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLargestText = std::size_t{64} << 20;

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

// ---- reading

// One JSON value with the place where it stands. The first thing that is wrong is kept in the
// status all places share; reading goes on with zeros.
class Place {
 public:
  Place(const Json& value, std::string path, absl::Status& status)
      : value_(value), path_(std::move(path)), status_(status) {}

  bool is_null() const { return value_.is_null(); }

  void ExpectKeys(std::initializer_list<std::string_view> keys) const {
    if (!value_.is_object()) return Fail("is not an object");
    for (const auto& [key, unused] : value_.items()) {
      bool known = false;
      for (const std::string_view wanted : keys) known = known || wanted == key;
      if (!known) Fail(fmt::format("has the unknown key '{}'", key));
    }
  }

  Place At(std::string_view key) const {
    static const Json kNothing;
    const std::string path = fmt::format("{}.{}", path_, key);
    if (value_.is_object()) {
      const auto it = value_.find(std::string(key));
      if (it != value_.end()) return {*it, path, status_};
      Fail(fmt::format("lacks the key '{}'", key));
    }
    return {kNothing, path, status_};
  }

  std::vector<Place> Elements() const {
    std::vector<Place> elements;
    if (!value_.is_array()) {
      Fail("is not an array");
      return elements;
    }
    for (std::size_t i = 0; i < value_.size(); ++i) {
      elements.emplace_back(value_[i], fmt::format("{}[{}]", path_, i), status_);
    }
    return elements;
  }

  bool Bool() const {
    if (!value_.is_boolean()) Fail("is neither true nor false");
    return value_.is_boolean() && value_.get<bool>();
  }

  std::string Text() const {
    if (!value_.is_string()) Fail("is not a text");
    return value_.is_string() ? value_.get<std::string>() : std::string();
  }

  double Number(double low, double high) const {
    const double number = value_.is_number() ? value_.get<double>() : std::nan("");
    if (number >= low && number <= high) return number;
    Fail(fmt::format("is {}, expected a number from {} to {}", value_.dump().substr(0, 40), low,
                     high));
    return 0;
  }

  std::int64_t Integer(std::int64_t low, std::int64_t high) const {
    const bool fits =
        value_.is_number_integer() &&
        (!value_.is_number_unsigned() || value_.get<std::uint64_t>() <= std::uint64_t{INT64_MAX});
    const std::int64_t number = fits ? value_.get<std::int64_t>() : 0;
    if (fits && number >= low && number <= high) return number;
    Fail(fmt::format("is {}, expected a whole number from {} to {}", value_.dump().substr(0, 40),
                     low, high));
    return 0;
  }

  template <class T>
  T Checked(absl::StatusOr<T> result) const {
    if (result.ok()) return *std::move(result);
    Fail(fmt::format("is wrong: {}", std::string(result.status().message())));
    return T{};
  }

  void Fail(const std::string& problem) const {
    if (status_.ok()) status_ = absl::InvalidArgumentError(fmt::format("{} {}", path_, problem));
  }

 private:
  const Json& value_;
  std::string path_;
  absl::Status& status_;
};

constexpr double kMostSeconds = 1e9;
constexpr double kMostCost = 1e12;

MicroserviceId ReadMicroservice(const Place& place, const Application& application) {
  const std::string name = place.Text();
  const std::optional<MicroserviceId> id = application.Find(name);
  if (!id) {
    place.Fail(
        fmt::format("names '{}', which application '{}' does not have", name, application.name()));
  }
  return id.value_or(MicroserviceId());
}

MicroserviceAllocation ReadSize(const Place& place) {
  const double cores = place.At("cpuCores").Number(0.001, 1e6);
  return {
      .replicas = static_cast<int>(place.At("replicas").Integer(0, 1'000'000)),
      .container = {.cpu = Millicores(std::llround(cores * 1000)),
                    .memory = Bytes(place.At("memoryBytes").Integer(1, std::int64_t{1} << 60))}};
}

MicroserviceAllocation ReadAllocation(const Place& place) {
  place.ExpectKeys({"replicas", "cpuCores", "memoryBytes"});
  return ReadSize(place);
}

Latency ReadSeconds(const Place& place) {
  return Latency(place.Number(-kMostSeconds, kMostSeconds) * 1e3);
}

std::optional<Latency> ReadOptionalSeconds(const Place& place) {
  if (place.is_null()) return std::nullopt;
  return ReadSeconds(place);
}

PlanAlternative ReadAlternative(const Place& place, const Application& application) {
  place.ExpectKeys({"microservice", "action", "after", "gainSeconds", "cost", "score"});
  const Place action = place.At("action");
  return {.microservice = ReadMicroservice(place.At("microservice"), application),
          .action = action.Checked(ParseScalingAction(action.Text())),
          .after = ReadAllocation(place.At("after")),
          .gain = ReadSeconds(place.At("gainSeconds")),
          .cost = place.At("cost").Number(-kMostCost, kMostCost),
          .score = place.At("score").Number(-kMostCost, kMostCost)};
}

PlanStep ReadStep(const Place& place, const Application& application) {
  place.ExpectKeys({"microservice", "action", "before", "after", "tailBeforeSeconds",
                    "tailAfterSeconds", "gainSeconds", "cost", "score", "reason", "alternatives"});
  const Place action = place.At("action");
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
  for (const Place& other : place.At("alternatives").Elements()) {
    step.alternatives.push_back(ReadAlternative(other, application));
  }
  return step;
}

Allocation ReadTarget(const Place& place, const Application& application) {
  Allocation target(application.size());
  std::vector<bool> seen(application.size(), false);
  for (const Place& element : place.Elements()) {
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

PlanSummary ReadSummary(const Place& place) {
  place.ExpectKeys({"termination", "message", "iterations"});
  const Place termination = place.At("termination");
  return {.termination = termination.Checked(ParsePlanTermination(termination.Text())),
          .message = place.At("message").Text(),
          .iterations = static_cast<int>(place.At("iterations").Integer(0, 1'000'000))};
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
  const Json root = {{"feasible", plan.feasible},
                     {"predictedTailLatencySeconds", SecondsOrNull(plan.predicted_tail_latency)},
                     {"allocations", std::move(allocations)},
                     {"binding", std::move(binding)},
                     {"steps", std::move(steps)},
                     {"summary",
                      {{"termination", PlanTerminationName(plan.summary.termination)},
                       {"message", plan.summary.message},
                       {"iterations", plan.summary.iterations}}}};
  return root.dump(2, ' ', false, Json::error_handler_t::replace);
}

absl::StatusOr<Plan> PlanFromJson(std::string_view text, const Application& application) {
  if (text.size() > kLargestText) {
    return absl::InvalidArgumentError(
        fmt::format("plan has {} bytes, at most {} are read", text.size(), kLargestText));
  }
  const Json root = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (root.is_discarded()) return absl::InvalidArgumentError("plan is not JSON");
  absl::Status status;
  const Place place(root, "plan", status);
  place.ExpectKeys(
      {"feasible", "predictedTailLatencySeconds", "allocations", "binding", "steps", "summary"});
  Plan plan{.feasible = place.At("feasible").Bool(),
            .predicted_tail_latency = ReadOptionalSeconds(place.At("predictedTailLatencySeconds")),
            .target = ReadTarget(place.At("allocations"), application),
            .binding = {},
            .steps = {},
            .summary = ReadSummary(place.At("summary"))};
  for (const Place& element : place.At("binding").Elements()) {
    plan.binding.push_back(ReadMicroservice(element, application));
  }
  for (const Place& element : place.At("steps").Elements()) {
    plan.steps.push_back(ReadStep(element, application));
  }
  if (!status.ok()) return status;
  return plan;
}

}  // namespace trimtab
