#include "trimtab/graphdynamics/graph_predictor.h"

#include <cmath>
#include <cstddef>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/graphdynamics/testing/synthetic_dynamics.h"
#include "trimtab/probability/random_stream.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

GraphPredictorOptions Quick() {
  GraphPredictorOptions options;
  options.network = {.encoder = 32, .decoder = 16, .samples_read = 2000, .batch = 64};
  return options;
}

// Shares 0.1 a, then 0.2 a ... of two classes, one step each.
ShareSeries Ramp() {
  ShareSeries series{.space = {{}, {"a", "b"}}, .blocks = {ShareBlock{}}};
  for (int i = 1; i <= 8; ++i) {
    series.blocks[0].rows.insert(series.blocks[0].rows.end(), {0.1 * i, 1 - 0.1 * i, 10.0});
  }
  return series;
}

double PredictFirst(const std::string& name, const ShareSeries& training, const ShareWindow& past) {
  const auto predictor = TrainGraphPredictor(name, training, Quick()).value();
  std::vector<double> shares(training.space.graphs());
  predictor->Predict(past, shares);
  return shares[0];
}

class AnyGraphPredictorTest : public ::testing::TestWithParam<std::string> {};

TEST_P(AnyGraphPredictorTest, PredictsSharesForAnyHistory) {
  const ShareSeries series =
      testing::SyntheticDynamics{.arguments = 4, .graphs = 9, .blocks = 8, .steps = 40}.Make();
  const auto predictor = TrainGraphPredictor(GetParam(), series, Quick());
  ASSERT_TRUE(predictor.ok()) << predictor.status();
  EXPECT_EQ((*predictor)->name(), GetParam());
  for (const std::size_t steps : {1, 3, 5, 9}) {
    std::vector<double> shares(9, -1.0);
    (*predictor)->Predict(series.Before(2, 20, steps), shares);
    EXPECT_NEAR(std::accumulate(shares.begin(), shares.end(), 0.0), 1, 1e-9);
    EXPECT_THAT(shares, ::testing::Each(::testing::Ge(0)));
  }
}

TEST_P(AnyGraphPredictorTest, StaysFiniteFarOutsideTraining) {
  ShareSeries series =
      testing::SyntheticDynamics{.arguments = 4, .graphs = 9, .blocks = 8, .steps = 40}.Make();
  const auto predictor = TrainGraphPredictor(GetParam(), series, Quick()).value();
  std::vector<double> row(series.space.width(), 0.0);
  row[4 + 8] = 1;
  row.back() = 1e11;
  std::vector<double> shares(9);
  predictor->Predict({&series.space, row}, shares);
  EXPECT_NEAR(std::accumulate(shares.begin(), shares.end(), 0.0), 1, 1e-9);
  EXPECT_THAT(shares, ::testing::Each(::testing::Ge(0)));
}

TEST_P(AnyGraphPredictorTest, RefusesASeriesWithoutAPlace) {
  ShareSeries series = Ramp();
  series.blocks[0].rows.resize(5 * 3);
  const auto predictor = TrainGraphPredictor(GetParam(), series, Quick());
  EXPECT_THAT(std::string(predictor.status().message()),
              HasSubstr("5 steps in 1 blocks: none has 5 steps before it"));
}

std::vector<std::string> Names() {
  std::vector<std::string> names;
  for (const GraphPredictorKind& kind : GraphPredictorKinds()) names.emplace_back(kind.name);
  return names;
}
INSTANTIATE_TEST_SUITE_P(All, AnyGraphPredictorTest, ::testing::ValuesIn(Names()),
                         [](const auto& tested) {
                           std::string name = tested.param;
                           std::erase(name, '-');
                           return name;
                         });

// The window holds a = 0.4, 0.5, 0.6, 0.7, 0.8.
TEST(NaivePredictorTest, SayWhatTheirNamesSay) {
  const ShareSeries ramp = Ramp();
  const ShareWindow past = ramp.Before(0, 8, 5);
  EXPECT_NEAR(PredictFirst("persistence", ramp, past), 0.8, 1e-12);
  EXPECT_NEAR(PredictFirst("moving-average", ramp, past), 0.6, 1e-12);
  // The mean of 0.1 to 0.8.
  EXPECT_NEAR(PredictFirst("global-mean", ramp, past), 0.45, 1e-12);
  // 0.8 * 0.8 + 0.2 * 0.45
  EXPECT_NEAR(PredictFirst("fixed-blend", ramp, past), 0.73, 1e-12);
}

TEST(NaivePredictorTest, AShortHistoryRepeatsItsOldestStep) {
  const ShareSeries ramp = Ramp();
  // 0.7 and 0.8: four times 0.7, then 0.8.
  EXPECT_NEAR(PredictFirst("moving-average", ramp, ramp.Before(0, 8, 2)), 0.72, 1e-12);
}

// g_{t+1} = 0.5 + 0.9 (g_t - 0.5) + noise of 0.01: the regression finds the pull to the mean.
// With 4000 samples the slope's standard error is 0.007, that of a prediction at 0.8 0.002.
TEST(AutoregressiveTest, FindsTheCoefficientOfAFirstOrderProcess) {
  ShareSeries series{.space = {{}, {"a", "b"}}, .blocks = {ShareBlock{}}};
  RandomStream random(1, "autoregressive-test");
  double a = 0.5;
  for (int i = 0; i < 4000; ++i) {
    a = std::clamp(0.5 + 0.9 * (a - 0.5) + 0.01 * random.Normal(), 0.0, 1.0);
    series.blocks[0].rows.insert(series.blocks[0].rows.end(), {a, 1 - a, 10.0});
  }
  GraphPredictorOptions options;
  options.window = 1;
  options.ridges = {1e-4};
  const auto predictor = TrainGraphPredictor("autoregressive", series, options).value();
  const std::vector<double> row = {0.6, 0.4, 10.0};
  std::vector<double> shares(2);
  predictor->Predict({&series.space, row}, shares);
  EXPECT_NEAR(shares[0], 0.59, 0.006);
}

TEST(GraphPredictorTest, AnUnknownNameListsTheKnown) {
  const auto predictor = TrainGraphPredictor("oracle", Ramp(), {});
  EXPECT_EQ(predictor.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(predictor.status().message()), HasSubstr("lstm-paper"));
}

TEST(GraphPredictorTest, RefusesAWindowOutOfBounds) {
  GraphPredictorOptions options;
  options.window = 0;
  EXPECT_THAT(std::string(TrainGraphPredictor("persistence", Ramp(), options).status().message()),
              HasSubstr("window is 0, expected 1 to 64"));
}

}  // namespace
}  // namespace trimtab
