#include "trimtab/graphdynamics/share_series.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/graphdynamics/share_split.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

// Two graph classes, one argument class; each block `steps` equal steps.
ShareSeries Series(std::size_t blocks, std::size_t steps) {
  ShareSeries series{.space = {{"kind"}, {"short", "long"}}, .blocks = {}};
  for (std::size_t b = 0; b < blocks; ++b) {
    ShareBlock& block = series.blocks.emplace_back();
    for (std::size_t s = 0; s < steps; ++s) {
      block.rows.insert(block.rows.end(), {1.0, 0.25, 0.75, 100.0});
    }
  }
  return series;
}

std::string ProblemOf(const ShareSeries& series) {
  return std::string(series.Validate().message());
}

TEST(ShareSeriesTest, WindowsAreTheStepsBefore) {
  ShareSeries series = Series(1, 6);
  for (std::size_t s = 0; s < 6; ++s) series.blocks[0].rows[4 * s + 3] = static_cast<double>(s);
  const ShareWindow window = series.Before(0, 5, 3);
  EXPECT_EQ(window.steps(), 3);
  EXPECT_EQ(window.load(0), 2);
  EXPECT_EQ(window.load(2), 4);
  EXPECT_EQ(window.Newest(1).load(0), 4);
  EXPECT_THAT(window.graphs(1), ::testing::ElementsAre(0.25, 0.75));
}

TEST(ShareSeriesTest, RefusesWhatIsNoShare) {
  ShareSeries series = Series(2, 3);
  EXPECT_TRUE(series.Validate().ok());
  series.blocks[1].rows[5] = 1.5;
  EXPECT_THAT(ProblemOf(series), HasSubstr("block 1 step 1: share of graph class 'short' is 1.5"));
}

TEST(ShareSeriesTest, RefusesSharesThatDoNotSumToOne) {
  ShareSeries series = Series(1, 3);
  series.blocks[0].rows[1] = 0.5;
  EXPECT_THAT(ProblemOf(series), HasSubstr("graph class shares sum to 1.25"));
}

TEST(ShareSeriesTest, RefusesALoadThatIsNone) {
  ShareSeries series = Series(1, 3);
  series.blocks[0].rows[3] = -1;
  EXPECT_THAT(ProblemOf(series), HasSubstr("application load is -1"));
}

TEST(ShareSeriesTest, RefusesTornRowsAndAMissingClass) {
  ShareSeries series = Series(1, 3);
  series.blocks[0].rows.pop_back();
  EXPECT_THAT(ProblemOf(series), HasSubstr("has 11 numbers, expected a multiple of 4"));
  EXPECT_THAT(ProblemOf(ShareSeries{}), HasSubstr("no graph classes"));
}

TEST(ShareSeriesTest, SharesOfNothingBecomeEqual) {
  std::vector<double> shares = {0, 0, 0, 0};
  NormaliseShares(shares);
  EXPECT_THAT(shares, ::testing::Each(0.25));
}

TEST(ShareSplitTest, HoldsOutWholeBlocksAtTheEnd) {
  const ShareSeries series = Series(10, 20);
  const SharePlaces places = SplitPlaces(series, 5, 0.2);
  EXPECT_EQ(places.kept.size(), 8 * 15);
  EXPECT_EQ(places.held_out.size(), 2 * 15);
  EXPECT_TRUE(std::ranges::all_of(places.held_out, [](SharePlace p) { return p.block >= 8; }));
}

// 100 steps, 20 % held out: 80 to 99, of which the first five look back into what is kept.
TEST(ShareSplitTest, KeepsAWindowBetweenBothSidesOfOneBlock) {
  const ShareSeries series = Series(1, 100);
  const SharePlaces places = SplitPlaces(series, 5, 0.2);
  ASSERT_FALSE(places.kept.empty());
  EXPECT_EQ(places.kept.back().step, 79);
  EXPECT_EQ(places.held_out.front().step, 85);
  EXPECT_EQ(places.held_out.size(), 15);
}

}  // namespace
}  // namespace trimtab
