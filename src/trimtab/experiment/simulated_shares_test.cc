#include "trimtab/experiment/simulated_shares.h"

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/graphdynamics/graph_predictor.h"
#include "trimtab/graphdynamics/share_blend.h"
#include "trimtab/graphdynamics/share_scores.h"
#include "trimtab/scenario/scenario.h"

namespace trimtab {
namespace {

SimulatedShareOptions Small() {
  SimulatedShareOptions options;
  options.training_steps = 60;
  options.test_steps = 30;
  options.block_steps = 30;
  options.highest_load = 40;
  options.futures = 2;
  options.expected_requests = 500;
  return options;
}

Scenario TrainTicket() {
  return LoadScenario(TRIMTAB_SOURCE_DIR "/scenarios/train-ticket.yaml").value();
}

TEST(SimulatedSharesTest, MakesAValidSeriesOfTheNumberOfClassesAskedFor) {
  const auto shares = SimulateShares(TrainTicket(), Small());
  ASSERT_TRUE(shares.ok()) << shares.status();
  EXPECT_TRUE(shares->training.Validate().ok()) << shares->training.Validate();
  EXPECT_TRUE(shares->test.Validate().ok()) << shares->test.Validate();
  EXPECT_EQ(shares->training.blocks.size(), 2);
  EXPECT_EQ(shares->training.steps(), 60);
  EXPECT_EQ(shares->test.steps(), 30);
  EXPECT_EQ(shares->training.space.graphs(), 36);
  // Twelve distances and "(other)".
  EXPECT_EQ(shares->training.space.arguments(), 13);
  EXPECT_FALSE(shares->test.blocks[0].expected.empty());
}

TEST(SimulatedSharesTest, TheSameSeedGivesTheSameSharesForAnyNumberOfThreads) {
  SimulatedShareOptions options = Small();
  options.threads = 1;
  const auto one = SimulateShares(TrainTicket(), options);
  options.threads = 3;
  const auto three = SimulateShares(TrainTicket(), options);
  ASSERT_TRUE(one.ok() && three.ok());
  EXPECT_EQ(one->training.blocks[1].rows, three->training.blocks[1].rows);
  EXPECT_EQ(one->test.blocks[0].expected, three->test.blocks[0].expected);
}

TEST(SimulatedSharesTest, RefusesAScenarioWhoseSharesDoNotMove) {
  const auto scenario =
      LoadScenario(TRIMTAB_SOURCE_DIR "/scenarios/hotel-reservation.yaml").value();
  const auto shares = SimulateShares(scenario, Small());
  EXPECT_THAT(std::string(shares.status().message()),
              ::testing::HasSubstr("has neither arguments nor states"));
}

// 240 and 120 steps; 16 futures of a step differ from it by its own chance and a sixteenth more.
SimulatedShareOptions Medium() {
  SimulatedShareOptions options;
  options.training_steps = 240;
  options.test_steps = 120;
  options.block_steps = 60;
  options.highest_load = 200;
  options.stock_scale = 2;  // sold out within a day at these loads
  options.expected_requests = 5'000;
  return options;
}

// Counts of some 190,000 test requests in runs of a few minutes: a share of 20 % has a standard
// error of 0.1 % by chance; Broyden's method stops within 0.2 % on these very days.
TEST(SimulatedSharesTest, TheTestHasOtherSharesThanTrainingByItsCauses) {
  const auto shares = SimulateShares(TrainTicket(), Medium());
  ASSERT_TRUE(shares.ok()) << shares.status();
  EXPECT_NEAR(shares->simple_test, 0.30, 0.004);
  EXPECT_NEAR(shares->complex_test, 0.20, 0.004);
  EXPECT_GT(std::abs(shares->simple_training - shares->simple_test), 0.02);
  EXPECT_NE(shares->days.operations, 0);
  EXPECT_NE(shares->days.stocks, 0);
}

// Who knows the state knows the expected shares of the step: no model is better, but by chance.
TEST(SimulatedSharesTest, TheHiddenStateIsACeiling) {
  const auto shares = SimulateShares(TrainTicket(), Medium());
  ASSERT_TRUE(shares.ok()) << shares.status();
  const auto measured = [&](const ShareModel& model) {
    std::vector<double> scores;
    std::vector<double> predicted(shares->test.space.graphs());
    for (const SharePlace& place : PlacesOf(shares->test, 5)) {
      model.predict(shares->test, place, predicted);
      scores.push_back(1 - TotalVariation(predicted, shares->test.graphs(place.block, place.step)));
    }
    return scores;
  };
  const std::vector<double> ceiling = measured(HiddenStateModel());
  GraphPredictorOptions options;
  options.network.samples_read = 5'000;
  for (const GraphPredictorKind& kind : GraphPredictorKinds()) {
    auto predictor = TrainGraphPredictor(kind.name, shares->training, options);
    ASSERT_TRUE(predictor.ok()) << predictor.status();
    const std::vector<double> scores = measured(ModelOf(**predictor));
    std::vector<double> gains;
    for (std::size_t i = 0; i < scores.size(); ++i) gains.push_back(ceiling[i] - scores[i]);
    double mean = 0;
    for (const double gain : gains) mean += gain / static_cast<double>(gains.size());
    double variance = 0;
    for (const double gain : gains) variance += (gain - mean) * (gain - mean);
    const auto n = static_cast<double>(gains.size());
    EXPECT_GE(mean, -2 * std::sqrt(variance / (n - 1) / n)) << kind.name;
  }
}

}  // namespace
}  // namespace trimtab
