#include "trimtab/experiment/rank_correlation.h"

#include <cmath>
#include <vector>

#include "gtest/gtest.h"

namespace trimtab {
namespace {

TEST(RankCorrelationTest, IsOneForAnyCurveThatRises) {
  EXPECT_DOUBLE_EQ(
      RankCorrelation(std::vector<double>{1, 2, 3, 4}, std::vector<double>{-7, 0, 0.1, 1000}), 1);
  EXPECT_DOUBLE_EQ(RankCorrelation(std::vector<double>{1, 2, 3}, std::vector<double>{3, 2, 1}), -1);
}

// Ranks of x: 0, 1, 2, 3; of y: 0, 2, 1, 3. About their mean 1.5: squares 5 each, products
// 2.25 - 0.25 - 0.25 + 2.25 = 4. With 10 twice in place of 10 and 20 the ranks are 0.5, 0.5, 2, 3:
// squares 1 + 1 + 0.25 + 2.25 = 4.5, products with x 1.5 + 0.5 + 0.25 + 2.25 = 4.5.
TEST(RankCorrelationTest, HandWorkedRanks) {
  const std::vector<double> x = {1, 2, 3, 4};
  EXPECT_DOUBLE_EQ(RankCorrelation(x, std::vector<double>{10, 30, 20, 40}), 0.8);
  EXPECT_DOUBLE_EQ(RankCorrelation(x, std::vector<double>{10, 10, 30, 40}),
                   4.5 / std::sqrt(5 * 4.5));
}

TEST(RankCorrelationTest, WhatDoesNotVaryHasNone) {
  EXPECT_EQ(RankCorrelation(std::vector<double>{1, 2}, std::vector<double>{5, 5}), 0);
  EXPECT_EQ(RankCorrelation(std::vector<double>{1}, std::vector<double>{5}), 0);
}

}  // namespace
}  // namespace trimtab
