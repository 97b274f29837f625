#include "trimtab/experiment/graph_sizes.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace trimtab
