#include "trimtab/profiling/sample_manifest.h"

#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "fmt/format.h"
#include "trimtab/profile/json_fields.h"
#include "trimtab/profiling/sample_csv.h"

namespace trimtab {
namespace {

constexpr const char* kFormat = "trimtab samples";
constexpr std::int64_t kMostCount = 1'000'000'000'000;
using Json = nlohmann::ordered_json;

Json AccuracyToJson(const LabelAccuracy& accuracy) {
  return {{"relativeStandardError", accuracy.relative_standard_error},
          {"mostRequests", accuracy.most_requests}};
}

LabelAccuracy AccuracyFromJson(JsonFields& parent, std::string_view key, absl::Status& status) {
  JsonFields fields(parent.Object(key), fmt::format("options.{}", key));
  LabelAccuracy accuracy;
  accuracy.relative_standard_error = fields.Number("relativeStandardError", 0, 1);
  accuracy.most_requests = fields.Integer("mostRequests", 0, kMostCount);
  status.Update(fields.Finish());
  return accuracy;
}

Json OptionsToJson(const SweepOptions& o) {
  return {{"seed", o.seed},
          {"cpuSettings", o.cpu_settings},
          {"memorySettings", o.memory_settings},
          {"loadSettings", o.load_settings},
          {"lowestUtilization", o.lowest_utilization},
          {"highestUtilization", o.highest_utilization},
          {"idleUtilization", o.idle_utilization},
          {"interferenceSettings", o.interference_settings},
          {"stationSettings", o.station_settings ? Json(*o.station_settings) : Json(nullptr)},
          {"treeRuns", o.tree_runs},
          {"lowestApplicationLoadPerSecond", o.lowest_application_load.value()},
          {"highestApplicationLoadPerSecond", o.highest_application_load.value()},
          {"testShare", o.test_share},
          {"train", AccuracyToJson(o.train)},
          {"test", AccuracyToJson(o.test)},
          {"tree", AccuracyToJson(o.tree)},
          {"biasPairs", o.bias_pairs}};
}

absl::StatusOr<SweepOptions> OptionsFromJson(const nlohmann::json& json) {
  constexpr double kAny = std::numeric_limits<double>::max();
  constexpr int kLargestInt = std::numeric_limits<int>::max();
  JsonFields fields(json, "options");
  absl::Status nested;
  SweepOptions o;
  const auto count = [&](std::string_view key) {
    return static_cast<int>(fields.Integer(key, 0, kLargestInt));
  };
  o.seed = fields.Seed("seed");
  o.cpu_settings = count("cpuSettings");
  o.memory_settings = count("memorySettings");
  o.load_settings = count("loadSettings");
  o.lowest_utilization = fields.Number("lowestUtilization", 0, 1);
  o.highest_utilization = fields.Number("highestUtilization", 0, 1);
  o.idle_utilization = fields.Number("idleUtilization", 0, 1);
  o.interference_settings = count("interferenceSettings");
  if (!fields.IsNull("stationSettings")) {
    o.station_settings = fields.Integer("stationSettings", 1, kMostCount);
  }
  o.tree_runs = fields.Integer("treeRuns", 0, kMostCount);
  o.lowest_application_load =
      RequestsPerSecond(fields.Number("lowestApplicationLoadPerSecond", 0, kAny));
  o.highest_application_load =
      RequestsPerSecond(fields.Number("highestApplicationLoadPerSecond", 0, kAny));
  o.test_share = fields.Number("testShare", 0, 1);
  o.train = AccuracyFromJson(fields, "train", nested);
  o.test = AccuracyFromJson(fields, "test", nested);
  o.tree = AccuracyFromJson(fields, "tree", nested);
  o.bias_pairs = count("biasPairs");
  if (auto status = fields.Finish(); !status.ok()) return status;
  if (!nested.ok()) return nested;
  if (auto status = o.Validate(); !status.ok()) return status;
  return o;
}

Json MicroserviceToJson(const SampledMicroservice& m) {
  return {{"name", m.name},
          {"asynchronous", m.asynchronous},
          {"visitsPerRequest", m.visits_per_request},
          {"refusedSettings", m.refused_settings},
          {"setAsideSettings", m.set_aside_settings},
          {"aloneBias",
           {{"mean", m.alone_bias.mean},
            {"standardError", m.alone_bias.standard_error},
            {"pairs", m.alone_bias.pairs}}}};
}

absl::StatusOr<SampledMicroservice> MicroserviceFromJson(const nlohmann::json& json,
                                                         const std::string& place) {
  JsonFields fields(json, place);
  SampledMicroservice m;
  m.name = fields.Text("name");
  m.asynchronous = fields.Flag("asynchronous");
  m.visits_per_request = fields.Number("visitsPerRequest", 0, 1e6);
  m.refused_settings = fields.Integer("refusedSettings", 0, kMostCount);
  m.set_aside_settings = fields.Integer("setAsideSettings", 0, kMostCount);
  JsonFields bias(fields.Object("aloneBias"), place + ".aloneBias");
  m.alone_bias.mean = bias.Number("mean", -1, 1e6);
  m.alone_bias.standard_error = bias.Number("standardError", 0, 1e6);
  m.alone_bias.pairs = bias.Integer("pairs", 0, kMostCount);
  if (auto status = fields.Finish(); !status.ok()) return status;
  if (auto status = bias.Finish(); !status.ok()) return status;
  return m;
}

Json ToJson(const SampleManifest& m) {
  Json microservices = Json::array();
  for (const auto& microservice : m.microservices) {
    microservices.push_back(MicroserviceToJson(microservice));
  }
  return {{"format", kFormat},
          {"version", SampleManifest::kVersion},
          {"application", m.application},
          {"scenarioHash", m.scenario_hash},
          {"options", OptionsToJson(m.options)},
          {"microservices", std::move(microservices)},
          {"settings", m.settings},
          {"rows", m.rows},
          {"complete", m.complete}};
}

// Every leaf that decides the samples, by its path.
std::map<std::string, std::string> DecidingLeaves(SampleManifest manifest) {
  manifest.rows = 0;
  manifest.complete = false;
  for (auto& microservice : manifest.microservices) {
    microservice.refused_settings = 0;
    microservice.set_aside_settings = 0;
    microservice.alone_bias = {};
  }
  std::map<std::string, std::string> leaves;
  const Json flat = ToJson(manifest).flatten();
  for (const auto& [pointer, value] : flat.items()) {
    std::string path = pointer.substr(1);
    for (char& c : path) c = c == '/' ? '.' : c;
    leaves[path] = value.dump();
  }
  return leaves;
}

}  // namespace

std::vector<std::string> SampleManifest::Names() const {
  std::vector<std::string> names;
  names.reserve(microservices.size());
  for (const auto& microservice : microservices) names.push_back(microservice.name);
  return names;
}

std::string ManifestToJson(const SampleManifest& manifest) {
  return ToJson(manifest).dump(2) + "\n";
}

absl::StatusOr<SampleManifest> ManifestFromJson(std::string_view text) {
  const auto document = ParseJsonObject(text);
  if (!document.ok()) return document.status();
  JsonFields fields(*document, "table");
  if (fields.Text("format") != kFormat) fields.Fail("format", fmt::format("\"{}\"", kFormat));
  const auto version = fields.Integer("version", 1, kMostCount);
  if (version != SampleManifest::kVersion) {
    return absl::FailedPreconditionError(fmt::format("table.version is {}, this program reads {}",
                                                     version, SampleManifest::kVersion));
  }
  SampleManifest manifest;
  manifest.application = fields.Text("application");
  manifest.scenario_hash = fields.Text("scenarioHash");
  const auto options = OptionsFromJson(fields.Object("options"));
  for (const auto& entry : fields.Array("microservices")) {
    const std::string place = fmt::format("microservices[{}]", manifest.microservices.size());
    auto microservice = MicroserviceFromJson(entry, place);
    if (!microservice.ok()) return microservice.status();
    manifest.microservices.push_back(*std::move(microservice));
  }
  manifest.settings = fields.Integer("settings", 0, kMostCount);
  manifest.rows = fields.Integer("rows", 0, kMostCount);
  manifest.complete = fields.Flag("complete");
  if (auto status = fields.Finish(); !status.ok()) return status;
  if (!options.ok()) return options.status();
  manifest.options = *options;
  if (auto status = ValidateSampleNames(manifest.Names()); !status.ok()) return status;
  return manifest;
}

std::vector<std::string> SweepDifferences(const SampleManifest& a, const SampleManifest& b) {
  const auto left = DecidingLeaves(a);
  const auto right = DecidingLeaves(b);
  std::vector<std::string> differences;
  for (const auto& [path, value] : left) {
    const auto other = right.find(path);
    if (other == right.end()) {
      differences.push_back(fmt::format("{}: {} and nothing", path, value));
    } else if (other->second != value) {
      differences.push_back(fmt::format("{}: {} and {}", path, value, other->second));
    }
  }
  for (const auto& [path, value] : right) {
    if (!left.contains(path)) differences.push_back(fmt::format("{}: nothing and {}", path, value));
  }
  return differences;
}

}  // namespace trimtab
