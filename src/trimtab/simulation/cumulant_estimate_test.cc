#include "trimtab/simulation/cumulant_estimate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "trimtab/latency/cumulant_curve.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/simulation/tail_estimate.h"

namespace trimtab {
namespace {

std::vector<LogHistogram> BatchesOf(const std::vector<float>& latencies) {
  std::vector<LogHistogram> batches(kTailBatches, LogHistogram(128));
  for (std::size_t i = 0; i < latencies.size(); ++i) {
    batches[i * kTailBatches / latencies.size()].Add(static_cast<std::int64_t>(latencies[i]));
  }
  return batches;
}

// Twenty times 1, 2, 6 ms: mean 3 ms, sum of squares 20 (4 + 1 + 9) ms^2, of cubes
// 20 (-8 - 1 + 27) ms^3. Batches are alike, so there is no error.
TEST(CumulantEstimateTest, IsTheUnbiasedOneByHand) {
  std::vector<float> latencies;
  for (std::size_t i = 0; i < kTailBatches; ++i) {
    for (const float ms : {1.0F, 2.0F, 6.0F}) latencies.push_back(ms * 1e6F);
  }
  const MeasuredCumulants label = EstimateCumulants(latencies);
  EXPECT_NEAR(label.value.mean, 3e-3, 1e-15);
  EXPECT_NEAR(label.value.variance, 280.0 / 59 * 1e-6, 1e-17);
  EXPECT_NEAR(label.value.third, 360.0 * 60 / (59 * 58) * 1e-9, 1e-19);
  EXPECT_NEAR(label.relative_standard_error.mean, 0, 1e-12);
  EXPECT_NEAR(label.relative_standard_error.variance, 0, 1e-12);
  EXPECT_NEAR(label.relative_standard_error.third, 0, 1e-12);
}

// n independent exponentials of mean 1 have cumulants 1, 1, 2 and relative standard errors
// 1 / sqrt(n), sqrt(8 / n) and sqrt((120 + 9 * 6 + 9 * 4 + 6) / 4 / n) = 7.35 / sqrt(n): at
// n = 100,000 0.32 %, 0.89 % and 2.3 %. The jackknife of 20 batches knows an error of near-normal
// batches to 1 / sqrt(2 * 19) = 16 %; those of the third cumulant are skewed themselves.
TEST(CumulantEstimateTest, ErrorsOfIndependentExponentialsAreKnown) {
  RandomStream stream(5, "exponential");
  std::vector<float> latencies;
  for (int i = 0; i < 100'000; ++i) {
    latencies.push_back(static_cast<float>(stream.Exponential() * 1e6));
  }
  const MeasuredCumulants label = EstimateCumulants(latencies);
  EXPECT_NEAR(label.value.mean, 1e-3, 4 * 0.0032e-3);
  EXPECT_NEAR(label.value.variance, 1e-6, 4 * 0.0089e-6);
  EXPECT_NEAR(label.value.third, 2e-9, 4 * 0.046e-9);
  EXPECT_NEAR(label.relative_standard_error.mean, 0.0032, 0.5 * 0.0032);
  EXPECT_NEAR(label.relative_standard_error.variance, 0.0089, 0.5 * 0.0089);
  EXPECT_NEAR(label.relative_standard_error.third, 0.023, 0.6 * 0.023);
}

// Against the raw latencies, which go over some 500 bins of 0.8 %: the errors of bins cancel.
TEST(CumulantEstimateTest, BinsAddNextToNothing) {
  for (const double offset_ns : {0.0, 5e6}) {
    RandomStream stream(6, "exponential");
    std::vector<float> latencies;
    std::vector<double> seconds;
    for (int i = 0; i < 20'000; ++i) {
      latencies.push_back(static_cast<float>(offset_ns + stream.Exponential() * 1e6));
      seconds.push_back(1e-9 * static_cast<double>(latencies.back()));
    }
    const Cumulants raw = CumulantsOf(seconds);
    const MeasuredCumulants exact = EstimateCumulants(latencies);
    const MeasuredCumulants binned = EstimateCumulants(BatchesOf(latencies));
    EXPECT_NEAR(exact.value.mean / raw.mean, 1, 1e-9);
    EXPECT_NEAR(exact.value.variance / raw.variance, 1, 1e-9);
    EXPECT_NEAR(exact.value.third / raw.third, 1, 1e-9);
    EXPECT_NEAR(binned.value.mean / raw.mean, 1, 1e-4);
    EXPECT_NEAR(binned.value.variance / raw.variance, 1, 1e-3);
    EXPECT_NEAR(binned.value.third / raw.third, 1, 3e-3);
    EXPECT_NEAR(binned.relative_standard_error.third / exact.relative_standard_error.third, 1,
                1e-2);
  }
}

// All latencies in one bin: the mean is that of the bin, half a bin (0.4 %) off at most.
TEST(CumulantEstimateTest, AConstantIsKnownToHalfABin) {
  const std::vector<float> latencies(1000, 1234567.0F);
  const MeasuredCumulants exact = EstimateCumulants(latencies);
  EXPECT_NEAR(exact.value.mean, 1234567e-9, 1e-15);
  EXPECT_EQ(exact.value.variance, 0);
  EXPECT_EQ(exact.value.third, 0);
  EXPECT_EQ(exact.relative_standard_error.variance, 0);
  const MeasuredCumulants binned = EstimateCumulants(BatchesOf(latencies));
  EXPECT_NEAR(binned.value.mean / exact.value.mean, 1, 0.004);
  EXPECT_LT(std::sqrt(binned.value.variance), 0.0025 * exact.value.mean);
}

TEST(CumulantEstimateTest, TooLittleSaysNothing) {
  for (const std::size_t count : {0U, 19U, 59U}) {
    const MeasuredCumulants label = EstimateCumulants(std::vector<float>(count, 1e6F));
    EXPECT_EQ(label.value, Cumulants()) << count;
    EXPECT_EQ(label.relative_standard_error.mean, 1) << count;
  }
  EXPECT_EQ(EstimateCumulants(std::vector<LogHistogram>{}).relative_standard_error.third, 1);
  EXPECT_EQ(EstimateCumulants(std::vector<LogHistogram>(20)).value, Cumulants());
}

}  // namespace
}  // namespace trimtab
