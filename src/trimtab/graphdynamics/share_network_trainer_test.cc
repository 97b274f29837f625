#include "trimtab/graphdynamics/share_network_trainer.h"

#include <cstddef>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/graphdynamics/share_network_model.h"
#include "trimtab/graphdynamics/share_scores.h"
#include "trimtab/graphdynamics/testing/synthetic_dynamics.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

ShareSeries Small(std::uint64_t seed = 1) {
  return testing::SyntheticDynamics{
      .arguments = 3, .graphs = 9, .blocks = 8, .steps = 60, .requests_per_step = 300, .seed = seed}
      .Make();
}

ShareTrainingOptions Quick() {
  return {.encoder = 32, .decoder = 16, .samples_read = 4000, .batch = 64};
}

TEST(ShareNetworkTrainerTest, TheSameSeedGivesTheSameBytesForAnyNumberOfThreads) {
  const ShareSeries series = Small();
  ShareTrainingOptions options = Quick();
  options.threads = 1;
  const std::string one = TrainShareNetwork(series, options).value().ToJson();
  options.threads = 4;
  EXPECT_EQ(TrainShareNetwork(series, options).value().ToJson(), one);
  options.seed = 2;
  EXPECT_NE(TrainShareNetwork(series, options).value().ToJson(), one);
}

// The plain network has to learn everything from nothing: its loss on the validation block falls
// below that of always saying the mean mix, by far more than chance moves it.
TEST(ShareNetworkTrainerTest, ThePlainNetworkLearnsTheMixOfTheWindow) {
  ShareTrainingOptions options = Quick();
  options.copying = false;
  options.samples_read = 20'000;
  const ShareSeries series =
      testing::SyntheticDynamics{.arguments = 3, .graphs = 9, .blocks = 20, .steps = 100}.Make();
  const ShareSeries test =
      testing::SyntheticDynamics{.arguments = 3, .graphs = 9, .blocks = 8, .steps = 60, .seed = 9}
          .Make();
  std::vector<std::unique_ptr<GraphPredictor>> predictors;
  predictors.push_back(MakeNetworkPredictor(TrainShareNetwork(series, options).value()).value());
  predictors.push_back(TrainGraphPredictor("global-mean", series, {}).value());
  const auto scores = ScoreGraphPredictors(predictors, test, {}).value();
  EXPECT_GT(scores[0].one_minus_tv, scores[1].one_minus_tv + 0.1);
}

// The best pass of a model that goes on is never worse than where it began; a peak rate of next to
// nothing leaves it there.
TEST(ShareNetworkTrainerTest, GoesOnFromAModel) {
  ShareTrainingReport first;
  const ShareNetworkModel model = TrainShareNetwork(Small(), Quick(), &first).value();
  ShareTrainingOptions options = Quick();
  options.start = &model;
  ShareTrainingReport second;
  ASSERT_TRUE(TrainShareNetwork(Small(), options, &second).ok());
  EXPECT_LE(second.validation_loss, first.validation_loss);
  options.peak_rate = 1e-12;
  const ShareNetworkModel same = TrainShareNetwork(Small(), options).value();
  EXPECT_EQ(same.input_center, model.input_center);
  ASSERT_EQ(same.weights.size(), model.weights.size());
  for (std::size_t i = 0; i < same.weights.size(); ++i) {
    ASSERT_NEAR(same.weights[i], model.weights[i], 1e-6);
  }
}

TEST(ShareNetworkTrainerTest, RefusesToGoOnFromAnotherShape) {
  const ShareNetworkModel model = TrainShareNetwork(Small(), Quick()).value();
  ShareTrainingOptions options = Quick();
  options.start = &model;
  options.encoder = 64;
  EXPECT_EQ(TrainShareNetwork(Small(), options).status().code(),
            absl::StatusCode::kInvalidArgument);
}

// Before training a copying network says a mean of the window, so the best pass on the validation
// block is never worse than that.
TEST(ShareNetworkTrainerTest, ReportsTheBestPass) {
  ShareTrainingReport report;
  ASSERT_TRUE(TrainShareNetwork(Small(), Quick(), &report).ok());
  EXPECT_GT(report.validation_samples, 0);
  EXPECT_GT(report.passes, 1);
  EXPECT_LE(report.best_pass, report.passes);
  EXPECT_GT(report.validation_loss, 0);
}

TEST(ShareNetworkTrainerTest, ListsEveryBadOption) {
  ShareTrainingOptions options;
  options.window = 0;
  options.encoder = 100;
  options.batch = 1;
  const std::string problem(options.Validate().message());
  EXPECT_THAT(problem, HasSubstr("window is 0, expected 1 to 64"));
  EXPECT_THAT(problem, HasSubstr("encoder is 100, expected a multiple of 16"));
  EXPECT_THAT(problem, HasSubstr("batch is 1"));
}

TEST(ShareNetworkTrainerTest, StopsWhenAsked) {
  ShareTrainingOptions options = Quick();
  options.stopped = [] { return true; };
  EXPECT_EQ(TrainShareNetwork(Small(), options).status().code(), absl::StatusCode::kCancelled);
}

ShareNetworkModel Trained() { return TrainShareNetwork(Small(), Quick()).value(); }

TEST(ShareNetworkJsonTest, ComesBackWithTheSameNumbers) {
  const ShareNetworkModel model = Trained();
  const auto again = ShareNetworkModel::FromJson(model.ToJson());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->weights, model.weights);
  EXPECT_EQ(again->space, model.space);
  EXPECT_EQ(again->shape, model.shape);
  EXPECT_EQ(again->input_center, model.input_center);
  EXPECT_EQ(again->blend, model.blend);
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(ShareNetworkJsonTest, NamesTheMemberThatIsWrong) {
  const std::string good = Trained().ToJson();
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "is not a JSON object"},
      {"[]", "is not a JSON object"},
      {"{}", "member 'argumentClasses' is missing"},
      {Replaced(good, R"("decoder":16)", R"("decoder":32)"), "member 'weights' has"},
      {Replaced(good, R"("window":5)", R"("window":0)"), "member 'window' is 0"},
      {Replaced(good, R"("window":5)", R"("window":1e300)"), "member 'window' is not a whole"},
      {Replaced(good, R"("encoder":32)", R"("encoder":33)"), "member 'encoder' is not a multiple"},
      {Replaced(good, R"("blend":[)", R"("blend":[1,)"), "member 'blend' has 4 numbers"},
      {Replaced(good, R"("quietBlend":[)", R"("quietBlend":[0.5,)"),
       "member 'quietBlend' has 4 numbers"},
      {Replaced(good, R"("signal":)", R"("signal":-1)"), "member 'signal' is -1"},
      {Replaced(good, R"("attention":true)", R"("attention":1)"), "member 'attention' is not true"},
      {Replaced(good, R"("weights":[)", R"("weights":["x",)"), "not a number"},
      {Replaced(good, R"("weights":[)", R"("weights":[1,)"), "member 'weights' has"},
      {Replaced(good, R"({"argument)", R"({"more":1,"argument)"), "14 members, 13 are known"},
  };
  for (const auto& [text, problem] : cases) {
    const auto model = ShareNetworkModel::FromJson(text);
    ASSERT_FALSE(model.ok()) << problem;
    EXPECT_THAT(std::string(model.status().message()), HasSubstr(problem));
  }
}

TEST(ShareNetworkJsonTest, StoredModelsAreReadOrRefused) {
  const std::string folder = TRIMTAB_SOURCE_DIR "/tests/corpus/share_network_json_fuzz/";
  const auto read = [&folder](const std::string& name) {
    std::ifstream file(folder + name);
    return ShareNetworkModel::FromJson(
        std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()));
  };
  EXPECT_TRUE(read("paper.json").ok());
  EXPECT_TRUE(read("copying.json").ok());
  EXPECT_FALSE(read("short.json").ok());
}

TEST(ShareNetworkJsonTest, RefusesWeightsThatAreNoNumbers) {
  ShareNetworkModel model = Trained();
  model.weights[7] = 1e30F;
  EXPECT_THAT(std::string(model.Validate().message()), HasSubstr("holds 1e+30 at 7"));
}

}  // namespace
}  // namespace trimtab
