#include "trimtab/appscaler/app_scaler_reader.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "fmt/ranges.h"
#include "trimtab/kubernetes/json_view.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostWorkloads = 500;
constexpr int kMostReplicas = 10'000;
constexpr double kMostChange = 99.99;  // what the schema lets through
constexpr std::string_view kPaused = "trimtab.dev/paused";
constexpr std::string_view kPausedReason = "trimtab.dev/paused-reason";

void ReadHorizontal(FieldReader& parent, HorizontalBounds& bounds) {
  auto reader = parent.Object("horizontal");
  if (!reader) return;
  reader->Flag("enabled", bounds.enabled);
  reader->Integer("minReplicas", bounds.fewest, 1, kMostReplicas);
  reader->Integer("maxReplicas", bounds.most, 1, kMostReplicas);
  reader->Finish();
}

void ReadVertical(FieldReader& parent, VerticalBounds& bounds) {
  auto reader = parent.Object("vertical");
  if (!reader) return;
  if (const auto apply = reader->Choice("apply", {"Off", "InPlace", "Template"})) {
    bounds.apply = static_cast<VerticalApply>(*apply);
  }
  if (auto cpu = reader->Object("cpu")) {
    cpu->Cpu("min", bounds.smallest.cpu);
    cpu->Cpu("max", bounds.largest.cpu);
    cpu->Finish();
  }
  if (auto memory = reader->Object("memory")) {
    memory->Memory("min", bounds.smallest.memory);
    memory->Memory("max", bounds.largest.memory);
    memory->Finish();
  }
  if (const auto limits =
          reader->Choice("limits", {"KeepRatio", "EqualRequests", "RequestsOnly"})) {
    bounds.limits = static_cast<LimitsRule>(*limits);
  }
  reader->Finish();
}

void ReadShare(FieldReader& reader, std::string_view key, std::optional<double>& share,
               double most) {
  if (!reader.Has(key)) return;
  reader.Percent(key, share.emplace(most));
  if (*share > most) {
    reader.Problem(key,
                   fmt::format("is {:.0f} %, must be at most {:.0f} %", 100 * *share, 100 * most));
  }
}

void ReadDirection(FieldReader& direction, DirectionBehavior& behavior) {
  ReadShare(direction, "maxChange", behavior.largest_change, kMostChange);
  ReadShare(direction, "tolerance", behavior.tolerance, 1);
  if (direction.Has("stabilization")) {
    direction.Time("stabilization", behavior.stabilization.emplace(0));
  }
}

void ReadDirections(FieldReader& reader, ScaleBehavior& behavior) {
  if (auto up = reader.Object("scaleUp")) {
    ReadDirection(*up, behavior.up);
    up->Finish();
  }
  if (auto down = reader.Object("scaleDown")) {
    ReadDirection(*down, behavior.down);
    ReadShare(*down, "maxThrottling", behavior.most_throttled, 1);
    down->Finish();
  }
}

// A bound may come from the workload, from the defaults or from Trimtab: they are compared when all
// are known.
void CheckBounds(const ScaledWorkload& workload, FieldReader& reader) {
  const HorizontalBounds& replicas = workload.horizontal;
  if (replicas.fewest > replicas.most) {
    reader.Problem("horizontal.minReplicas",
                   fmt::format("is {}, above maxReplicas {}", replicas.fewest, replicas.most));
  }
  const VerticalBounds& size = workload.vertical;
  if (size.smallest.cpu > size.largest.cpu) {
    reader.Problem("vertical.cpu.min",
                   fmt::format("is {}, above max {}", FormatCpu(size.smallest.cpu),
                               FormatCpu(size.largest.cpu)));
  }
  if (size.smallest.memory > size.largest.memory) {
    reader.Problem("vertical.memory.min",
                   fmt::format("is {}, above max {}", FormatMemory(size.smallest.memory),
                               FormatMemory(size.largest.memory)));
  }
}

ScaledWorkload ReadWorkload(const Json& object, const std::string& path,
                            const ScaledWorkload& defaults, FieldProblems& problems) {
  ScaledWorkload workload = defaults;
  FieldReader reader(object, path, problems);
  reader.Require("name");
  reader.Text("name", workload.name);
  reader.Require("targetRef");
  if (auto target = reader.Object("targetRef")) {
    for (const std::string_view key : {"apiVersion", "kind", "name"}) target->Require(key);
    target->Text("apiVersion", workload.target.api_version);
    target->Text("kind", workload.target.kind);
    target->Text("name", workload.target.name);
    target->Finish();
  }
  reader.Texts("serviceNames", workload.service_names);
  if (workload.service_names.empty()) workload.service_names = {workload.name};
  reader.Texts("containers", workload.containers);
  ReadHorizontal(reader, workload.horizontal);
  ReadVertical(reader, workload.vertical);
  if (auto behavior = reader.Object("behavior")) {
    ReadDirections(*behavior, workload.behavior);
    behavior->Finish();
  }
  CheckBounds(workload, reader);
  reader.Finish();
  return workload;
}

// What two workloads may not share.
class Uniqueness {
 public:
  explicit Uniqueness(FieldProblems& problems) : problems_(problems) {}

  void Add(const ScaledWorkload& workload, const std::string& path) {
    if (!workload.name.empty() && !names_.insert(workload.name).second) {
      problems_.Add(path + ".name", fmt::format("'{}' is named twice", workload.name));
    }
    const ScaleTarget& target = workload.target;
    // v1 and v1beta1 of one group are the same object.
    const std::string group = target.api_version.substr(0, target.api_version.find('/'));
    if (!target.name.empty() && !targets_.emplace(group, target.kind, target.name).second) {
      problems_.Add(path + ".targetRef", fmt::format("{} '{}' is the target of two workloads",
                                                     target.kind, target.name));
    }
    for (const std::string& service : workload.service_names) {
      if (service.empty() || services_.insert(service).second) continue;
      problems_.Add(path + ".serviceNames",
                    fmt::format("'{}' is the service of two workloads", service));
    }
  }

 private:
  FieldProblems& problems_;
  std::set<std::string> names_;
  std::set<std::tuple<std::string, std::string, std::string>> targets_;
  std::set<std::string> services_;
};

void ReadWorkloads(FieldReader& spec, const ScaledWorkload& defaults, FieldProblems& problems,
                   AppScaler& scaler) {
  spec.Require("workloads");
  Uniqueness unique(problems);
  spec.Items("workloads", [&](const Json& item, const std::string& path) {
    if (scaler.workloads.size() == kMostWorkloads) return;
    scaler.workloads.push_back(ReadWorkload(item, path, defaults, problems));
    unique.Add(scaler.workloads.back(), path);
  });
  if (const auto& all = scaler.workloads; spec.Has("workloads") && all.empty()) {
    spec.Problem("workloads", "is empty, must have at least 1 workload");
  }
}

void ReadArguments(FieldReader& reader, ScalerEntry& entry) {
  std::vector<std::string> texts;
  reader.Items("arguments", [&](const Json& item, const std::string& path) {
    FieldReader argument(item, path, reader.problems());
    std::string attribute;
    std::vector<std::string> buckets;
    for (const std::string_view key : {"attribute", "buckets"}) argument.Require(key);
    argument.Text("attribute", attribute);
    argument.Texts("buckets", buckets);
    argument.Finish();
    if (attribute.empty() || buckets.empty()) {
      argument.Problem(attribute.empty() ? "attribute" : "buckets", "is empty");
      return;
    }
    for (const std::string& bucket : buckets) {
      if (bucket.find(',') == bucket.npos) continue;
      argument.Problem("buckets", fmt::format("'{}' has a ','", bucket));
      return;
    }
    texts.push_back(fmt::format("{}={}", attribute, fmt::join(buckets, ",")));
    auto bins = ArgumentBins::Parse(texts);
    if (bins.ok()) {
      entry.arguments = *std::move(bins);
    } else {
      texts.pop_back();
      argument.Problem("buckets", std::string(bins.status().message()));
    }
  });
}

void ReadEntry(FieldReader& spec, ScalerEntry& entry) {
  spec.Require("entry");
  auto reader = spec.Object("entry");
  if (!reader) return;
  reader->Require("serviceName");
  reader->Text("serviceName", entry.service);
  reader->Texts("operations", entry.operations);
  ReadArguments(*reader, entry);
  reader->Finish();
}

void ReadObjective(FieldReader& spec, ScalerObjective& objective) {
  spec.Require("objective");
  auto reader = spec.Object("objective");
  if (!reader) return;
  reader->Require("latency");
  Duration latency{0};
  reader->Time("latency", latency);
  if (reader->Has("latency") && latency == Duration(0)) {
    reader->Problem("latency", "must be above 0s");
  }
  objective.latency = ToLatency(latency);
  double percentile = objective.quantile.level() * 100;
  reader->Number("percentile", percentile);
  if (percentile > 0 && percentile < 100) {
    objective.quantile = Quantile(percentile / 100);
  } else {
    reader->Problem("percentile", fmt::format("is {}, must lie between 0 and 100", percentile));
  }
  reader->Time("window", objective.window);
  if (objective.window < std::chrono::seconds(10) || objective.window > std::chrono::hours(1)) {
    reader->Problem("window", fmt::format("is {}, must lie between 10s and 1h",
                                          FormatDuration(objective.window)));
  }
  reader->Number("share", objective.share);
  if (!(objective.share > 0 && objective.share < 1)) {
    reader->Problem("share", fmt::format("is {}, must lie between 0 and 1", objective.share));
  }
  reader->Finish();
}

void ReadBehavior(FieldReader& spec, AppScaler& scaler) {
  auto behavior = spec.Object("behavior");
  if (!behavior) return;
  ReadDirections(*behavior, scaler.behavior);
  behavior->Time("provisioningTimeout", scaler.provisioning_timeout);
  behavior->Finish();
}

void ReadSpec(FieldReader& spec, FieldProblems& problems, AppScaler& scaler) {
  if (const auto mode = spec.Choice("mode", {"Recommend", "Apply"})) {
    scaler.mode = static_cast<ScalerMode>(*mode);
  }
  if (const auto algorithm = spec.Choice("algorithm", {"Grad", "Derm"})) {
    scaler.algorithm = static_cast<ScalerAlgorithm>(*algorithm);
  }
  ReadEntry(spec, scaler.entry);
  ReadObjective(spec, scaler.objective);
  ScaledWorkload defaults;
  if (auto reader = spec.Object("defaults")) {
    ReadHorizontal(*reader, defaults.horizontal);
    ReadVertical(*reader, defaults.vertical);
    reader->Finish();
  }
  ReadWorkloads(spec, defaults, problems, scaler);
  ReadBehavior(spec, scaler);
  if (!scaler.entry.service.empty() && !scaler.workloads.empty() &&
      scaler.FindService(scaler.entry.service) == nullptr) {
    spec.Problem("entry.serviceName",
                 fmt::format("'{}' is the service of no workload", scaler.entry.service));
  }
  spec.Finish();
}

void ReadKind(FieldReader& reader) {
  for (const auto& [key, expected] :
       {std::pair("apiVersion", "trimtab.dev/v1alpha1"), std::pair("kind", "AppScaler")}) {
    std::string text;
    reader.Require(key);
    reader.Text(key, text);
    if (!text.empty() && text != expected) {
      reader.Problem(key, fmt::format("is '{}', must be '{}'", text, expected));
    }
  }
}

}  // namespace

AppScaler ReadAppScalerFields(const Json& object, FieldProblems& problems) {
  AppScaler scaler;
  FieldReader reader(object, "", problems);
  ReadKind(reader);
  if (auto meta = ReadObjectMeta(object); meta.ok()) {
    scaler.meta = *std::move(meta);
  } else {
    problems.Add("", std::string(meta.status().message()));
  }
  if (auto metadata = reader.Object("metadata")) {
    for (const std::string_view key :
         {"name", "namespace", "labels", "annotations", "uid", "resourceVersion", "generation",
          "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "finalizers",
          "generateName", "managedFields", "ownerReferences", "selfLink"}) {
      metadata->Ignore(key);
    }
    metadata->Finish();
  }
  const auto& annotations = scaler.meta.annotations;
  if (const auto paused = annotations.find(std::string(kPaused)); paused != annotations.end()) {
    scaler.is_paused = paused->second != "false";
  }
  if (const auto why = annotations.find(std::string(kPausedReason)); why != annotations.end()) {
    scaler.paused_reason = why->second;
  }
  reader.Require("spec");
  if (auto spec = reader.Object("spec")) ReadSpec(*spec, problems, scaler);
  reader.Ignore("status");
  scaler.status = ReadScalerStatus(ObjectAt(object, {"status"}), nullptr);
  reader.Finish();
  return scaler;
}

}  // namespace trimtab
