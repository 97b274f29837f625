#include "trimtab/experiment/derm_fig_16.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>
#include <variant>

#include "trimtab/experiment/testing/small_experiment.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

class DermFigure16Test : public ::testing::Test {
 protected:
  DermFigure16Test() : experiment_("train-ticket-changing-load", "derm_fig_16") {}
  testing::SmallExperiment experiment_;
};

// The recording rises from 1 to 5 requests/s within the minute; the scenario's own load has a
// peak of 200: both halves are 40 times what was recorded.
TEST_F(DermFigure16Test, ARecordingIsPlayedWithThePeakOfTheScenario) {
  const std::string file = experiment_.directory() + "/recording.csv";
  std::ofstream(file) << "timestamp,tps_truth\n0,1\n1,5\n";
  ExperimentInput input = experiment_.Input(1);
  input.data_file = file;
  int asked = 0;
  input.shares = [&](double span_share) -> absl::StatusOr<std::shared_ptr<const ShareKnowledge>> {
    ++asked;
    // 20 traces a second of the mean load, 120 requests/s.
    EXPECT_DOUBLE_EQ(span_share, 20.0 / 120);
    return nullptr;
  };
  const auto result = RunDermFig16(input);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(asked, 1);  // once for all seeds
  const ResultTable& arms = result->tables.front();
  ASSERT_EQ(arms.rows.size(), 8U);
  EXPECT_EQ(std::get<std::string>(arms.rows[0][0]), "derm corrected");
  EXPECT_EQ(std::get<std::string>(arms.rows[1][0]), "derm network");
  EXPECT_THAT(result->verdicts.back(), HasSubstr("the recording"));

  // Figure 18 takes the same runs.
  input.shares = nullptr;
  input.stopped = [] { return true; };
  const auto learning = RunDermFig18(input);
  ASSERT_TRUE(learning.ok()) << learning.status();
  EXPECT_THAT(learning->verdicts.front(), HasSubstr("graph shares by the network save"));
}

}  // namespace
}  // namespace trimtab
