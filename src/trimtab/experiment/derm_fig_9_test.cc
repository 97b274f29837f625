#include "trimtab/experiment/derm_fig_9.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "trimtab/experiment/testing/no_progress.h"
#include "trimtab/scenario/scenario.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

class DermFigure9Test : public ::testing::Test {
 protected:
  void SetUp() override {
    auto scenario = LoadScenario(TRIMTAB_SOURCE_DIR "/tests/profiling/two-services.yaml");
    ASSERT_TRUE(scenario.ok()) << scenario.status();
    directory_ = ::testing::TempDir() + "trimtab_derm_fig_9";
    std::filesystem::create_directories(directory_);
    input_ = std::make_unique<ExperimentInput>(ExperimentInput{.scenario_path = "",
                                                               .scenario = *std::move(scenario),
                                                               .minutes = {},
                                                               .directory = directory_,
                                                               .recorded = {},
                                                               .progress = progress_,
                                                               .stopped = {},
                                                               .stopwatch = {},
                                                               .processor_time = {}});
  }

  testing::NoProgress progress_;
  std::string directory_;
  std::unique_ptr<ExperimentInput> input_;
};

double Number(const ResultTable::Cell& cell) { return std::get<double>(cell); }

TEST_F(DermFigure9Test, EveryFamilyHasAnAccuracyFromFiveSeeds) {
  const auto result = RunDermFig9a(*input_);
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->tables[0].rows.size(), 5U);
  for (const auto& row : result->tables[0].rows) {
    EXPECT_LE(Number(row[2]), Number(row[1]));
    EXPECT_LE(Number(row[1]), Number(row[3]));
    EXPECT_GT(Number(row[1]), 0);
    EXPECT_LE(Number(row[3]), 100);
  }
  EXPECT_TRUE(std::filesystem::exists(directory_ + "/figures/distribution-accuracy.svg"));
  EXPECT_THAT(result->verdicts[0], HasSubstr("the paper: as high as 90 %"));
  const auto again = RunDermFig9a(*input_);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->tables[0].rows, result->tables[0].rows);
}

TEST_F(DermFigure9Test, EveryLearnerIsJudgedOrNamed) {
  const auto result = RunDermFig9b(*input_);
  ASSERT_TRUE(result.ok()) << result.status();
  const auto& rows = result->tables[0].rows;
  // Without libxgboost the two kinds of trees are missing, and a sentence says so.
  ASSERT_TRUE(rows.size() == 5 || rows.size() == 3);
  if (rows.size() == 3) {
    EXPECT_THAT(result->verdicts[0], HasSubstr("libxgboost is not installed"));
  }
  EXPECT_EQ(std::get<std::string>(rows.front()[0]), "line");
  EXPECT_EQ(std::get<std::string>(rows.back()[0]), "mean of the rates");
  for (const auto& row : rows) {
    EXPECT_LE(Number(row[2]), Number(row[1]));
    EXPECT_LE(Number(row[1]), Number(row[3]));
    EXPECT_LE(Number(row[3]), 100);
  }
}

TEST_F(DermFigure9Test, StopsWhenAsked) {
  input_->stopped = [] { return true; };
  EXPECT_TRUE(absl::IsCancelled(RunDermFig9a(*input_).status()));
}

}  // namespace
}  // namespace trimtab
