// The predictor against hand-worked values and central differences.
#include "trimtab/endtoend/end_to_end_predictor.h"

#include <cmath>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "trimtab/endtoend/testing/random_model.h"

namespace trimtab {
namespace {

using testing::RandomEndToEndModel;
using testing::RandomOwnLatencies;

TEST(OwnLatencyTest, IsMeanAndMaximumOverContainers) {
  const std::vector<Latency> containers = {Latency(1), Latency(2), Latency(6)};
  const OwnLatency own = OwnLatency::Of(containers);
  EXPECT_DOUBLE_EQ(own.mean.count(), 3);
  EXPECT_DOUBLE_EQ(own.max.count(), 6);
}

TEST(EndToEndPredictorTest, AddsUpTheComposition) {
  // 1 + 0.5 x 10 + 2 x 3 = 12 ms.
  EndToEndModel model;
  model.kind = EndToEndKind::kComposition;
  model.microservices = {"a", "b"};
  model.input_center = {0, 0, 0, 0};
  model.input_scale = {1, 1, 1, 1};
  model.composition_constant = 1;
  model.composition_shares = {0.5, 2};
  const EndToEndPredictor predictor = *EndToEndPredictor::Create(model);
  const std::vector<OwnLatency> own = {{Latency(10), Latency(99)}, {Latency(3), Latency(3)}};
  std::vector<OwnLatencySlope> slopes(2);
  EXPECT_NEAR(predictor.PredictWithGradient(own, slopes).count(), 12, 1e-12);
  EXPECT_NEAR(slopes[0].by_mean, 0.5, 1e-12);
  EXPECT_NEAR(slopes[1].by_mean, 2, 1e-12);
  EXPECT_EQ(slopes[0].by_max, 0);
}

// One token: attention gives its own value whatever the logits, so with W_V = identity, one hidden
// unit with weights (1, 1), no bias and output weight 2: y = 2 SiLU(x_0 + x_1). At means of e ms
// and maxima of e^2 ms, unscaled: x = (1, 2), y = 2 x 3 / (1 + e^-3) = 5.715445...
TEST(EndToEndPredictorTest, FollowsEquationSevenForOneToken) {
  EndToEndModel model;
  model.kind = EndToEndKind::kPaper;
  model.microservices = {"a"};
  model.input_center = {0, 0};
  model.input_scale = {1, 1};
  model.hidden = 1;
  model.parameters = {3,         1,       4, 1, /*W_K*/ 5, 9, 2,        6,
                      /*W_V*/ 1, 0,       0, 1, /*W1*/ 1,  1, /*b1*/ 0,
                      /*w2*/ 2,  /*b2*/ 0};
  model.output_scale = 0.1;
  const EndToEndPredictor predictor = *EndToEndPredictor::Create(model);
  const std::vector<OwnLatency> own = {{Latency(std::exp(1)), Latency(std::exp(2))}};
  const double y = 6 / (1 + std::exp(-3));
  EXPECT_NEAR(predictor.Predict(own).count(), std::exp(0.1 * y), 1e-9);
}

// Two tokens without residual, W_Q = W_K = 0: every logit is 0, attention is the mean of the
// values.
TEST(EndToEndPredictorTest, AveragesWhenAllTokensAreAlikeToAttention) {
  EndToEndModel model;
  model.kind = EndToEndKind::kPaper;
  model.microservices = {"a", "b"};
  model.input_center = {0, 0, 0, 0};
  model.input_scale = {1, 1, 1, 1};
  model.hidden = 1;
  model.parameters = {0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, /*W1*/ 1, 0, 0, 0, 0, 1, 0};
  const EndToEndPredictor predictor = *EndToEndPredictor::Create(model);
  const std::vector<OwnLatency> own = {{Latency(std::exp(1)), Latency(9)},
                                       {Latency(std::exp(3)), Latency(21)}};
  // z = (1 + 3) / 2 = 2, y = SiLU(2).
  EXPECT_NEAR(std::log(predictor.Predict(own).count()), 2 / (1 + std::exp(-2)), 1e-9);
}

class EndToEndGradientTest : public ::testing::TestWithParam<EndToEndKind> {};

TEST_P(EndToEndGradientTest, MatchesCentralDifferences) {
  const EndToEndPredictor predictor =
      *EndToEndPredictor::Create(RandomEndToEndModel(GetParam(), 7, 12, 5));
  RandomStream random(6, "point");
  for (int point = 0; point < 5; ++point) {
    std::vector<OwnLatency> own = RandomOwnLatencies(7, random);
    std::vector<OwnLatencySlope> slopes(7);
    const double tail = predictor.PredictWithGradient(own, slopes).count();
    for (std::size_t i = 0; i < own.size(); ++i) {
      for (const bool by_max : {false, true}) {
        Latency& input = by_max ? own[i].max : own[i].mean;
        const Latency at = input;
        // The third derivative term is of order step^2 = 1e-10, rounding of 1e-16 / 1e-5 = 1e-11.
        const Latency step = at * 1e-5;
        input = at + step;
        const double above = predictor.Predict(own).count();
        input = at - step;
        const double below = predictor.Predict(own).count();
        input = at;
        const double difference = (above - below) / (2 * step.count());
        const double slope = by_max ? slopes[i].by_max : slopes[i].by_mean;
        EXPECT_NEAR(slope, difference, 1e-5 * std::max(std::abs(slope), tail / at.count() * 1e-3));
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, EndToEndGradientTest,
                         ::testing::Values(EndToEndKind::kPaper,
                                           EndToEndKind::kPaperWithoutAttention,
                                           EndToEndKind::kCorrected,
                                           EndToEndKind::kCorrectedWithoutAttention,
                                           EndToEndKind::kComposition),
                         [](const auto& row) {
                           std::string name(EndToEndKindName(row.param));
                           std::erase(name, '-');
                           return name;
                         });

TEST(EndToEndPredictorTest, StaysFiniteAtTheEdges) {
  const EndToEndPredictor predictor =
      *EndToEndPredictor::Create(RandomEndToEndModel(EndToEndKind::kCorrected, 4, 8, 1));
  for (const double ms : {0.0, 1e-9, 1e8}) {
    const std::vector<OwnLatency> own(4, {Latency(ms), Latency(ms)});
    std::vector<OwnLatencySlope> slopes(4);
    const Latency tail = predictor.PredictWithGradient(own, slopes);
    EXPECT_TRUE(tail > Latency(0) && tail < Latency(1e12)) << ms;
    for (const OwnLatencySlope& slope : slopes) {
      EXPECT_TRUE(std::isfinite(slope.by_mean) && std::isfinite(slope.by_max));
    }
  }
}

TEST(EndToEndPredictorTest, TakesTheConformalRankOfTheErrors) {
  EndToEndModel model = RandomEndToEndModel(EndToEndKind::kComposition, 2, 1, 1);
  model.error_ratios = {0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6};
  const EndToEndPredictor predictor = *EndToEndPredictor::Create(model);
  // ceil(10 x 0.5) = 5th, ceil(10 x 0.81) = 9th, ceil(10 x 0.99) = 10th of 9: the last.
  EXPECT_DOUBLE_EQ(predictor.ErrorQuantile(Quantile(0.5)), 1.2);
  EXPECT_DOUBLE_EQ(predictor.ErrorQuantile(Quantile(0.81)), 1.6);
  EXPECT_DOUBLE_EQ(predictor.ErrorQuantile(Quantile(0.99)), 1.6);
  EXPECT_DOUBLE_EQ(predictor.ErrorQuantile(Quantile(0)), 0.8);
  model.error_ratios.clear();
  EXPECT_DOUBLE_EQ(EndToEndPredictor::Create(model)->ErrorQuantile(kP95), 1);
}

}  // namespace
}  // namespace trimtab
