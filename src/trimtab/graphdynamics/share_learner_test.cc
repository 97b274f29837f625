#include "trimtab/graphdynamics/share_learner.h"

#include <memory>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "trimtab/graphdynamics/testing/lagged_mix.h"

namespace trimtab {
namespace {

using testing::KnowledgeOfLaggedMix;
using testing::LaggedMix;

const ShareLearnerOptions kSmall{
    .window = 2, .encoder = 16, .decoder = 16, .samples_read = 4'000, .seed = 3};

const std::shared_ptr<const ShareKnowledge>& Knowledge() {
  static const std::shared_ptr<const ShareKnowledge> knowledge = KnowledgeOfLaggedMix(kSmall);
  return knowledge;
}

double Sum(const ShareMix& mix) {
  double sum = 0;
  for (const auto& [name, share] : mix) sum += share;
  return sum;
}

// Mean 1 - total variation of one-step predictions.
double ScoreOf(const ShareLearner& learner, const std::vector<ShareStep>& steps) {
  double sum = 0;
  for (std::size_t t = 2; t < steps.size(); ++t) {
    sum += 1 - TotalVariation(learner.Predict(std::span(steps).first(t)), steps[t].graphs);
  }
  return sum / static_cast<double>(steps.size() - 2);
}

ShareRun RunOf(std::vector<ShareStep> steps) {
  const std::size_t end = steps.size();
  return {.steps = std::move(steps), .end = end};
}

// Two independent uniform shares on [0.05, 0.95] are 0.9 / 3 = 0.3 apart on average: a persistence
// scores 0.7, a mean of two steps about 0.74. The law itself would score 1.
TEST(ShareLearnerTest, KnowsWhatWasLearnedBefore) {
  const ShareLearner learner(kSmall, Knowledge());
  ASSERT_TRUE(learner.has_model());
  EXPECT_GT(learner.validation_score(), 0.9);
  EXPECT_NEAR(learner.naive_score(), 0.74, 0.05);
  EXPECT_GT(ScoreOf(learner, LaggedMix(60, false, 7)), 0.9);
}

TEST(ShareLearnerTest, ClassNeverSeenHasItsNewestShare) {
  const ShareLearner learner(kSmall, Knowledge());
  std::vector<ShareStep> past = LaggedMix(5, false, 8);
  const ShareMix without = learner.Predict(past);
  EXPECT_NEAR(Sum(without), 1, 1e-12);
  for (auto& [name, share] : past.back().graphs) share *= 0.6;
  past.back().graphs["new"] = 0.4;
  const ShareMix with = learner.Predict(past);
  EXPECT_NEAR(Sum(with), 1, 1e-12);
  EXPECT_DOUBLE_EQ(with.at("new"), 0.4);
  // Only unknown classes: their newest shares, and nothing for the others.
  past.back().graphs = {{"new", 3}, {"newer", 1}};
  EXPECT_EQ(learner.Predict(past), (ShareMix{{"new", 0.75}, {"newer", 0.25}}));
}

TEST(ShareLearnerTest, LearnsFromObservedStepsAlone) {
  ShareLearner learner(kSmall);
  EXPECT_FALSE(learner.has_model());
  const std::vector<ShareRun> recent = {RunOf(LaggedMix(200, true, 9))};
  ASSERT_TRUE(learner.Learn(recent, 1).ok());
  EXPECT_FALSE(learner.has_model());
  learner.Adopt();
  ASSERT_TRUE(learner.has_model());
  EXPECT_GT(ScoreOf(learner, LaggedMix(60, true, 10)), 0.85);
}

TEST(ShareLearnerTest, TooLittleIsAnError) {
  ShareLearner learner(kSmall, Knowledge());
  const std::vector<ShareRun> recent = {RunOf(LaggedMix(6, true, 9))};
  EXPECT_EQ(learner.Learn(recent, 1).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(learner.Learn({}, 1).code(), absl::StatusCode::kInvalidArgument);
  learner.Adopt();
  EXPECT_GT(ScoreOf(learner, LaggedMix(60, false, 7)), 0.9);
}

// More than a twentieth of the requests are of a class that the model does not know: the next one
// knows it.
TEST(ShareLearnerTest, NewClassesGetARosterOfTheirOwn) {
  ShareLearner learner(kSmall, Knowledge());
  std::vector<ShareStep> steps = LaggedMix(120, false, 11);
  for (ShareStep& step : steps) {
    step.graphs["new"] = step.graphs["simple"];
    step.graphs.erase("simple");
  }
  const std::vector<ShareRun> recent = {RunOf(steps)};
  ASSERT_TRUE(learner.Learn(recent, 0).ok());
  learner.Adopt();
  const double before = ScoreOf(ShareLearner(kSmall, Knowledge()), steps);
  EXPECT_GT(ScoreOf(learner, steps), before + 0.1);
}

TEST(ShareKnowledgeTest, RefusesAModelOfOtherClasses) {
  ShareKnowledge knowledge = *Knowledge();
  EXPECT_TRUE(knowledge.Validate().ok());
  knowledge.history.space.graph_classes[0] = "another";
  EXPECT_EQ(knowledge.Validate().code(), absl::StatusCode::kInvalidArgument);
  knowledge = *Knowledge();
  knowledge.history.space.graph_classes.back() = "rest";
  knowledge.model.space.graph_classes.back() = "rest";
  EXPECT_EQ(knowledge.Validate().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace trimtab
