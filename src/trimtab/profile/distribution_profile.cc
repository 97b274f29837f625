#include "trimtab/profile/distribution_profile.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_join.h"
#include "fmt/format.h"
#include "trimtab/profile/atomic_file.h"
#include "trimtab/profile/json_fields.h"
#include "trimtab/profile/scenario_fit.h"

namespace trimtab {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kMostNumber = 1e15;
constexpr std::int64_t kMostCount = 1'000'000'000'000;

bool IsAtLeast(const Interference& level, const Interference& wanted) {
  return std::ranges::all_of(kInterferenceKinds, [&](InterferenceKind kind) {
    return level.ValueOr(kind, 0) >= wanted.ValueOr(kind, 0);
  });
}

Json ToJson(const ConditionalExponential& law) {
  return {{"offsetSeconds", law.offset_seconds},
          {"slope", law.slope},
          {"intercept", law.intercept},
          {"lowestLoad", law.lowest_load},
          {"highestLoad", law.highest_load}};
}

absl::StatusOr<ConditionalExponential> LawFromJson(const nlohmann::json& json,
                                                   const std::string& place) {
  JsonFields fields(json, place);
  ConditionalExponential law;
  law.offset_seconds = fields.Number("offsetSeconds", -kMostNumber, kMostNumber);
  law.slope = fields.Number("slope", -kMostNumber, kMostNumber);
  law.intercept = fields.Number("intercept", -kMostNumber, kMostNumber);
  law.lowest_load = fields.Number("lowestLoad", 0, kMostNumber);
  law.highest_load = fields.Number("highestLoad", 0, kMostNumber);
  if (auto status = fields.Finish(); !status.ok()) return status;
  if (auto status = ValidateConditionalExponential(law); !status.ok()) {
    return absl::InvalidArgumentError(fmt::format("{}: {}", place, std::string(status.message())));
  }
  return law;
}

Json ToJson(const CumulantCurve& curve) {
  Json points = Json::array();
  for (const CumulantPoint& at : curve.points()) {
    points.push_back({{"load", at.container_load},
                      {"mean", at.cumulants.mean},
                      {"variance", at.cumulants.variance},
                      {"third", at.cumulants.third}});
  }
  return points;
}

absl::StatusOr<CumulantCurve> CurveFromJson(const nlohmann::json& json, const std::string& place) {
  std::vector<CumulantPoint> points;
  for (const nlohmann::json& entry : json) {
    JsonFields fields(entry, fmt::format("{}[{}]", place, points.size()));
    CumulantPoint point;
    point.container_load = fields.Number("load", 0, kMostNumber);
    point.cumulants.mean = fields.Number("mean", 0, kMostNumber);
    point.cumulants.variance = fields.Number("variance", 0, kMostNumber);
    point.cumulants.third = fields.Number("third", -kMostNumber, kMostNumber);
    if (auto status = fields.Finish(); !status.ok()) return status;
    points.push_back(point);
  }
  auto curve = CumulantCurve::Create(std::move(points));
  if (!curve.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("{}: {}", place, std::string(curve.status().message())));
  }
  return curve;
}

Json ToJson(const DistributionQuality& q) {
  return {{"loads", q.loads},
          {"samples", q.samples},
          {"paperKs", q.paper_ks},
          {"paperP95Error", q.paper_p95_error},
          {"tailP95Error", q.tail_p95_error},
          {"cumulantsP95Error", q.cumulants_p95_error}};
}

absl::StatusOr<DistributionQuality> QualityFromJson(const nlohmann::json& json,
                                                    const std::string& place) {
  JsonFields fields(json, place);
  DistributionQuality q;
  q.loads = fields.Integer("loads", 0, kMostCount);
  q.samples = fields.Integer("samples", 0, kMostCount);
  q.paper_ks = fields.Number("paperKs", 0, 1);
  q.paper_p95_error = fields.Number("paperP95Error", 0, kMostNumber);
  q.tail_p95_error = fields.Number("tailP95Error", 0, kMostNumber);
  q.cumulants_p95_error = fields.Number("cumulantsP95Error", 0, kMostNumber);
  if (auto status = fields.Finish(); !status.ok()) return status;
  return q;
}

absl::StatusOr<LatencyLaws> LawsFromJson(const nlohmann::json& json, const std::string& place) {
  JsonFields fields(json, place);
  const nlohmann::json& paper = fields.Object("paper");
  const nlohmann::json& moments = fields.Object("moments");
  const nlohmann::json& tail = fields.Object("tail");
  const nlohmann::json& cumulants = fields.Array("cumulants");
  const nlohmann::json& quality = fields.Object("quality");
  if (auto status = fields.Finish(); !status.ok()) return status;
  auto paper_law = LawFromJson(paper, place + ".paper");
  if (!paper_law.ok()) return paper_law.status();
  auto moments_law = LawFromJson(moments, place + ".moments");
  if (!moments_law.ok()) return moments_law.status();
  auto tail_law = LawFromJson(tail, place + ".tail");
  if (!tail_law.ok()) return tail_law.status();
  auto curve = CurveFromJson(cumulants, place + ".cumulants");
  if (!curve.ok()) return curve.status();
  auto errors = QualityFromJson(quality, place + ".quality");
  if (!errors.ok()) return errors.status();
  return LatencyLaws{*paper_law, *moments_law, *tail_law, *std::move(curve), *errors};
}

absl::StatusOr<Interference> InterferenceFromJson(const nlohmann::json& json,
                                                  const std::string& place) {
  JsonFields fields(json, place);
  Interference level;
  for (const InterferenceKind kind : kInterferenceKinds) {
    level.Set(kind, Ratio(fields.Number(InterferenceName(kind), 0, 1)));
  }
  if (auto status = fields.Finish(); !status.ok()) return status;
  return level;
}

absl::StatusOr<ProfiledDistribution> MicroserviceFromJson(const nlohmann::json& json,
                                                          const std::string& place,
                                                          std::size_t levels) {
  JsonFields fields(json, place);
  ProfiledDistribution of;
  of.name = fields.Text("name");
  of.container.cpu = Millicores(fields.Integer("cpuMillicores", 1, kMostCount));
  of.container.memory = Bytes(fields.Integer("memoryBytes", 1, INT64_MAX));
  const nlohmann::json& laws = fields.Array("levels");
  if (auto status = fields.Finish(); !status.ok()) return status;
  if (laws.size() != levels) {
    return absl::InvalidArgumentError(fmt::format(
        "{}.levels has {} entries, the profile has {} levels", place, laws.size(), levels));
  }
  for (const nlohmann::json& entry : laws) {
    auto level = LawsFromJson(entry, fmt::format("{}.levels[{}]", place, of.levels.size()));
    if (!level.ok()) return level.status();
    of.levels.push_back(*std::move(level));
  }
  return of;
}

absl::Status ReadLevels(const nlohmann::json& json, const std::string& place,
                        std::vector<Interference>& levels) {
  for (const nlohmann::json& entry : json) {
    const std::string at = fmt::format("{}.levels[{}]", place, levels.size());
    auto level = InterferenceFromJson(entry, at);
    if (!level.ok()) return level.status();
    if (!levels.empty() && !IsAtLeast(*level, levels.back())) {
      return absl::InvalidArgumentError(at + " is lighter than the level before it");
    }
    levels.push_back(*level);
  }
  if (levels.empty()) return absl::InvalidArgumentError(place + ".levels is empty");
  return absl::OkStatus();
}

std::vector<std::string> NamesOf(const DistributionProfile& profile) {
  std::vector<std::string> names;
  for (const ProfiledDistribution& of : profile.microservices) names.push_back(of.name);
  return names;
}

}  // namespace

std::size_t DistributionProfile::LevelFor(const Interference& interference) const {
  std::size_t level = 0;
  while (level + 1 < levels.size() && !IsAtLeast(levels[level], interference)) ++level;
  return level;
}

bool DistributionProfile::Covers(const Interference& interference) const {
  return IsAtLeast(levels.back(), interference);
}

nlohmann::ordered_json DistributionsToJson(const DistributionProfile& profile) {
  Json levels = Json::array();
  for (const Interference& level : profile.levels) {
    Json entry;
    for (const InterferenceKind kind : kInterferenceKinds) {
      entry[std::string(InterferenceName(kind))] = level.ValueOr(kind, 0);
    }
    levels.push_back(std::move(entry));
  }
  Json microservices = Json::array();
  for (const ProfiledDistribution& of : profile.microservices) {
    Json laws = Json::array();
    for (const LatencyLaws& at : of.levels) {
      laws.push_back({{"paper", ToJson(at.paper)},
                      {"moments", ToJson(at.moments)},
                      {"tail", ToJson(at.tail)},
                      {"cumulants", ToJson(at.cumulants)},
                      {"quality", ToJson(at.quality)}});
    }
    microservices.push_back({{"name", of.name},
                             {"cpuMillicores", of.container.cpu.value()},
                             {"memoryBytes", of.container.memory.value()},
                             {"levels", std::move(laws)}});
  }
  return {{"format", "trimtab distributions"},        {"version", DistributionProfile::kVersion},
          {"application", profile.application},       {"scenarioHash", profile.scenario_hash},
          {"sampleSeed", profile.sample_seed},        {"levels", std::move(levels)},
          {"microservices", std::move(microservices)}};
}

std::string DistributionProfileToJson(const DistributionProfile& profile) {
  return DistributionsToJson(profile).dump(1) + "\n";
}

absl::StatusOr<DistributionProfile> DistributionsFromJson(const nlohmann::json& json,
                                                          const std::string& place) {
  // Before anything else: another version may differ in every other member.
  if (json.is_object()) {
    const auto version = json.find("version");
    if (version != json.end() && version->is_number_integer() &&
        *version != DistributionProfile::kVersion) {
      return absl::FailedPreconditionError(fmt::format("{}.version is {}, this program reads {}",
                                                       place, version->dump(),
                                                       DistributionProfile::kVersion));
    }
  }
  JsonFields fields(json, place);
  if (fields.Text("format") != "trimtab distributions") {
    fields.Fail("format", "\"trimtab distributions\"");
  }
  fields.Integer("version", DistributionProfile::kVersion, DistributionProfile::kVersion);
  DistributionProfile profile;
  profile.application = fields.Text("application");
  profile.scenario_hash = fields.Text("scenarioHash");
  profile.sample_seed = fields.Seed("sampleSeed");
  const nlohmann::json& levels = fields.Array("levels");
  const nlohmann::json& microservices = fields.Array("microservices");
  if (auto status = fields.Finish(); !status.ok()) return status;
  if (auto status = ReadLevels(levels, place, profile.levels); !status.ok()) return status;
  for (const nlohmann::json& entry : microservices) {
    auto of = MicroserviceFromJson(
        entry, fmt::format("{}.microservices[{}]", place, profile.microservices.size()),
        profile.levels.size());
    if (!of.ok()) return of.status();
    profile.microservices.push_back(*std::move(of));
  }
  if (profile.microservices.empty()) {
    return absl::InvalidArgumentError(place + ".microservices is empty");
  }
  return profile;
}

absl::StatusOr<DistributionProfile> DistributionProfileFromJson(std::string_view text) {
  const auto document = ParseJsonObject(text);
  if (!document.ok()) return document.status();
  return DistributionsFromJson(*document, "distributions");
}

absl::Status SaveDistributionProfile(const DistributionProfile& profile, const std::string& path) {
  return ReplaceFile(path, DistributionProfileToJson(profile));
}

absl::StatusOr<DistributionProfile> LoadDistributionProfile(const std::string& path) {
  const auto text = ReadWholeFile(path);
  if (!text.ok()) return text.status();
  auto profile = DistributionProfileFromJson(*text);
  if (!profile.ok()) {
    return absl::Status(
        profile.status().code(),
        fmt::format("distributions '{}': {}", path, std::string(profile.status().message())));
  }
  return profile;
}

absl::Status CheckDistributionsFit(const DistributionProfile& profile,
                                   const Application& application, std::string_view scenario_hash) {
  const std::vector<std::string> names = NamesOf(profile);
  const std::string differences = DifferencesFromScenario(
      {profile.application, profile.scenario_hash, names}, application, scenario_hash);
  if (differences.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(fmt::format(
      "the distributions are of another scenario ({}); measure them for this one", differences));
}

}  // namespace trimtab
