#include "trimtab/profile/distribution_profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace trimtab {
namespace {

using ::testing::HasSubstr;

Interference Level(double share) {
  Interference level;
  for (const InterferenceKind kind : kInterferenceKinds) level.Set(kind, Ratio(share));
  return level;
}

LatencyLaws Laws(double scale) {
  const ConditionalExponential law{.offset_seconds = 0.001 * scale,
                                   .slope = -2.0 / 3,
                                   .intercept = 100,
                                   .lowest_load = 10,
                                   .highest_load = 80};
  ConditionalExponential moments = law;
  moments.offset_seconds = -0.0003;
  return {.paper = law,
          .moments = moments,
          .tail = law,
          .cumulants = *CumulantCurve::Create(
              {{10, {0.01 * scale, 1e-4, 2e-6}}, {80, {0.05 * scale, 2.5e-3, 2.5e-4}}}),
          .quality = {.loads = 2, .samples = 8000, .paper_ks = 0.05, .paper_p95_error = 0.2}};
}

DistributionProfile Profile() {
  DistributionProfile profile{.application = "two",
                              .scenario_hash = "0123456789abcdef",
                              .sample_seed = 18446744073709551615U,
                              .levels = {Level(0), Level(0.3)},
                              .microservices = {}};
  for (const char* name : {"front", "back"}) {
    profile.microservices.push_back(
        {name, {Millicores(200), Mebibytes(1024)}, {Laws(1), Laws(1.5)}});
  }
  return profile;
}

std::string ErrorWith(std::string_view from, std::string_view to) {
  std::string text = DistributionProfileToJson(Profile());
  const std::size_t place = text.find(from);
  EXPECT_NE(place, std::string::npos) << from;
  text.replace(place, from.size(), to);
  const auto profile = DistributionProfileFromJson(text);
  EXPECT_FALSE(profile.ok()) << from;
  return std::string(profile.status().message());
}

TEST(DistributionProfileTest, ReadsBackExactly) {
  const std::string text = DistributionProfileToJson(Profile());
  const auto back = DistributionProfileFromJson(text);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(DistributionProfileToJson(*back), text);
  EXPECT_EQ(back->levels, Profile().levels);
  const LatencyLaws& laws = back->microservices[1].levels[1];
  EXPECT_EQ(laws.paper, Laws(1.5).paper);
  EXPECT_EQ(laws.moments.offset_seconds, -0.0003);
  EXPECT_EQ(laws.quality, Laws(1.5).quality);
  EXPECT_EQ(laws.cumulants.At(33), Laws(1.5).cumulants.At(33));
}

TEST(DistributionProfileTest, SurvivesTheDisk) {
  const std::string path = ::testing::TempDir() + "trimtab_distributions.json";
  ASSERT_TRUE(SaveDistributionProfile(Profile(), path).ok());
  const auto back = LoadDistributionProfile(path);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(DistributionProfileToJson(*back), DistributionProfileToJson(Profile()));
  EXPECT_THAT(std::string(LoadDistributionProfile(path + ".none").status().message()),
              HasSubstr(".none"));
}

TEST(DistributionProfileTest, TheLevelIsTheLightestThatIsHeavyEnough) {
  const DistributionProfile profile = Profile();
  EXPECT_EQ(profile.LevelFor(Interference::None()), 0U);
  EXPECT_EQ(profile.LevelFor(Interference()), 0U);
  Interference one = Interference::None();
  one.Set(InterferenceKind::kMemoryBandwidth, Ratio(0.1));
  EXPECT_EQ(profile.LevelFor(one), 1U);
  EXPECT_TRUE(profile.Covers(one));
  one.Set(InterferenceKind::kCpu, Ratio(0.5));
  EXPECT_EQ(profile.LevelFor(one), 1U);
  EXPECT_FALSE(profile.Covers(one));
}

TEST(DistributionProfileTest, RefusesWhatIsWrongWithItsPlace) {
  EXPECT_THAT(ErrorWith("\"version\": 2", "\"version\": 1"), HasSubstr("version is 1"));
  EXPECT_THAT(ErrorWith("trimtab distributions", "something"), HasSubstr("distributions.format"));
  EXPECT_THAT(ErrorWith("\"cpu\": 0.3", "\"cpu\": -0.3"), HasSubstr("levels[1].cpu is -0.3"));
  EXPECT_THAT(ErrorWith("\"cpu\": 0.0", "\"cpu\": 0.5"), HasSubstr("levels[1] is lighter"));
  EXPECT_THAT(ErrorWith("\"intercept\": 100.0", "\"intercept\": 50.0"),
              HasSubstr("microservices[0].levels[0].paper: the rate at 80 calls/s"));
  EXPECT_THAT(ErrorWith("\"slope\"", "\"slop\""), HasSubstr("paper.slope is missing"));
  EXPECT_THAT(ErrorWith("\"mean\": 0.05", "\"mean\": 0.001"),
              HasSubstr("cumulants: a cumulant of point 1"));
  EXPECT_THAT(ErrorWith("\"cpuMillicores\": 200", "\"cpuMillicores\": 0"),
              HasSubstr("microservices[0].cpuMillicores is 0"));
  EXPECT_THAT(ErrorWith("\"paperKs\": 0.05", "\"paperKs\": null"), HasSubstr("paperKs is null"));
}

TEST(DistributionProfileTest, RefusesOtherThanOneEntryALevel) {
  DistributionProfile profile = Profile();
  profile.microservices[1].levels.pop_back();
  EXPECT_THAT(
      std::string(
          DistributionProfileFromJson(DistributionProfileToJson(profile)).status().message()),
      HasSubstr("microservices[1].levels has 1 entries, the profile has 2 levels"));
  EXPECT_FALSE(DistributionProfileFromJson("[]").ok());
  EXPECT_FALSE(DistributionProfileFromJson("{\"a\"").ok());
}

TEST(DistributionProfileTest, IsOfOneScenario) {
  const auto application = Application::Create(
      "two", {{.name = "front", .bounds = {}}, {.name = "back", .bounds = {}}}, {{"get", "front"}});
  ASSERT_TRUE(application.ok());
  EXPECT_TRUE(CheckDistributionsFit(Profile(), *application, "0123456789abcdef").ok());
  EXPECT_THAT(std::string(CheckDistributionsFit(Profile(), *application, "other").message()),
              HasSubstr("scenarioHash: '0123456789abcdef', the scenario's is 'other'"));
}

}  // namespace
}  // namespace trimtab
