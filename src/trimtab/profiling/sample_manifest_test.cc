#include "trimtab/profiling/sample_manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace trimtab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

SampleManifest Manifest() {
  SampleManifest manifest;
  manifest.application = "hotel";
  manifest.scenario_hash = "0123abcd";
  manifest.options = SweepOptions::Demo();
  manifest.options.seed = 18446744073709551615U;
  manifest.microservices = {
      {.name = "frontend", .visits_per_request = 1, .alone_bias = {-0.013, 0.004, 30}},
      {.name = "store",
       .asynchronous = false,
       .visits_per_request = 0.1 + 0.2,
       .refused_settings = 3,
       .set_aside_settings = 9}};
  manifest.settings = 4000;
  manifest.rows = 12345;
  manifest.complete = true;
  return manifest;
}

TEST(SampleManifestTest, ReadsBackExactly) {
  const std::string text = ManifestToJson(Manifest());
  const auto back = ManifestFromJson(text);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(ManifestToJson(*back), text);
  EXPECT_THAT(SweepDifferences(*back, Manifest()), IsEmpty());
  EXPECT_EQ(back->microservices[0].alone_bias, Manifest().microservices[0].alone_bias);
  EXPECT_EQ(back->options.seed, 18446744073709551615U);
  EXPECT_TRUE(back->complete);
}

TEST(SampleManifestTest, AFullSweepHasNoNumberOfSettings) {
  SampleManifest manifest = Manifest();
  manifest.options.station_settings.reset();
  EXPECT_FALSE(ManifestFromJson(ManifestToJson(manifest))->options.station_settings.has_value());
}

TEST(SampleManifestTest, NamesTheFieldsThatDiffer) {
  SampleManifest other = Manifest();
  other.options.seed = 2;
  other.scenario_hash = "ffff";
  other.rows = 1;
  other.microservices[0].alone_bias.mean = 1;
  EXPECT_THAT(SweepDifferences(Manifest(), other),
              ElementsAre("options.seed: 18446744073709551615 and 2",
                          "scenarioHash: \"0123abcd\" and \"ffff\""));
}

TEST(SampleManifestTest, RefusesAnotherVersion) {
  auto json = nlohmann::json::parse(ManifestToJson(Manifest()));
  json["version"] = 3;
  const auto status = ManifestFromJson(json.dump()).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_EQ(status.message(), "table.version is 3, this program reads 2");
}

TEST(SampleManifestTest, RefusesWhatItDoesNotKnow) {
  const auto message_with = [](auto change) {
    auto json = nlohmann::json::parse(ManifestToJson(Manifest()));
    change(json);
    const auto status = ManifestFromJson(json.dump()).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status));
    return std::string(status.message());
  };
  EXPECT_EQ(message_with([](auto& j) { j["colour"] = 1; }), "table has an unknown key 'colour'");
  EXPECT_EQ(message_with([](auto& j) { j["options"]["train"]["x"] = 1; }),
            "options.train has an unknown key 'x'");
  EXPECT_EQ(message_with([](auto& j) { j["microservices"][1].erase("name"); }),
            "microservices[1].name is missing, expected a text");
  EXPECT_EQ(message_with([](auto& j) { j["rows"] = -4; }),
            "table.rows is -4, expected an integer in [0, 1000000000000]");
  EXPECT_THAT(message_with([](auto& j) { j["options"]["cpuSettings"] = 1; }),
              HasSubstr("cpu_settings is 1, must be in [2, 100]"));
  EXPECT_EQ(message_with([](auto& j) { j["format"] = "x"; }),
            "table.format is \"x\", expected \"trimtab samples\"");
  EXPECT_THAT(message_with([](auto& j) { j["microservices"][1]["name"] = "frontend"; }),
              HasSubstr("appears twice"));
}

TEST(SampleManifestTest, RefusesWhatIsNoJson) {
  for (const char* text : {"", "{", "[1]", "{\"version\": 1e999}", "nonsense"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ManifestFromJson(text).status())) << text;
  }
  const std::string text = ManifestToJson(Manifest());
  EXPECT_TRUE(absl::IsInvalidArgument(ManifestFromJson(text.substr(0, text.size() / 2)).status()));
}

}  // namespace
}  // namespace trimtab
