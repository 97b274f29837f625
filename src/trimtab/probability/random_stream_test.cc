#include "trimtab/probability/random_stream.h"

#include <cmath>
#include <cstdint>

#include "gtest/gtest.h"

namespace trimtab {
namespace {

TEST(RandomStreamTest, SameSeedAndNameGiveTheSameStream) {
  RandomStream a(7, "arrivals/search");
  RandomStream b(7, "arrivals/search");
  RandomStream other_name(7, "arrivals/geo");
  RandomStream other_seed(8, "arrivals/search");
  const std::uint64_t first = a.NextBits();
  EXPECT_EQ(first, b.NextBits());
  EXPECT_NE(first, other_name.NextBits());
  EXPECT_NE(first, other_seed.NextBits());
}

// Mean of n exponentials of mean 1 has standard error 1/sqrt(n): 0.001 for a million. 4 of them.
TEST(RandomStreamTest, ExponentialHasMeanOne) {
  RandomStream stream(1, "exponential");
  double sum = 0;
  constexpr int kDraws = 1000000;
  for (int i = 0; i < kDraws; ++i) sum += stream.Exponential();
  EXPECT_NEAR(sum / kDraws, 1.0, 0.004);
}

TEST(RandomStreamTest, BelowStaysBelowAndIsEven) {
  RandomStream stream(1, "below");
  int counts[3] = {};
  for (int i = 0; i < 300000; ++i) ++counts[stream.Below(3)];
  // Standard deviation of a count is sqrt(300000 * 2/9) = 258; 4 of them.
  for (const int count : counts) EXPECT_NEAR(count, 100000, 1033);
}

TEST(InverseNormalTest, MatchesPublishedQuantiles) {
  EXPECT_NEAR(InverseNormal(0.5), 0.0, 1e-15);
  EXPECT_NEAR(InverseNormal(0.95), 1.6448536269514722, 1e-14);
  EXPECT_NEAR(InverseNormal(0.975), 1.959963984540054, 1e-14);
  EXPECT_NEAR(InverseNormal(1e-10), -6.361340902404056, 1e-13);
}

TEST(InverseNormalTest, InvertsTheErrorFunction) {
  for (double p = 0.0005; p < 1; p += 0.0005) {
    EXPECT_NEAR(0.5 * std::erfc(-InverseNormal(p) / std::sqrt(2.0)), p, 1e-14);
  }
}

}  // namespace
}  // namespace trimtab
