#include "trimtab/experiment/derm_fig_5_6.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <variant>

#include "trimtab/experiment/testing/small_experiment.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr int kMinutes = 6;

class DermFigure56Test : public ::testing::Test {
 protected:
  DermFigure56Test() : experiment_("train-ticket-querying", "derm_fig_5_6") {}
  static double Cell(const ResultTable& table, std::size_t row, std::size_t column) {
    return std::get<double>(table.rows[row][column]);
  }
  testing::SmallExperiment experiment_;
};

// At 200 requests/s 26 bookings/s sell the 3,200 tickets within the two minutes that are left out;
// at 5 requests/s 6 minutes sell a tenth of them.
TEST_F(DermFigure56Test, SearchesAskLessWhereTicketsAreSoldOut) {
  const auto result = RunDermFig5(experiment_.Input(kMinutes));
  ASSERT_TRUE(result.ok()) << result.status();
  const ResultTable& calls = result->tables[0];
  ASSERT_EQ(calls.rows.size(), 11U);
  EXPECT_LT(Cell(calls, 10, 1), 0.75 * Cell(calls, 0, 1));
  EXPECT_THAT(result->verdicts[0], StartsWith("met: calls of a search fall"));
  ASSERT_EQ(result->tables.size(), 2U);
  EXPECT_EQ(result->figures.size(), 2U);
}

TEST_F(DermFigure56Test, WithTicketsForEverybodyTheyAskTheSameUnderEveryLoad) {
  for (StateSpec& state : experiment_.scenario().cluster.states) {
    state.initial = state.most = 1'000'000'000;
    state.restock.reset();
  }
  const auto result = RunDermFig5(experiment_.Input(kMinutes));
  ASSERT_TRUE(result.ok()) << result.status();
  const ResultTable& calls = result->tables[0];
  // Four standard errors of both, as the table has them.
  EXPECT_NEAR(Cell(calls, 10, 1), Cell(calls, 0, 1), 4 * (Cell(calls, 0, 2) + Cell(calls, 10, 2)));
  EXPECT_THAT(result->verdicts[0], StartsWith("missed: calls of a search fall"));
}

TEST_F(DermFigure56Test, CallsGrowInAStraightLineWithTheDistance) {
  const auto result = RunDermFig6(experiment_.Input(kMinutes));
  ASSERT_TRUE(result.ok()) << result.status();
  const ResultTable& calls = result->tables[0];
  for (std::size_t row = 1; row < calls.rows.size(); ++row) {
    EXPECT_GT(Cell(calls, row, 1), Cell(calls, row - 1, 1)) << row;
  }
  EXPECT_THAT(result->verdicts[0], StartsWith("met: calls of a search grow"));
  // Containers of distances 1 to 6: never fewer for a longer one.
  const ResultTable& containers = result->tables[1];
  ASSERT_EQ(containers.rows.size(), 6U);
  EXPECT_GT(Cell(containers, 5, 1), Cell(containers, 0, 1));
  EXPECT_THAT(result->verdicts[1], StartsWith("missed: by distance Derm plans 35.0 containers"));
}

TEST_F(DermFigure56Test, RefusesAScenarioWithoutDistancesOrTickets) {
  experiment_.scenario().cluster.states.clear();
  EXPECT_THAT(std::string(RunDermFig5(experiment_.Input(kMinutes)).status().message()),
              HasSubstr("lacks the operation 'search', the argument 'distance' or a state"));
  EXPECT_TRUE(absl::IsInvalidArgument(RunDermFig6(experiment_.Input(kMinutes)).status()));
}

}  // namespace
}  // namespace trimtab
