#include "trimtab/latency/piecewise_linear_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "trimtab/application/interference.h"
#include "trimtab/latency/accuracy.h"
#include "trimtab/latency/latency_sample.h"
#include "trimtab/latency/testing/synthetic_microservice.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"

namespace trimtab {
namespace {

// 2 ms + 0.01 ms per request/s up to the inflection, then 0.2 ms per request/s. With CPU
// interference c the second line starts lower: 2 + 0.01 x = 0.2 x - 10 + 5 c at
// x = (12 - 5 c) / 0.19, so 63.2 requests/s without and 50 with c = 0.5.
double TwoLines(double load, double interference) {
  return std::max(2 + 0.01 * load, 0.2 * load - 10 + 5 * interference);
}

std::vector<LatencySample> TwoLineSamples() {
  std::vector<LatencySample> samples;
  for (int load = 1; load <= 100; ++load) {
    for (int c = 0; c <= 5; ++c) {
      LatencySample sample;
      sample.features.container = {Millicores(200), Mebibytes(100)};
      sample.features.container_load = RequestsPerSecond(load);
      sample.features.interference = Interference::None();
      sample.features.interference.Set(InterferenceKind::kCpu, Ratio(0.1 * c));
      sample.tail = Latency(TwoLines(load, 0.1 * c));
      samples.push_back(sample);
    }
  }
  return samples;
}

TEST(PiecewiseLinearModelTest, FindsTwoLinesAndTheirInflection) {
  const std::vector<LatencySample> samples = TwoLineSamples();
  const auto model = PiecewiseLinearModel::Fit(samples).value();
  for (const LatencySample& sample : samples) {
    EXPECT_NEAR(model.Predict(sample.features).count(), sample.tail.count(), 1e-3);
  }
  LatencyFeatures features = samples[0].features;
  features.container_load = RequestsPerSecond(40);
  EXPECT_NEAR(model.PredictWithGradient(features).gradient.by_load, 0.01, 1e-4);
  features.container_load = RequestsPerSecond(90);
  EXPECT_NEAR(model.PredictWithGradient(features).gradient.by_load, 0.2, 1e-4);
}

TEST(PiecewiseLinearModelTest, CountsAbsentInterferenceAsItsMean) {
  const std::vector<LatencySample> samples = TwoLineSamples();
  const auto model = PiecewiseLinearModel::Fit(samples).value();
  LatencyFeatures features = samples[0].features;
  features.container_load = RequestsPerSecond(90);
  features.interference = Interference();
  EXPECT_NEAR(model.Predict(features).count(), TwoLines(90, 0.25), 1e-3);
}

TEST(PiecewiseLinearModelTest, NeverAnswersBelowTheFastestSample) {
  const auto model = PiecewiseLinearModel::Fit(TwoLineSamples()).value();
  LatencyFeatures features = TwoLineSamples()[0].features;
  features.container_load = RequestsPerSecond(0);
  features.container.cpu = Cores(64);
  const LatencyPrediction prediction = model.PredictWithGradient(features);
  EXPECT_NEAR(prediction.tail.count(), 2.01, 1e-9);
  EXPECT_EQ(prediction.gradient.by_load, 0);
}

TEST(PiecewiseLinearModelTest, SlopesAreThoseOfThePiece) {
  const auto samples = testing::SyntheticMicroservice(1).Grid(1);
  const auto model = PiecewiseLinearModel::Fit(std::span(samples).first(4000)).value();
  int compared = 0;
  for (std::size_t i = 4000; i < 4200; ++i) {
    const LatencyFeatures& at = samples[i].features;
    const LatencyPrediction prediction = model.PredictWithGradient(at);
    if (prediction.gradient.by_load == 0) continue;  // on the floor
    LatencyFeatures moved = at;
    moved.container_load += RequestsPerSecond(1e-3);
    const double rise = (model.Predict(moved) - prediction.tail).count() / 1e-3;
    if (std::abs(rise - prediction.gradient.by_load) < 1e-6 * std::abs(rise) + 1e-6) ++compared;
  }
  // Only a step across the inflection or the floor may disagree.
  EXPECT_GT(compared, 100);
}

TEST(PiecewiseLinearModelTest, FitsOneLineToFewSamples) {
  const std::vector<LatencySample> samples = TwoLineSamples();
  const auto model = PiecewiseLinearModel::Fit(std::span(samples).first(20));
  ASSERT_TRUE(model.ok());
  EXPECT_GT(Accuracy(*model, std::span(samples).first(20)), 99);
}

TEST(PiecewiseLinearModelTest, RefusesNoSamples) {
  EXPECT_EQ(PiecewiseLinearModel::Fit({}).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace trimtab
