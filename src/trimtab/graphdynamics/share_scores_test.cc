#include "trimtab/graphdynamics/share_scores.h"

#include <cmath>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/graphdynamics/share_blend.h"
#include "trimtab/graphdynamics/testing/synthetic_dynamics.h"

namespace trimtab {
namespace {

// Half of |0.5 - 0.2| + |0.3 - 0.3| + |0.2 - 0.5|.
TEST(ShareDistanceTest, TotalVariationIsHalfTheSumOfDifferences) {
  const std::vector<double> a = {0.5, 0.3, 0.2};
  const std::vector<double> b = {0.2, 0.3, 0.5};
  EXPECT_NEAR(TotalVariation(a, b), 0.3, 1e-15);
  EXPECT_EQ(TotalVariation(a, a), 0);
}

// 0.5 ln(0.5/0.25) + 0.5 ln(0.5/0.75) = 0.5 ln 2 + 0.5 ln(2/3) = 0.14384103622589045.
TEST(ShareDistanceTest, KullbackLeiblerIsInNats) {
  EXPECT_NEAR(KullbackLeibler(std::vector{0.5, 0.5}, std::vector{0.25, 0.75}), 0.14384103622589045,
              1e-14);
  EXPECT_NEAR(KullbackLeibler(std::vector{0.5, 0.5}, std::vector{0.5, 0.5}), 0, 1e-15);
}

// ln(1e6) = 13.8155.
TEST(ShareDistanceTest, AnImpossibleClassCostsABoundedPrice) {
  EXPECT_NEAR(KullbackLeibler(std::vector{1.0, 0.0}, std::vector{0.0, 1.0}), std::log(1e6), 1e-9);
}

// Nine steps 1:0, then 0:1 for good: one change, at step 9.
ShareSeries OneSwitch() {
  ShareSeries series{.space = {{}, {"a", "b"}}, .blocks = {ShareBlock{}}};
  for (int i = 0; i < 20; ++i) {
    const double a = i < 9 ? 1 : 0;
    series.blocks[0].rows.insert(series.blocks[0].rows.end(), {a, 1 - a, 10.0});
  }
  return series;
}

std::vector<ShareScores> Score(const ShareSeries& series, std::vector<std::string> names) {
  std::vector<std::unique_ptr<GraphPredictor>> predictors;
  for (const std::string& name : names) {
    predictors.push_back(TrainGraphPredictor(name, series, {}).value());
  }
  return ScoreGraphPredictors(predictors, series, {}).value();
}

// Steps 5 to 19: persistence misses one of 15 wholly. The moving average of five is off by 1, 0.8,
// 0.6, 0.4 and 0.2 from the switch on: 3 in all.
TEST(ShareScoresTest, CountsTheSwitchOnce) {
  const auto scores = Score(OneSwitch(), {"persistence", "moving-average"});
  EXPECT_EQ(scores[0].samples, 15);
  EXPECT_EQ(scores[0].changes, 1);
  EXPECT_NEAR(scores[0].one_minus_tv, 14.0 / 15, 1e-12);
  EXPECT_NEAR(scores[1].one_minus_tv, 12.0 / 15, 1e-12);
  EXPECT_NEAR(scores[0].at_changes->mean, 0, 1e-12);
  EXPECT_NEAR(*scores[0].after_changes, 1, 1e-12);
  EXPECT_NEAR(*scores[1].after_changes, 0.2, 1e-12);
  EXPECT_FALSE(scores[0].gain_at_changes.has_value());
}

TEST(ShareScoresTest, WithoutChangesThereIsNoScoreAtChanges) {
  ShareSeries series = OneSwitch();
  series.blocks[0].rows.resize(3 * 9);
  const auto scores = Score(series, {"persistence"});
  EXPECT_EQ(scores[0].changes, 0);
  EXPECT_FALSE(scores[0].at_changes.has_value());
}

// Where the true shares are known, what counts as a change is theirs, not the noise of a sample.
TEST(ShareScoresTest, ExpectedSharesDecideWhatAChangeIs) {
  ShareSeries series = OneSwitch();
  series.blocks[0].expected.assign(40, 0.5);
  const auto scores = Score(series, {"persistence"});
  EXPECT_EQ(scores[0].changes, 0);
  ASSERT_EQ(scores.size(), 2);
  EXPECT_EQ(scores[1].model, "hidden-state");
  EXPECT_NEAR(scores[1].one_minus_tv, 0.5, 1e-12);
}

TEST(ShareScoresTest, RefusesAPredictorOfOtherClasses) {
  std::vector<std::unique_ptr<GraphPredictor>> predictors;
  predictors.push_back(TrainGraphPredictor("persistence", OneSwitch(), {}).value());
  ShareSeries other = OneSwitch();
  other.space.graph_classes = {"a", "c"};
  EXPECT_FALSE(ScoreGraphPredictors(predictors, other, {}).ok());
}

// Units of one value each: the interval of a mean of 400 values of deviation 1 is +-1.96/20 =
// 0.098, known from 2000 resamples to 0.098 * 0.05.
TEST(BootstrapMeanTest, AgreesWithTheStandardErrorOfIndependentValues) {
  std::vector<double> values;
  std::vector<std::size_t> units;
  for (std::size_t i = 0; i < 400; ++i) {
    values.push_back(i % 2 == 0 ? 1 : -1);
    units.push_back(i);
  }
  const ScoreInterval interval = BootstrapMean(values, units, 2000, 1);
  EXPECT_NEAR(interval.mean, 0, 1e-12);
  EXPECT_NEAR(interval.high, 0.098, 0.015);
  EXPECT_NEAR(interval.low, -0.098, 0.015);
}

// Ten units of forty equal values: no narrower than ten values.
TEST(BootstrapMeanTest, DependentValuesWidenTheInterval) {
  std::vector<double> values;
  std::vector<std::size_t> units;
  for (std::size_t i = 0; i < 400; ++i) {
    values.push_back(i / 40 % 2 == 0 ? 1 : -1);
    units.push_back(i / 40);
  }
  EXPECT_GT(BootstrapMean(values, units, 2000, 1).high, 0.4);
}

TEST(BestBlendTest, FindsTheMixtureThatFits) {
  const ShareSeries series = OneSwitch();
  const std::vector<SharePlace> places = {{0, 9}};
  // The newest step says 1:0 and so does the window; only the prediction says 0:1.
  EXPECT_THAT(BestBlend(series, places, std::vector{0.0, 1.0}, 5).moving,
              ::testing::ElementsAre(1.0, 0.0, 0.0));
  const std::vector<SharePlace> quiet = {{0, 7}};
  EXPECT_THAT(BestBlend(series, quiet, std::vector{0.0, 1.0}, 5).moving[0], 0.0);
}

// Nine quiet steps, of which the network foresees a move of 0.2 that does not come, and the switch,
// which it foresees: the network alone there, none of it elsewhere.
TEST(BestBlendTest, TakesTheNetworkWhereItsMoveStandsOut) {
  const ShareSeries series = OneSwitch();
  std::vector<SharePlace> places(9, SharePlace{0, 7});
  places.push_back({0, 9});
  std::vector<double> predicted;
  for (int i = 0; i < 9; ++i) predicted.insert(predicted.end(), {0.8, 0.2});
  predicted.insert(predicted.end(), {0.0, 1.0});
  const ShareBlend blend = BestBlend(series, places, predicted, 5);
  EXPECT_THAT(blend.moving, ::testing::ElementsAre(1.0, 0.0, 0.0));
  EXPECT_THAT(blend.quiet[0], 0.0);
  const double root = std::sqrt(series.Before(0, 9, 5).load(4));
  EXPECT_DOUBLE_EQ(blend.signal, root);  // all requests move
  EXPECT_EQ(&blend.At(0.2 * root), &blend.quiet);
  EXPECT_EQ(&blend.At(root), &blend.moving);
}

}  // namespace
}  // namespace trimtab
