#include "trimtab/experiment/simulated_shares.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/scenario/scenario.h"

namespace trimtab {
namespace {

SimulatedShareOptions Small() {
  SimulatedShareOptions options;
  options.training_steps = 60;
  options.test_steps = 30;
  options.block_steps = 30;
  options.highest_load = 40;
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

}  // namespace
}  // namespace trimtab
