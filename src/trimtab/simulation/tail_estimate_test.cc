#include "trimtab/simulation/tail_estimate.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "gtest/gtest.h"
#include "trimtab/probability/random_stream.h"

namespace trimtab {
namespace {

// 1 ... 1000 in a scrambled order (a multiplication by 619 modulo 1001 without 0 is a permutation):
// the element of rank 950 is 951, those of ranks 930 and 970 are 931 and 971. In batches of 50, an
// order that spreads evenly leaves almost no error.
TEST(TailEstimateTest, FindsTheNinetyFifthPercentile) {
  std::vector<float> latencies;
  for (int i = 1; i <= 1000; ++i) latencies.push_back(static_cast<float>(i * 619 % 1001) * 1e6F);
  const std::vector<float> before = latencies;
  const TailEstimate estimate = EstimateTail(latencies);
  EXPECT_DOUBLE_EQ(estimate.tail.count(), 951);
  EXPECT_LT(estimate.relative_standard_error, 0.01);
  EXPECT_EQ(latencies, before);
}

// n independent exponentials: the P95 is ln 20 = 3.0 means, its standard error
// sqrt(0.95 * 0.05 / n) / (0.05 / mean) = 4.36 / sqrt(n) means: 1.45 % of it at n = 10,000. The
// estimate from 20 batches is known to 1 / sqrt(2 * 19) = 16 %; 3.5 of that.
TEST(TailEstimateTest, ErrorOfIndependentExponentialsIsKnown) {
  RandomStream stream(8, "exponential");
  std::vector<float> latencies;
  std::vector<LogHistogram> batches(kTailBatches, LogHistogram(128));
  for (std::size_t i = 0; i < 10'000; ++i) {
    latencies.push_back(static_cast<float>(stream.Exponential() * 1e6));
    batches[i * kTailBatches / 10'000].Add(static_cast<std::int64_t>(latencies.back()));
  }
  const TailEstimate exact = EstimateTail(latencies);
  const TailEstimate binned = EstimateTail(batches);
  EXPECT_NEAR(exact.tail.count(), std::log(20), 4 * 0.0436);
  EXPECT_NEAR(exact.relative_standard_error, 0.0145, 0.0145 * 0.56);
  EXPECT_NEAR(binned.tail / exact.tail, 1, 1.0 / 128);
  EXPECT_NEAR(binned.relative_standard_error / exact.relative_standard_error, 1, 0.1);
}

TEST(TailEstimateTest, TooLittleSaysNothing) {
  EXPECT_EQ(EstimateTail(std::vector<float>{}).relative_standard_error, 1.0);
  EXPECT_EQ(EstimateTail(std::vector<LogHistogram>{}).relative_standard_error, 1.0);
}

}  // namespace
}  // namespace trimtab
