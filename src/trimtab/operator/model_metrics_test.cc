// What the own metrics say of trained models: of profiles as they are read from their files, and of
// the containers that a decision saw.
#include "trimtab/operator/model_metrics.h"

#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/operator/policy_library.h"
#include "trimtab/operator/testing/app_loop_fixture.h"

namespace trimtab {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr std::int64_t kTrained = 1'790'000'000;

// 100 to 400 millicores, 100 to 200 MiB, 10 to 40 requests/s, 100 requests/s and core at each.
NeuralLatencyModel Model() {
  std::vector<LatencySample> samples;
  for (const int step : {1, 2, 3, 4}) {
    LatencySample sample;
    sample.features.container = {Millicores(100 * step), Mebibytes(step < 3 ? 100 : 200)};
    sample.features.container_load = RequestsPerSecond(10 * step);
    sample.tail = Latency(20 - step);
    samples.push_back(sample);
  }
  NeuralLatencyOptions options;
  options.hidden = 8;
  options.samples_read = 1;
  options.simd = SimdLevel::kPortable;
  return *NeuralLatencyModel::Fit(samples, options);
}

LatencyLaws Laws(double error, std::int64_t loads) {
  const ConditionalExponential law{.offset_seconds = 0.001,
                                   .slope = -2.0 / 3,
                                   .intercept = 100,
                                   .lowest_load = 10,
                                   .highest_load = 80};
  return {
      .paper = law,
      .moments = law,
      .tail = law,
      .cumulants = *CumulantCurve::Create({{10, {0.01, 1e-4, 2e-6}}, {80, {0.05, 2.5e-3, 2.5e-4}}}),
      .quality = {.loads = loads, .samples = 8000, .cumulants_p95_error = error}};
}

ApplicationProfile Profile() {
  ApplicationProfile profile;
  profile.application = "two";
  profile.scenario_hash = "0123456789abcdef";
  profile.trained_at = Instant(std::chrono::seconds(kTrained));
  profile.microservices.push_back({"m0", Model(), {.samples = 12, .accuracy = 93}, 40});
  profile.microservices.push_back({"m1", Model(), {.samples = 0}, 30});  // nothing was held out
  profile.end_to_end.kind = EndToEndKind::kComposition;
  profile.end_to_end.microservices = {"m0", "m1"};
  profile.end_to_end.input_center = {0, 0, 0, 0};
  profile.end_to_end.input_scale = {1, 1, 1, 1};
  profile.end_to_end.composition_constant = 0.1;
  profile.end_to_end.composition_shares = {1, 1};
  profile.end_to_end.error_ratios = {0.9, 1.1};
  DistributionProfile& distributions = profile.distributions.emplace();
  distributions.application = profile.application;
  distributions.scenario_hash = profile.scenario_hash;
  Interference none;
  Interference some;
  for (const InterferenceKind kind : kInterferenceKinds) {
    none.Set(kind, Ratio(0));
    some.Set(kind, Ratio(0.5));
  }
  distributions.levels = {none, some};
  for (const char* name : {"m0", "m1"}) {
    // (1 x 10 % + 3 x 30 %) / 4 = 25 %
    distributions.microservices.push_back(
        {name, {Millicores(200), Mebibytes(100)}, {Laws(0.1, 1), Laws(0.3, 3)}});
  }
  return profile;
}

class ProfileFactsTest : public testing::Test {
 protected:
  static PolicyLibrary Library(const ApplicationProfile& profile) {
    const std::string path = testing::TempDir() + "trimtab_model_metrics.json";
    EXPECT_TRUE(SaveProfile(profile, path).ok());
    auto library = PolicyLibrary::Load({path});
    EXPECT_TRUE(library.ok()) << library.status();
    return *std::move(library);
  }
  static AppScaler Scaler(ScalerAlgorithm algorithm) {
    AppScaler scaler = *StoredScaler().Seen().scaler;
    scaler.algorithm = algorithm;
    return scaler;
  }
};

TEST_F(ProfileFactsTest, OfGradComeFromWhatWasHeldOut) {
  const PolicyLibrary library = Library(Profile());
  const auto models = library.Models(Scaler(ScalerAlgorithm::kGrad));
  ASSERT_THAT(models, SizeIs(2));
  EXPECT_EQ(models[0].workload, "m0");
  EXPECT_NEAR(models[0].error_ratio.value_or(-1), 0.07, 1e-12);
  EXPECT_EQ(models[0].samples, 40);
  EXPECT_EQ(models[0].trained_at, Instant(std::chrono::seconds(kTrained)));
  EXPECT_FALSE(models[1].error_ratio.has_value()) << "nobody knows";
  const ModelStatus status = library.Describe(Scaler(ScalerAlgorithm::kGrad));
  EXPECT_EQ(status.samples, 70);
  EXPECT_EQ(status.trained_at, Instant(std::chrono::seconds(kTrained)));
  EXPECT_FALSE(status.error_percent.has_value()) << "no run was held out";
}

TEST_F(ProfileFactsTest, OfDermComeFromItsDistributions) {
  const PolicyLibrary library = Library(Profile());
  const auto models = library.Models(Scaler(ScalerAlgorithm::kDerm));
  ASSERT_THAT(models, SizeIs(2));
  EXPECT_NEAR(models[1].error_ratio.value_or(-1), 0.25, 1e-12);
  EXPECT_FALSE(models[1].samples.has_value());
  LatencyFeatures features{{Millicores(200), Mebibytes(100)}, RequestsPerSecond(80), {}};
  EXPECT_THAT(models[1].outside(features), IsEmpty());
  features.container.cpu = Millicores(300);
  features.container_load = RequestsPerSecond(81);
  features.interference.Set(InterferenceKind::kCpu, Ratio(0.6));
  EXPECT_THAT(models[1].outside(features),
              testing::ElementsAre("cpu", "container_load", "interference"));
}

TEST_F(ProfileFactsTest, AProfileWithoutADateHasNone) {
  ApplicationProfile profile = Profile();
  profile.trained_at.reset();
  const PolicyLibrary library = Library(profile);
  EXPECT_FALSE(library.Models(Scaler(ScalerAlgorithm::kGrad))[0].trained_at.has_value());
  EXPECT_FALSE(library.Describe(Scaler(ScalerAlgorithm::kGrad)).trained_at.has_value());
}

class ModelMetricsTest : public AppLoopFixture {
 protected:
  ModelMetricsTest() {
    models = {
        {.workload = "m0",
         .error_ratio = 0.07,
         .samples = 40,
         .trained_at = Instant(std::chrono::seconds(kTrained)),
         .outside = [this](const LatencyFeatures& features) { return ranges.Outside(features); }},
        {.workload = "m1", .samples = 30}};
    Restart();
  }
  std::string Page() const { return metrics.Text(); }

  const FeatureRanges ranges = Model().ranges();
};

TEST_F(ModelMetricsTest, WhatIsNotKnownIsNoSeries) {
  Cycle();
  const std::string of = "{namespace=\"shop\",workload=";
  EXPECT_THAT(Page(), HasSubstr("trimtab_model_error_ratio" + of + "\"m0\"} 0.07\n"));
  EXPECT_THAT(Page(), HasSubstr("trimtab_model_samples" + of + "\"m1\"} 30\n"));
  EXPECT_THAT(Page(),
              HasSubstr("trimtab_model_trained_timestamp_seconds" + of + "\"m0\"} 1790000000\n"));
  EXPECT_THAT(Page(), Not(HasSubstr("trimtab_model_error_ratio" + of + "\"m1\"")));
  EXPECT_THAT(Page(), Not(HasSubstr("trimtab_model_trained_timestamp_seconds" + of + "\"m1\"")));
}

TEST_F(ModelMetricsTest, ADecisionThatSawAContainerOutsideIsCountedOnceForEachFeature) {
  // Two containers of 400m and 200 MiB: 50 requests/s each, of 40 that were profiled, and 125 a
  // core, of 100.
  Cycle();
  Cycle();
  const std::string of = "trimtab_model_out_of_range_total{namespace=\"shop\",workload=\"m0\",";
  EXPECT_THAT(Page(), HasSubstr(of + "feature=\"container_load\"} 2\n"));
  EXPECT_THAT(Page(), HasSubstr(of + "feature=\"load_per_core\"} 2\n"));
  EXPECT_THAT(Page(), Not(HasSubstr("feature=\"cpu\"")));
  EXPECT_THAT(Page(), Not(HasSubstr("feature=\"memory\"")));
  // A container whose load nobody knows asks no model.
  world.metrics_.silent_pods = {"m0-0", "m0-1"};
  Cycle();
  EXPECT_THAT(Page(), HasSubstr(of + "feature=\"container_load\"} 2\n"));
}

TEST_F(ModelMetricsTest, TheyEndWithTheAppScalerAndWithTheModel) {
  Cycle();
  EXPECT_THAT(Page(), HasSubstr("trimtab_model_out_of_range_total{"));
  models.erase(models.begin());
  Cycle();
  EXPECT_THAT(Page(), Not(HasSubstr("trimtab_model_error_ratio{")));
  EXPECT_THAT(Page(), Not(HasSubstr("trimtab_model_out_of_range_total{")));
  EXPECT_THAT(Page(), HasSubstr("trimtab_model_samples{"));
  loop.reset();
  EXPECT_THAT(Page(), Not(HasSubstr("trimtab_model_")));
}

TEST_F(ModelMetricsTest, EveryPhaseOfADecisionIsTimed) {
  const std::string count = "trimtab_reconcile_duration_seconds_count{phase=";
  Cycle();
  for (const char* phase : {"collect", "prepare", "record"}) {
    EXPECT_THAT(Page(), HasSubstr(count + "\"" + phase + "\"} 1\n"));
  }
  EXPECT_THAT(Page(), Not(HasSubstr(count + "\"commit\"")));
  Ask(Sized(3), Sized(2));
  Cycle();
  EXPECT_THAT(Page(), HasSubstr(count + "\"commit\"} 1\n"));
  EXPECT_THAT(Page(), HasSubstr(count + "\"record\"} 2\n"));
}

}  // namespace
}  // namespace trimtab
