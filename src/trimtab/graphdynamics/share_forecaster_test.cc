#include "trimtab/graphdynamics/share_forecaster.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "trimtab/graphdynamics/testing/lagged_mix.h"

namespace trimtab {
namespace {

using testing::KnowledgeOfLaggedMix;
using testing::LaggedMix;

ShareForecasterOptions Small() {
  ShareForecasterOptions options;
  options.learner = {.window = 2, .encoder = 16, .decoder = 16, .samples_read = 4'000, .seed = 3};
  return options;
}

const std::shared_ptr<const ShareKnowledge>& Knowledge() {
  static const std::shared_ptr<const ShareKnowledge> knowledge =
      KnowledgeOfLaggedMix(Small().learner);
  return knowledge;
}

void Feed(ShareForecaster& forecaster, const std::vector<ShareStep>& steps) {
  for (const ShareStep& step : steps) forecaster.Note(step, step.graphs, 1);
}

TEST(ShareForecasterTest, UsesTheNetworkWhileItIsBetter) {
  ShareForecaster forecaster(Small(), Knowledge());
  Feed(forecaster, LaggedMix(40, false, 1));
  EXPECT_TRUE(forecaster.trusted());
  EXPECT_GT(forecaster.recent().network, 0.9);
  EXPECT_LT(forecaster.recent().naive, 0.85);
  EXPECT_EQ(forecaster.recent().steps, 20U);
  EXPECT_EQ(forecaster.all().steps, 39U);
}

// Under the swapped law what the network foresees for u comes as 1 - u, 2 |u - 1/2| apart, 0.45 on
// average, and persistence scores 0.7. By the schedule alone nothing would be learned before step
// 1,000; the drift is noticed, and what is learned from the newest steps is right again.
TEST(ShareForecasterTest, LawThatChangesIsLearnedAgain) {
  ShareForecasterOptions options = Small();
  options.retrain_every = 1000;
  ShareForecaster forecaster(options, Knowledge());
  Feed(forecaster, LaggedMix(40, false, 1));
  EXPECT_EQ(forecaster.trainings(), 0);
  Feed(forecaster, LaggedMix(20, true, 2));
  EXPECT_FALSE(forecaster.trusted()) << forecaster.Words();
  Feed(forecaster, LaggedMix(140, true, 3));
  EXPECT_GE(forecaster.trainings(), 1);
  EXPECT_TRUE(forecaster.trusted()) << forecaster.Words();
  EXPECT_GT(forecaster.recent().network, 0.85);
  EXPECT_LT(forecaster.recent().naive, 0.8);
}

TEST(ShareForecasterTest, TrainsOnScheduleAndUsesItAfterTheDelay) {
  ShareForecasterOptions options = Small();
  options.fewest_steps = 60;
  options.training_delay = 3;
  ShareForecaster forecaster(options, nullptr);
  const std::vector<ShareStep> steps = LaggedMix(180, false, 4);
  for (std::size_t t = 0; t < steps.size(); ++t) {
    forecaster.Note(steps[t], steps[t].graphs, 1);
    // Trained at the calls 60, 120 and 180; the first one in use from call 63 on.
    EXPECT_EQ(forecaster.trainings(), static_cast<int>((t + 1) / 60));
    EXPECT_EQ(forecaster.foreseen().has_value(), t + 1 >= 63);
  }
}

// The old model stays, goes on foreseeing, and the words say why.
TEST(ShareForecasterTest, FailedTrainingKeepsTheOldModel) {
  ShareForecasterOptions options = Small();
  options.retrain_every = 30;
  ShareForecaster forecaster(options, Knowledge(),
                             [](const ShareSeries&, const ShareTrainingOptions&) {
                               return absl::InternalError("no memory for it");
                             });
  ShareForecasterOptions never = options;
  never.retrain_every = 100'000;
  ShareForecaster unchanged(never, Knowledge());
  const std::vector<ShareStep> steps = LaggedMix(100, false, 5);
  Feed(forecaster, steps);
  Feed(unchanged, steps);
  EXPECT_EQ(forecaster.trainings(), 0);
  EXPECT_EQ(forecaster.failed_trainings(), 3);
  EXPECT_EQ(forecaster.foreseen(), unchanged.foreseen());
  EXPECT_TRUE(forecaster.trusted());
  EXPECT_NE(forecaster.Words().find("no memory for it"), std::string::npos) << forecaster.Words();
}

TEST(ShareForecasterTest, UngatedIsTheNetworkHoweverItScores) {
  ShareForecasterOptions options = Small();
  options.gated = false;
  options.retrain_every = 1000;
  options.drift = 1;
  ShareForecaster forecaster(options, Knowledge());
  Feed(forecaster, LaggedMix(40, true, 6));
  EXPECT_LT(forecaster.recent().network, forecaster.recent().naive);
  EXPECT_TRUE(forecaster.trusted());
}

// Two series side by side: what is foreseen at a call is for two calls later, from the same series.
TEST(ShareForecasterTest, OverlappingStepsAreTwoSeries) {
  ShareForecaster forecaster(Small(), Knowledge());
  const std::vector<ShareStep> even = LaggedMix(40, false, 1);
  const std::vector<ShareStep> odd = LaggedMix(40, false, 2);
  for (std::size_t t = 0; t < even.size(); ++t) {
    forecaster.Note(even[t], even[t].graphs, 2);
    forecaster.Note(odd[t], odd[t].graphs, 2);
  }
  EXPECT_GT(forecaster.recent().network, 0.9);
  EXPECT_LT(forecaster.recent().naive, 0.85);
}

TEST(ShareForecasterTest, StepThatWasNotMeasuredForeseesNothing) {
  ShareForecaster forecaster(Small(), Knowledge());
  Feed(forecaster, LaggedMix(10, false, 1));
  forecaster.Note(std::nullopt, {}, 1);
  EXPECT_FALSE(forecaster.trusted());
  Feed(forecaster, LaggedMix(10, false, 2));
  EXPECT_TRUE(forecaster.trusted());
}

TEST(ShareForecasterTest, SameStepsForeseeTheSame) {
  ShareForecasterOptions options = Small();
  options.retrain_every = 40;
  ShareForecaster first(options, Knowledge());
  ShareForecaster second(options, Knowledge());
  const std::vector<ShareStep> steps = LaggedMix(130, true, 7);
  Feed(first, steps);
  Feed(second, steps);
  EXPECT_GE(first.trainings(), 2);
  EXPECT_EQ(first.foreseen(), second.foreseen());
  EXPECT_EQ(first.Words(), second.Words());
}

}  // namespace
}  // namespace trimtab
