#include "trimtab/experiment/derm_fig_4.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "trimtab/experiment/testing/no_progress.h"
#include "trimtab/scenario/scenario.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

Scenario Load(const std::string& name) {
  return LoadScenario(TRIMTAB_SOURCE_DIR "/scenarios/" + name + ".yaml").value();
}

LoadDynamicsOptions SmallDynamics() {
  return {.windows = 30,
          .window = std::chrono::minutes(20),
          .highest_load = 100,
          .seed = 7,
          .stopped = nullptr};
}

const OperationDynamics& Of(const std::vector<OperationDynamics>& all, const std::string& name) {
  return *std::ranges::find(all, name, &OperationDynamics::operation);
}

// Under the null hypothesis the rank correlation of 24 windows has a standard error of 1 / sqrt(23)
// = 0.21: 0.65 is three of them.
constexpr double kThreeErrors = 0.65;

TEST(DermFigure4Test, TicketsThatSellOutMakeGraphsFollowTheLoad) {
  const auto all = DynamicsOverLoad(Load("train-ticket").cluster, SmallDynamics());
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_GT(Of(*all, "search").correlation, kThreeErrors);
  EXPECT_GT(Of(*all, "search").graphs, 12U);  // one a distance at the least
  EXPECT_EQ(Of(*all, "login").graphs, 1U);
  EXPECT_EQ(Of(*all, "login").correlation, 0);
}

// With tickets for everybody only the distances move the graphs, and they do not know the load.
// Thinning matters here: without it a busy window has more requests, less chance in its shares and
// so a smaller distance, a correlation of -0.9.
TEST(DermFigure4Test, WithoutASellOutGraphsDoNotFollowTheLoad) {
  Scenario scenario = Load("train-ticket");
  for (StateSpec& state : scenario.cluster.states) {
    state.initial = state.most = 1'000'000'000;
    state.restock.reset();
  }
  const auto all = DynamicsOverLoad(scenario.cluster, SmallDynamics());
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_GT(Of(*all, "search").graphs, 1U);
  EXPECT_LT(std::abs(Of(*all, "search").correlation), kThreeErrors);
  EXPECT_LT(std::abs(Of(*all, "search-other").correlation), kThreeErrors);
}

class DermFigure4RunTest : public ::testing::Test {
 protected:
  ExperimentInput Input(const std::string& scenario, int minutes) {
    directory_ = ::testing::TempDir() + "/derm_fig_4";
    std::filesystem::create_directories(directory_);
    return {.scenario_path = "",
            .scenario = Load(scenario),
            .minutes = minutes,
            .directory = directory_,
            .recorded = {},
            .progress = progress_,
            .stopped = {},
            .stopwatch = {},
            .processor_time = {}};
  }
  testing::NoProgress progress_;
  std::string directory_;
};

TEST_F(DermFigure4RunTest, TableAndFigureSayThatRequestsAreSimulated) {
  const auto result = RunDermFig4(Input("train-ticket", 200));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(result->tables[0].title, HasSubstr("simulated"));
  EXPECT_THAT(result->figures[0].caption, HasSubstr("simulated"));
  EXPECT_THAT(result->figures[0].svg, HasSubstr("Simulated"));
  EXPECT_THAT(result->verdicts[1], HasSubstr("Simulated scenario train-ticket, not Alibaba's"));
  EXPECT_TRUE(std::filesystem::exists(directory_ + "/figures/load-correlation.svg"));
  EXPECT_EQ(result->tables[0].rows.size(), 10U);
  // The distribution falls from all to none.
  double last = 1;
  for (const auto& row : result->tables[1].rows) {
    EXPECT_LE(std::get<double>(row[1]), last);
    last = std::get<double>(row[1]);
  }
}

TEST_F(DermFigure4RunTest, RefusesWhatHasNothingToShow) {
  EXPECT_THAT(std::string(RunDermFig4(Input("media", 200)).status().message()),
              HasSubstr("no operation has more than one graph"));
  EXPECT_THAT(std::string(RunDermFig4(Input("train-ticket", 199)).status().message()),
              HasSubstr("199 minutes are too few, expected at least 200"));
}

TEST_F(DermFigure4RunTest, StopsWhenAsked) {
  ExperimentInput input = Input("train-ticket", 200);
  input.stopped = [] { return true; };
  EXPECT_TRUE(absl::IsCancelled(RunDermFig4(input).status()));
}

}  // namespace
}  // namespace trimtab
