#include "trimtab/profile/cumulant_profile.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "trimtab/profile/json_fields.h"

namespace trimtab {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kMostCount = 1'000'000'000'000;
// 100 % - MAPE has no lower bound, and what is measured against almost nothing falls below every
// one: a model this bad is no model, and is written as just as bad.
constexpr double kWorstAccuracy = -1e9;

struct JudgedMember {
  const char* name;
  JudgedAccuracy CumulantAccuracy::* member;
};
constexpr JudgedMember kJudged[] = {{"mean", &CumulantAccuracy::mean},
                                    {"deviation", &CumulantAccuracy::deviation},
                                    {"thirdRoot", &CumulantAccuracy::third_root},
                                    {"third", &CumulantAccuracy::third}};

Json ToJson(const CumulantAccuracy& quality) {
  Json json;
  for (const JudgedMember& judged : kJudged) {
    const JudgedAccuracy& of = quality.*judged.member;
    json[judged.name] = {{"accuracy", std::max(of.accuracy, kWorstAccuracy)},
                         {"samples", of.samples}};
  }
  return json;
}

absl::StatusOr<CumulantAccuracy> QualityFromJson(const nlohmann::json& json,
                                                 const std::string& place) {
  JsonFields fields(json, place);
  std::vector<const nlohmann::json*> members;
  for (const JudgedMember& judged : kJudged) members.push_back(&fields.Object(judged.name));
  if (auto status = fields.Finish(); !status.ok()) return status;
  CumulantAccuracy quality;
  for (std::size_t i = 0; i < members.size(); ++i) {
    JsonFields of(*members[i], fmt::format("{}.{}", place, kJudged[i].name));
    JudgedAccuracy& judged = quality.*kJudged[i].member;
    judged.accuracy = of.Number("accuracy", kWorstAccuracy, 100);
    judged.samples = of.Integer("samples", 0, kMostCount);
    if (auto status = of.Finish(); !status.ok()) return status;
  }
  return quality;
}

absl::StatusOr<ProfiledCumulants> MicroserviceFromJson(const nlohmann::json& json,
                                                       const std::string& place,
                                                       const std::string& expected,
                                                       SimdLevel simd) {
  JsonFields fields(json, place);
  const std::string name = fields.Text("name");
  const nlohmann::json& quality = fields.Object("quality");
  const nlohmann::json& model = fields.Object("model");
  if (auto status = fields.Finish(); !status.ok()) return status;
  if (name != expected) {
    return absl::InvalidArgumentError(
        fmt::format("{}.name is '{}', the profile has '{}' there", place, name, expected));
  }
  const auto errors = QualityFromJson(quality, place + ".quality");
  if (!errors.ok()) return errors.status();
  auto cumulants = NeuralCumulantModel::FromJson(model.dump(), simd);
  if (!cumulants.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("{}.model: {}", place, std::string(cumulants.status().message())));
  }
  return ProfiledCumulants{*std::move(cumulants), *errors};
}

}  // namespace

Json CumulantsToJson(const CumulantProfile& profile, const std::vector<std::string>& names) {
  Json microservices = Json::array();
  for (std::size_t m = 0; m < profile.microservices.size(); ++m) {
    const ProfiledCumulants& of = profile.microservices[m];
    microservices.push_back({{"name", names[m]},
                             {"quality", ToJson(of.quality)},
                             {"model", Json::parse(of.model.ToJson())}});
  }
  return {{"version", CumulantProfile::kVersion}, {"microservices", std::move(microservices)}};
}

absl::StatusOr<CumulantProfile> CumulantsFromJson(const nlohmann::json& json,
                                                  const std::string& place,
                                                  const std::vector<std::string>& names,
                                                  SimdLevel simd) {
  // Before anything else: another version may differ in every other member.
  if (json.is_object()) {
    const auto version = json.find("version");
    if (version != json.end() && version->is_number_integer() &&
        *version != CumulantProfile::kVersion) {
      return absl::FailedPreconditionError(fmt::format("{}.version is {}, this program reads {}",
                                                       place, version->dump(),
                                                       CumulantProfile::kVersion));
    }
  }
  JsonFields fields(json, place);
  fields.Integer("version", CumulantProfile::kVersion, CumulantProfile::kVersion);
  const nlohmann::json& microservices = fields.Array("microservices");
  if (auto status = fields.Finish(); !status.ok()) return status;
  if (microservices.size() != names.size()) {
    return absl::InvalidArgumentError(fmt::format("{}.microservices has {} entries, the profile {}",
                                                  place, microservices.size(), names.size()));
  }
  CumulantProfile profile;
  for (std::size_t m = 0; m < names.size(); ++m) {
    auto of = MicroserviceFromJson(microservices[m], fmt::format("{}.microservices[{}]", place, m),
                                   names[m], simd);
    if (!of.ok()) return of.status();
    profile.microservices.push_back(*std::move(of));
  }
  return profile;
}

}  // namespace trimtab
