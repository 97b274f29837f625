#include "trimtab/experiment/graph_sizes.h"

#include <gtest/gtest.h>

#include <vector>

namespace trimtab {
namespace {

// 100 requests: 10 of 1 call, 60 of 3, 30 of 7.
const GraphCounts kCounts = {{"short", 10}, {"middle", 60}, {"long", 30}};
const GraphCalls kCalls = {{"short", 1}, {"middle", 3}, {"long", 7}};

TEST(GraphSizesTest, BoundsCountAmongThoseTheyBound) {
  const SizeShares shares = SizeSharesOf(kCounts, kCalls, {.simple = 3, .complex = 7});
  EXPECT_DOUBLE_EQ(shares.simple, 0.7);
  EXPECT_DOUBLE_EQ(shares.complex, 0.3);
  const SizeShares nothing = SizeSharesOf({}, kCalls, {.simple = 3, .complex = 7});
  EXPECT_EQ(nothing.simple, 0);
  EXPECT_EQ(nothing.complex, 0);
}

TEST(GraphSizesTest, FindsTheBoundsThatComeClosest) {
  // Simple can be 10, 70 or 100 %, complex 100, 90 or 30 %.
  const GraphSizes near = FindGraphSizes(kCounts, kCalls, {.simple = 0.6, .complex = 0.3});
  EXPECT_EQ(near.simple, 3);
  EXPECT_EQ(near.complex, 7);
  const GraphSizes far = FindGraphSizes(kCounts, kCalls, {.simple = 0.2, .complex = 0.85});
  EXPECT_EQ(far.simple, 1);
  EXPECT_EQ(far.complex, 3);
}

ClusterScenario OfShares(const std::vector<double>& shares) {
  ClusterScenario cluster;
  for (const double share : shares) cluster.entries.emplace_back().share = share;
  return cluster;
}

// The first operation is always simple, the second always complex, the third neither: the only mix
// with 40 % of each is 0.4, 0.4, 0.2.
TEST(GraphSizesTest, TiltsOperationsToTheSharesWanted) {
  const auto shares = TiltedOperationShares(
      OfShares({0.5, 0.3, 0.2}),
      {{.simple = 1, .complex = 0}, {.simple = 0, .complex = 1}, {.simple = 0, .complex = 0}},
      {.simple = 0.5, .complex = 0.3}, {.simple = 0.4, .complex = 0.4});
  ASSERT_EQ(shares.size(), 3U);
  EXPECT_NEAR(shares[0], 0.4, 1e-12);
  EXPECT_NEAR(shares[1], 0.4, 1e-12);
  EXPECT_NEAR(shares[2], 0.2, 1e-12);
}

TEST(GraphSizesTest, OperationsThatDoNotDifferAreLeftAlone) {
  const SizeShares same{.simple = 0.5, .complex = 0.3};
  EXPECT_EQ(TiltedOperationShares(OfShares({0.75, 0.25}), {same, same}, same,
                                  {.simple = 0.4, .complex = 0.4}),
            (std::vector<double>{0.75, 0.25}));
}

}  // namespace
}  // namespace trimtab
