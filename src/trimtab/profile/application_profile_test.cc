#include "trimtab/profile/application_profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "trimtab/profile/atomic_file.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

std::vector<LatencySample> Samples() {
  std::vector<LatencySample> samples;
  for (int i = 1; i <= 40; ++i) {
    LatencySample sample;
    sample.features = {{Millicores(100 * (i % 10 + 1)), Mebibytes(100 * (i % 7 + 1))},
                       RequestsPerSecond(10.0 * i),
                       Interference::None()};
    sample.tail = Latency(1.0 / i + 2);
    sample.cumulants.value = {.mean = 1e-3 / i, .variance = 1e-6 / i, .third = 1e-9};
    samples.push_back(sample);
  }
  return samples;
}

NeuralLatencyOptions Options(std::uint64_t seed) {
  NeuralLatencyOptions options;
  options.hidden = 8;
  options.samples_read = 1;
  options.seed = seed;
  options.simd = SimdLevel::kPortable;
  return options;
}

NeuralLatencyModel Model(std::uint64_t seed) {
  return *NeuralLatencyModel::Fit(Samples(), Options(seed));
}

ApplicationProfile Profile() {
  ApplicationProfile profile;
  profile.application = "hotel";
  profile.scenario_hash = "0123456789abcdef";
  profile.sample_seed = 18446744073709551615U;
  profile.training_seed = 2;
  for (const char* name : {"frontend", "search"}) {
    LatencyQuality quality{.samples = 12, .accuracy = 93.25};
    quality.masked = {{"cpu", 90.5}, {"all", 71.0 / 3}};
    quality.right_signs = {.cpu = 0.99, .memory = 1, .load = 1.0 / 3};
    profile.microservices.push_back({name, Model(profile.microservices.size()), quality, 40});
  }
  profile.end_to_end.kind = EndToEndKind::kComposition;
  profile.end_to_end.microservices = {"frontend", "search"};
  profile.end_to_end.input_center = {0, 0, 0, 0};
  profile.end_to_end.input_scale = {1, 1, 1, 1};
  profile.end_to_end.composition_constant = 0.1;
  profile.end_to_end.composition_shares = {1, 2.0 / 3};
  profile.end_to_end.error_ratios = {0.9, 1.1};
  profile.end_to_end_quality = {.training_runs = 30, .test_runs = 5, .accuracy = 88.5};
  return profile;
}

ApplicationProfile WithCumulants() {
  ApplicationProfile profile = Profile();
  profile.cumulants.emplace();
  for (std::uint64_t seed = 0; seed < 2; ++seed) {
    const CumulantAccuracy quality = {.mean = {.accuracy = 95.5, .samples = 12},
                                      .deviation = {.accuracy = 91, .samples = 11},
                                      .third_root = {.accuracy = 200.0 / 3, .samples = 1},
                                      .third = {}};
    profile.cumulants->microservices.push_back(
        {*NeuralCumulantModel::Fit(Samples(), Options(seed)), quality});
  }
  return profile;
}

TEST(ApplicationProfileTest, ReadsCumulantsBackExactly) {
  const ApplicationProfile profile = WithCumulants();
  const std::string text = ProfileToJson(profile);
  const auto back = ProfileFromJson(text, SimdLevel::kPortable);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(ProfileToJson(*back), text);
  ASSERT_TRUE(back->cumulants.has_value());
  const LatencyFeatures features = Samples()[7].features;
  for (std::size_t m = 0; m < 2; ++m) {
    const ProfiledCumulants& of = profile.cumulants->microservices[m];
    EXPECT_EQ(back->cumulants->microservices[m].quality, of.quality);
    EXPECT_EQ(back->cumulants->microservices[m].model.Predict(features),
              of.model.Predict(features));
  }
}

// Measured against cumulants of almost nothing, as those of constant times are.
TEST(ApplicationProfileTest, WhatIsWrittenOfTheWorstModelCanBeRead) {
  ApplicationProfile profile = WithCumulants();
  profile.cumulants->microservices[0].quality.third.accuracy = -9e10;
  profile.microservices[0].quality.accuracy = -2e9;
  profile.end_to_end_quality.accuracy = -3e9;
  const auto read = ProfileFromJson(ProfileToJson(profile), SimdLevel::kPortable);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->cumulants->microservices[0].quality.third.accuracy, -1e9);
  EXPECT_EQ(read->microservices[0].quality.accuracy, -1e9);
  EXPECT_EQ(read->end_to_end_quality.accuracy, -1e9);
}

TEST(ApplicationProfileTest, SaysWhenItWasTrainedWhereThatIsKnown) {
  EXPECT_EQ(ProfileToJson(Profile()).find("trainedAt"), std::string::npos);
  ApplicationProfile profile = Profile();
  profile.trained_at = Instant(std::chrono::milliseconds(1'790'000'000'900));
  const std::string text = ProfileToJson(profile);
  const auto back = ProfileFromJson(text, SimdLevel::kPortable);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->trained_at, Instant(std::chrono::seconds(1'790'000'000)));
  EXPECT_EQ(ProfileToJson(*back), text);
  auto json = nlohmann::json::parse(text);
  json["trainedAt"] = -1;
  const auto refused = ProfileFromJson(json.dump(), SimdLevel::kPortable);
  EXPECT_EQ(refused.status().message(),
            "profile.trainedAt is -1, expected an integer in [0, 253402300799]");
}

TEST(ApplicationProfileTest, AFileWithoutCumulantsIsReadAsBefore) {
  auto json = nlohmann::ordered_json::parse(ProfileToJson(WithCumulants()));
  json.erase("cumulants");
  EXPECT_EQ(json.dump(1) + "\n", ProfileToJson(Profile()));
  const auto back = ProfileFromJson(json.dump(), SimdLevel::kPortable);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_FALSE(back->cumulants.has_value());
}

TEST(ApplicationProfileTest, NamesWhatIsWrongWithCumulants) {
  const auto status_with = [](auto change) {
    auto json = nlohmann::json::parse(ProfileToJson(WithCumulants()));
    change(json["cumulants"]);
    return ProfileFromJson(json.dump(), SimdLevel::kPortable).status();
  };
  const auto message_with = [&](auto change) {
    const absl::Status status = status_with(change);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    return std::string(status.message());
  };
  const auto version = status_with([](auto& c) { c["version"] = 9; });
  EXPECT_TRUE(absl::IsFailedPrecondition(version));
  EXPECT_EQ(version.message(), "cumulants.version is 9, this program reads 1");
  EXPECT_EQ(message_with([](auto& c) { c.erase("version"); }),
            "cumulants.version is missing, expected an integer in [1, 1]");
  EXPECT_EQ(message_with([](auto& c) { c["colour"] = 1; }),
            "cumulants has an unknown key 'colour'");
  EXPECT_EQ(message_with([](auto& c) { c["microservices"].erase(1); }),
            "cumulants.microservices has 1 entries, the profile 2");
  EXPECT_EQ(message_with([](auto& c) { c["microservices"][1]["name"] = "cart"; }),
            "cumulants.microservices[1].name is 'cart', the profile has 'search' there");
  EXPECT_EQ(message_with([](auto& c) { c["microservices"][0]["quality"].erase("third"); }),
            "cumulants.microservices[0].quality.third is missing, expected an object");
  EXPECT_EQ(
      message_with([](auto& c) { c["microservices"][0]["quality"]["mean"]["accuracy"] = 101; }),
      "cumulants.microservices[0].quality.mean.accuracy is 101, expected a number in "
      "[-1000000000, 100]");
  EXPECT_EQ(message_with([](auto& c) { c["microservices"][0]["model"].erase("thirdRoot"); }),
            "cumulants.microservices[0].model: neural cumulant model member 'thirdRoot' is "
            "missing");
}

TEST(ApplicationProfileTest, ReadsBackExactly) {
  const ApplicationProfile profile = Profile();
  ASSERT_TRUE(profile.end_to_end.Validate().ok()) << profile.end_to_end.Validate();
  const std::string text = ProfileToJson(profile);
  const auto back = ProfileFromJson(text, SimdLevel::kPortable);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(ProfileToJson(*back), text);
  EXPECT_EQ(back->microservices[0].quality.masked, profile.microservices[0].quality.masked);
  EXPECT_EQ(back->end_to_end_quality, profile.end_to_end_quality);
  const LatencyFeatures features = {
      {Millicores(350), Mebibytes(333)}, RequestsPerSecond(77), Interference()};
  for (std::size_t m = 0; m < 2; ++m) {
    EXPECT_EQ(back->LatencyModels()[m]->Predict(features),
              profile.LatencyModels()[m]->Predict(features));
  }
}

TEST(ApplicationProfileTest, SurvivesTheDisk) {
  const std::string path = ::testing::TempDir() + "trimtab_profile.json";
  ASSERT_TRUE(SaveProfile(Profile(), path).ok());
  const auto back = LoadProfile(path, SimdLevel::kPortable);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(ProfileToJson(*back), ProfileToJson(Profile()));
}

TEST(ApplicationProfileTest, NamesTheFileThatIsWrong) {
  const std::string path = ::testing::TempDir() + "trimtab_cut_profile.json";
  const std::string text = ProfileToJson(Profile());
  ASSERT_TRUE(ReplaceFile(path, text.substr(0, text.size() / 2)).ok());
  const auto status = LoadProfile(path, SimdLevel::kPortable).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("trimtab_cut_profile.json': not JSON"));
  EXPECT_TRUE(absl::IsNotFound(LoadProfile("/nowhere", SimdLevel::kPortable).status()));
}

TEST(ApplicationProfileTest, RefusesAnotherVersionWhateverElseItHolds) {
  const auto status =
      ProfileFromJson(R"({"version": 7, "new": "things"})", SimdLevel::kPortable).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_EQ(status.message(), "profile.version is 7, this program reads 1");
}

TEST(ApplicationProfileTest, NamesTheMemberThatIsWrong) {
  const auto message_with = [](auto change) {
    auto json = nlohmann::json::parse(ProfileToJson(Profile()));
    change(json);
    const auto status = ProfileFromJson(json.dump(), SimdLevel::kPortable).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status));
    return std::string(status.message());
  };
  EXPECT_EQ(message_with([](auto& j) { j["colour"] = 1; }), "profile has an unknown key 'colour'");
  EXPECT_EQ(message_with([](auto& j) { j.erase("version"); }),
            "profile.version is missing, expected an integer in [1, 1]");
  EXPECT_EQ(message_with([](auto& j) { j["microservices"][1]["quality"]["accuracy"] = 101; }),
            "microservices[1].quality.accuracy is 101, expected a number in [-1000000000, 100]");
  EXPECT_EQ(
      message_with([](auto& j) { j["microservices"][0]["quality"]["masked"][0].erase("hidden"); }),
      "microservices[0].quality.masked[0].hidden is missing, expected a text");
  EXPECT_THAT(message_with([](auto& j) { j["microservices"][0]["latency"] = {{"x", 1}}; }),
              HasSubstr("microservices[0].latency: "));
  EXPECT_THAT(message_with([](auto& j) { j["endToEnd"] = {{"x", 1}}; }), HasSubstr("endToEnd: "));
  EXPECT_EQ(message_with([](auto& j) { j["microservices"][0]["name"] = "cart"; }),
            "endToEnd is for the microservices frontend, search, the profile has cart, search");
}

TEST(ApplicationProfileTest, FitsItsOwnScenarioAlone) {
  const auto application_of = [](const std::string& name, const std::string& second) {
    std::vector<Microservice> microservices(2);
    microservices[0].name = "frontend";
    microservices[1].name = second;
    return *Application::Create(name, microservices, {{"get", "frontend"}});
  };
  const ApplicationProfile profile = Profile();
  EXPECT_TRUE(
      CheckProfileFits(profile, application_of("hotel", "search"), "0123456789abcdef").ok());
  const auto status = CheckProfileFits(profile, application_of("motel", "cart"), "ffff");
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_EQ(status.message(),
            "the profile is of another scenario (application: 'hotel', the scenario's is 'motel'; "
            "scenarioHash: '0123456789abcdef', the scenario's is 'ffff'; microservices: "
            "'frontend,search', the scenario's is 'frontend,cart'); train one for this scenario");
}

}  // namespace
}  // namespace trimtab
