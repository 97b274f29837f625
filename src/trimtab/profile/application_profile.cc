#include "trimtab/profile/application_profile.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_join.h"
#include "fmt/format.h"
#include "trimtab/profile/atomic_file.h"
#include "trimtab/profile/json_fields.h"
#include "trimtab/profile/scenario_fit.h"

namespace trimtab {
namespace {

constexpr const char* kFormat = "trimtab profile";
constexpr std::int64_t kMostCount = 1'000'000'000'000;
constexpr std::int64_t kLatestSecond = 253'402'300'799;  // since 1970: the end of the year 9999
// 100 % - MAPE has no lower bound; a model this bad is no model, and is written as just as bad.
constexpr double kWorstAccuracy = -1e9;
using Json = nlohmann::ordered_json;

// A model's own JSON text as a value, and back. Numbers survive: both sides print the shortest text
// that reads back the same.
Json Embedded(const std::string& text) { return Json::parse(text); }

Json QualityToJson(const LatencyQuality& q) {
  Json masked = Json::array();
  for (const auto& mask : q.masked) {
    masked.push_back(
        {{"hidden", mask.hidden}, {"accuracy", std::max(mask.accuracy, kWorstAccuracy)}});
  }
  return {{"samples", q.samples},
          {"accuracy", std::max(q.accuracy, kWorstAccuracy)},
          {"masked", std::move(masked)},
          {"cpuSignShare", q.right_signs.cpu},
          {"memorySignShare", q.right_signs.memory},
          {"loadSignShare", q.right_signs.load}};
}

absl::StatusOr<LatencyQuality> QualityFromJson(const nlohmann::json& json,
                                               const std::string& place) {
  JsonFields fields(json, place);
  LatencyQuality q;
  q.samples = fields.Integer("samples", 0, kMostCount);
  q.accuracy = fields.Number("accuracy", kWorstAccuracy, 100);
  for (const nlohmann::json& entry : fields.Array("masked")) {
    JsonFields mask(entry, fmt::format("{}.masked[{}]", place, q.masked.size()));
    q.masked.push_back({mask.Text("hidden"), mask.Number("accuracy", kWorstAccuracy, 100)});
    if (auto status = mask.Finish(); !status.ok()) return status;
  }
  q.right_signs.cpu = fields.Number("cpuSignShare", 0, 1);
  q.right_signs.memory = fields.Number("memorySignShare", 0, 1);
  q.right_signs.load = fields.Number("loadSignShare", 0, 1);
  if (auto status = fields.Finish(); !status.ok()) return status;
  return q;
}

absl::StatusOr<ProfiledMicroservice> MicroserviceFromJson(const nlohmann::json& json,
                                                          const std::string& place,
                                                          SimdLevel simd) {
  JsonFields fields(json, place);
  std::string name = fields.Text("name");
  const auto training_samples = fields.Integer("trainingSamples", 0, kMostCount);
  auto quality = QualityFromJson(fields.Object("quality"), place + ".quality");
  const nlohmann::json& model = fields.Object("latency");
  if (auto status = fields.Finish(); !status.ok()) return status;
  if (!quality.ok()) return quality.status();
  auto latency = NeuralLatencyModel::FromJson(model.dump(), simd);
  if (!latency.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("{}.latency: {}", place, std::string(latency.status().message())));
  }
  return ProfiledMicroservice{std::move(name), *std::move(latency), *quality, training_samples};
}

absl::StatusOr<EndToEndQuality> EndToEndQualityFromJson(const nlohmann::json& json) {
  JsonFields fields(json, "endToEndQuality");
  EndToEndQuality q;
  q.training_runs = fields.Integer("trainingRuns", 0, kMostCount);
  q.test_runs = fields.Integer("testRuns", 0, kMostCount);
  q.accuracy = fields.Number("accuracy", kWorstAccuracy, 100);
  if (auto status = fields.Finish(); !status.ok()) return status;
  return q;
}

std::vector<std::string> NamesOf(const ApplicationProfile& profile) {
  std::vector<std::string> names;
  names.reserve(profile.microservices.size());
  for (const auto& microservice : profile.microservices) names.push_back(microservice.name);
  return names;
}

absl::Status ReadDistributions(const nlohmann::json& json, ApplicationProfile& profile) {
  auto section = DistributionsFromJson(json, "distributions");
  if (!section.ok()) return section.status();
  std::vector<std::string> names;
  for (const ProfiledDistribution& of : section->microservices) names.push_back(of.name);
  if (section->application != profile.application ||
      section->scenario_hash != profile.scenario_hash || names != NamesOf(profile)) {
    return absl::InvalidArgumentError(fmt::format(
        "distributions are of application '{}', scenario '{}' and microservices {}, the profile of "
        "'{}', '{}' and {}",
        section->application, section->scenario_hash, absl::StrJoin(names, ", "),
        profile.application, profile.scenario_hash, absl::StrJoin(NamesOf(profile), ", ")));
  }
  profile.distributions = *std::move(section);
  return absl::OkStatus();
}

absl::Status ReadCumulants(const nlohmann::json& json, SimdLevel simd,
                           ApplicationProfile& profile) {
  auto section = CumulantsFromJson(json, "cumulants", NamesOf(profile), simd);
  if (!section.ok()) return section.status();
  profile.cumulants = *std::move(section);
  return absl::OkStatus();
}

absl::StatusOr<ApplicationProfile> ReadMembers(const nlohmann::json& document, SimdLevel simd) {
  JsonFields fields(document, "profile");
  if (fields.Text("format") != kFormat) fields.Fail("format", fmt::format("\"{}\"", kFormat));
  fields.Integer("version", ApplicationProfile::kVersion, ApplicationProfile::kVersion);
  ApplicationProfile profile;
  profile.application = fields.Text("application");
  profile.scenario_hash = fields.Text("scenarioHash");
  profile.sample_seed = fields.Seed("sampleSeed");
  profile.training_seed = fields.Seed("trainingSeed");
  if (document.contains("trainedAt")) {
    profile.trained_at =
        Instant(std::chrono::seconds(fields.Integer("trainedAt", 0, kLatestSecond)));
  }
  const nlohmann::json& microservices = fields.Array("microservices");
  const nlohmann::json& end_to_end = fields.Object("endToEnd");
  const auto quality = EndToEndQualityFromJson(fields.Object("endToEndQuality"));
  const nlohmann::json* distributions =
      document.contains("distributions") ? &fields.Object("distributions") : nullptr;
  const nlohmann::json* cumulants =
      document.contains("cumulants") ? &fields.Object("cumulants") : nullptr;
  if (auto status = fields.Finish(); !status.ok()) return status;
  if (!quality.ok()) return quality.status();
  profile.end_to_end_quality = *quality;
  for (const nlohmann::json& entry : microservices) {
    auto microservice = MicroserviceFromJson(
        entry, fmt::format("microservices[{}]", profile.microservices.size()), simd);
    if (!microservice.ok()) return microservice.status();
    profile.microservices.push_back(*std::move(microservice));
  }
  auto model = EndToEndModel::FromJson(end_to_end.dump());
  if (!model.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("endToEnd: {}", std::string(model.status().message())));
  }
  profile.end_to_end = *std::move(model);
  if (profile.end_to_end.microservices != NamesOf(profile)) {
    return absl::InvalidArgumentError(
        fmt::format("endToEnd is for the microservices {}, the profile has {}",
                    absl::StrJoin(profile.end_to_end.microservices, ", "),
                    absl::StrJoin(NamesOf(profile), ", ")));
  }
  if (distributions != nullptr) {
    if (auto status = ReadDistributions(*distributions, profile); !status.ok()) return status;
  }
  if (cumulants != nullptr) {
    if (auto status = ReadCumulants(*cumulants, simd, profile); !status.ok()) return status;
  }
  return profile;
}

}  // namespace

std::vector<const LatencyModel*> ApplicationProfile::LatencyModels() const {
  std::vector<const LatencyModel*> models;
  models.reserve(microservices.size());
  for (const auto& microservice : microservices) models.push_back(&microservice.latency);
  return models;
}

std::string ProfileToJson(const ApplicationProfile& profile) {
  Json microservices = Json::array();
  for (const auto& m : profile.microservices) {
    microservices.push_back({{"name", m.name},
                             {"trainingSamples", m.training_samples},
                             {"quality", QualityToJson(m.quality)},
                             {"latency", Embedded(m.latency.ToJson())}});
  }
  const EndToEndQuality& quality = profile.end_to_end_quality;
  Json document = {{"format", kFormat},
                   {"version", ApplicationProfile::kVersion},
                   {"application", profile.application},
                   {"scenarioHash", profile.scenario_hash},
                   {"sampleSeed", profile.sample_seed},
                   {"trainingSeed", profile.training_seed}};
  if (profile.trained_at) {
    document["trainedAt"] =
        std::chrono::floor<std::chrono::seconds>(*profile.trained_at).time_since_epoch().count();
  }
  document["microservices"] = std::move(microservices);
  document["endToEnd"] = Embedded(profile.end_to_end.ToJson());
  document["endToEndQuality"] = {{"trainingRuns", quality.training_runs},
                                 {"testRuns", quality.test_runs},
                                 {"accuracy", std::max(quality.accuracy, kWorstAccuracy)}};
  if (profile.distributions)
    document["distributions"] = DistributionsToJson(*profile.distributions);
  if (profile.cumulants) {
    document["cumulants"] = CumulantsToJson(*profile.cumulants, NamesOf(profile));
  }
  return document.dump(1) + "\n";
}

absl::StatusOr<ApplicationProfile> ProfileFromJson(std::string_view text, SimdLevel simd) {
  const auto document = ParseJsonObject(text);
  if (!document.ok()) return document.status();
  // Before anything else: another version may differ in every other member.
  const auto version = document->find("version");
  if (version != document->end() && version->is_number_integer() &&
      *version != ApplicationProfile::kVersion) {
    return absl::FailedPreconditionError(fmt::format("profile.version is {}, this program reads {}",
                                                     version->dump(),
                                                     ApplicationProfile::kVersion));
  }
  return ReadMembers(*document, simd);
}

absl::Status SaveProfile(const ApplicationProfile& profile, const std::string& path) {
  return ReplaceFile(path, ProfileToJson(profile));
}

absl::StatusOr<ApplicationProfile> LoadProfile(const std::string& path, SimdLevel simd) {
  const auto text = ReadWholeFile(path);
  if (!text.ok()) return text.status();
  auto profile = ProfileFromJson(*text, simd);
  if (!profile.ok()) {
    return absl::Status(
        profile.status().code(),
        fmt::format("profile '{}': {}", path, std::string(profile.status().message())));
  }
  return profile;
}

absl::Status CheckProfileFits(const ApplicationProfile& profile, const Application& application,
                              std::string_view scenario_hash) {
  const std::vector<std::string> names = NamesOf(profile);
  const std::string differences = DifferencesFromScenario(
      {profile.application, profile.scenario_hash, names}, application, scenario_hash);
  if (differences.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(fmt::format(
      "the profile is of another scenario ({}); train one for this scenario", differences));
}

}  // namespace trimtab
