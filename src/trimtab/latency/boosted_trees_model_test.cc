#include "trimtab/latency/boosted_trees_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <span>
#include <vector>

#include "trimtab/latency/accuracy.h"
#include "trimtab/latency/latency_sample.h"
#include "trimtab/latency/testing/synthetic_microservice.h"

namespace trimtab {
namespace {

BoostedTreesOptions Quick() {
  BoostedTreesOptions options;
  options.rounds = 60;
  options.depth = 6;
  options.learning_rate = 0.3;
  return options;
}

// Skips the test when the library is not installed, and checks that the refusal says so.
#define FIT_OR_SKIP(model, samples)                                            \
  auto model = BoostedTreesModel::Fit(samples, Quick());                       \
  if (model.status().code() == absl::StatusCode::kUnavailable) {               \
    EXPECT_THAT(model.status().message(), ::testing::HasSubstr("libxgboost")); \
    GTEST_SKIP() << model.status();                                            \
  }                                                                            \
  ASSERT_TRUE(model.ok()) << model.status()

TEST(BoostedTreesModelTest, LearnsTheSyntheticGrid) {
  const auto samples = testing::SyntheticMicroservice(1).Grid(1);
  const auto all = std::span(samples);
  FIT_OR_SKIP(model, all.first(8000));
  EXPECT_GT(Accuracy(*model, all.last(1000)), 80);
  EXPECT_GT(Accuracy(*model, all.last(1000), StandardMasks().back()), 40);
}

TEST(BoostedTreesModelTest, SlopesFollowCpuAndLoad) {
  const auto samples = testing::SyntheticMicroservice(1).Grid(1);
  FIT_OR_SKIP(model, std::span(samples).first(8000));
  LatencyGradient mean;
  for (std::size_t i = 8000; i < 8200; ++i) {
    const LatencyGradient at = model->PredictWithGradient(samples[i].features).gradient;
    mean.by_cpu += at.by_cpu;
    mean.by_load += at.by_load;
  }
  EXPECT_LT(mean.by_cpu, 0);
  EXPECT_GT(mean.by_load, 0);
}

// Eight loads, tails of 1 to 8 ms. A forest that sees each of them lies within a step of it.
TEST(BoostedTreesModelTest, ARandomForestFollowsAFewPoints) {
  std::vector<LatencySample> samples;
  for (int i = 1; i <= 8; ++i) {
    LatencySample& sample = samples.emplace_back();
    sample.features = {
        {Millicores(200), Mebibytes(100)}, RequestsPerSecond(10.0 * i), Interference::None()};
    sample.tail = Latency(i);
  }
  BoostedTreesOptions options = BoostedTreesOptions::RandomForest(1);
  options.mask_probability = 0;
  const auto model = BoostedTreesModel::Fit(samples, options);
  if (absl::IsUnavailable(model.status())) GTEST_SKIP() << model.status();
  ASSERT_TRUE(model.ok()) << model.status();
  for (int i = 1; i <= 8; ++i) {
    EXPECT_NEAR(model->Predict(samples[static_cast<std::size_t>(i - 1)].features).count(), i, 1);
  }
}

TEST(BoostedTreesModelTest, RefusesBadOptionsBeforeLoadingAnything) {
  BoostedTreesOptions options;
  options.rounds = 0;
  options.depth = 99;
  const auto status = BoostedTreesModel::Fit({}, options).status();
  EXPECT_THAT(status.message(), ::testing::HasSubstr("boosting rounds is 0, expected 1 to 100000"));
  EXPECT_THAT(status.message(), ::testing::HasSubstr("tree depth is 99"));
}

}  // namespace
}  // namespace trimtab
