#include "trimtab/graphdynamics/share_steps.h"

#include <vector>

#include "gtest/gtest.h"

namespace trimtab {
namespace {

TEST(ShareStepsTest, DistanceCountsClassesOfEitherMix) {
  // |0.5 - 0.2| + |0.5 - 0| + |0 - 0.8| = 1.6, halved.
  EXPECT_DOUBLE_EQ(TotalVariation({{"a", 0.5}, {"b", 0.5}}, {{"a", 0.2}, {"c", 0.8}}), 0.8);
  EXPECT_DOUBLE_EQ(TotalVariation(ShareMix{{"a", 1}}, ShareMix{{"b", 1}}), 1);
  EXPECT_DOUBLE_EQ(TotalVariation(ShareMix{{"a", 1}}, ShareMix{{"a", 1}}), 0);
}

TEST(ShareStepsTest, MixOfNothingStaysAsItIs) {
  EXPECT_TRUE(SharesOfMix({}).empty());
  EXPECT_EQ(SharesOfMix({{"a", 0}}), (ShareMix{{"a", 0}}));
  EXPECT_EQ(SharesOfMix({{"a", 1}, {"b", 3}}), (ShareMix{{"a", 0.25}, {"b", 0.75}}));
}

TEST(ShareStepsTest, UnknownClassesCountAsOther) {
  const ShareSpace space{{"x", "(other)"}, {"a", "b", "(other)"}};
  std::vector<double> row;
  AppendShareStep({.arguments = {}, .graphs = {{"b", 2}, {"new", 1}, {"newer", 1}}, .load = 7},
                  space, row);
  EXPECT_EQ(row, (std::vector<double>{0, 0, 0, 0.5, 0.5, 7}));
}

TEST(ShareStepsTest, SeriesInAnotherSpaceKeepsNames) {
  const ShareSeries series{.space = {{}, {"a", "b", "(other)"}},
                           .blocks = {{.rows = {0.2, 0.5, 0.3, 10}, .expected = {}}}};
  const ShareSeries moved = InSpace(series, {{}, {"b", "c", "(other)"}});
  ASSERT_EQ(moved.blocks.size(), 1U);
  ASSERT_EQ(moved.blocks[0].rows.size(), 4U);
  EXPECT_DOUBLE_EQ(moved.blocks[0].rows[0], 0.5);
  EXPECT_DOUBLE_EQ(moved.blocks[0].rows[1], 0);
  EXPECT_DOUBLE_EQ(moved.blocks[0].rows[2], 0.5);
  EXPECT_DOUBLE_EQ(moved.blocks[0].rows[3], 10);
}

}  // namespace
}  // namespace trimtab
