#include "trimtab/latency/conditional_exponential.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "trimtab/probability/random_stream.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

constexpr ExponentialFit kFits[] = {ExponentialFit::kLeastSquares, ExponentialFit::kAuthorsBins,
                                    ExponentialFit::kMoments, ExponentialFit::kUnbiased,
                                    ExponentialFit::kTail};

std::vector<double> Drawn(double offset, double rate, int count, std::uint64_t seed) {
  RandomStream random(seed, "exponential");
  std::vector<double> samples;
  for (int i = 0; i < count; ++i) samples.push_back(offset + random.Exponential() / rate);
  std::ranges::sort(samples);
  return samples;
}

std::vector<LoadedExponential> Line(std::vector<double> loads, std::vector<double> rates) {
  std::vector<LoadedExponential> points;
  for (std::size_t i = 0; i < loads.size(); ++i) points.push_back({loads[i], {0.01, rates[i]}});
  return points;
}

TEST(ShiftedExponentialTest, IsEquationTwo) {
  const ShiftedExponential law{0.01, 100};
  EXPECT_EQ(law.Cdf(0.01), 0);
  EXPECT_EQ(law.Cdf(0.005), 0);
  EXPECT_NEAR(law.Cdf(0.02), 1 - std::exp(-1), 1e-15);
  EXPECT_NEAR(law.Quantile(0.95), 0.01 + 0.0299573227355399, 1e-15);
  EXPECT_NEAR(law.mean(), 0.02, 1e-15);
}

// The rate of 10,000 samples is known to 1 % by its likelihood; least squares and the P95 use them
// less well: three standard errors of 1.6 %.
TEST(ShiftedExponentialTest, EveryFitFindsTheLawOfItsSamples) {
  const auto samples = Drawn(0.02, 50, 10'000, 3);
  for (const ExponentialFit fit : kFits) {
    const auto law = FitShiftedExponential(samples, fit);
    ASSERT_TRUE(law.ok()) << law.status();
    EXPECT_NEAR(law->rate, 50, 50 * 0.05) << ExponentialFitName(fit);
    EXPECT_NEAR(law->offset_seconds, 0.02, 0.0015) << ExponentialFitName(fit);
  }
}

// {1, 2, 6}: mean 3, deviation sqrt(14 / 2).
TEST(ShiftedExponentialTest, MomentsAreKept) {
  const auto law = FitShiftedExponential(std::vector<double>{1, 2, 6}, ExponentialFit::kMoments);
  ASSERT_TRUE(law.ok());
  EXPECT_NEAR(law->mean(), 3, 1e-12);
  EXPECT_NEAR(1 / law->rate, std::sqrt(7.0), 1e-12);
}

TEST(ShiftedExponentialTest, TailKeepsMeanAndP95) {
  const auto samples = Drawn(0, 10, 4'000, 1);
  const auto law = FitShiftedExponential(samples, ExponentialFit::kTail);
  ASSERT_TRUE(law.ok());
  double sum = 0;
  for (const double value : samples) sum += value;
  EXPECT_NEAR(law->mean(), sum / 4'000, 1e-12);
  // Sample 3,799 is the 0.949875 quantile, sample 3,800 the 0.950125 one.
  EXPECT_NEAR(law->Quantile(0.95), (samples[3'799] + samples[3'800]) / 2, 1e-12);
}

// Of 5 samples the smallest lies 1 / (5 rate) late. Over 4,000 draws of 5 the mean of the unbiased
// offset has a standard error of 0.25 / rate / sqrt(4,000) = 0.004 / rate; three of them.
TEST(ShiftedExponentialTest, UnbiasedOffsetAndRateAreRightOnAverage) {
  double biased_offset = 0;
  double offset = 0;
  double rate = 0;
  constexpr int kDraws = 4'000;
  for (int i = 0; i < kDraws; ++i) {
    const auto samples = Drawn(1, 1, 5, 100 + static_cast<std::uint64_t>(i));
    const auto law = FitShiftedExponential(samples, ExponentialFit::kUnbiased);
    ASSERT_TRUE(law.ok());
    biased_offset += samples.front() / kDraws;
    offset += law->offset_seconds / kDraws;
    rate += law->rate / kDraws;
  }
  EXPECT_NEAR(biased_offset, 1.2, 0.012);
  EXPECT_NEAR(offset, 1, 0.012);
  // The rate's own deviation is 1 / sqrt(5 - 3) of it: 0.7 / sqrt(4,000) = 0.011.
  EXPECT_NEAR(rate, 1, 0.035);
}

TEST(ShiftedExponentialTest, OneSampleIsRefused) {
  for (const ExponentialFit fit : kFits) {
    EXPECT_THAT(
        std::string(FitShiftedExponential(std::vector<double>{0.1}, fit).status().message()),
        HasSubstr("needs at least 2"));
  }
}

// A mean above the P95: 95 samples of 1 ms, 5 of 1 s.
TEST(ShiftedExponentialTest, EveryFitOfARareLongTailIsALaw) {
  std::vector<double> samples(96, 0.001);
  samples.front() = 0.0009;
  samples.insert(samples.end(), 4, 1.0);
  for (const ExponentialFit fit : kFits) {
    const auto law = FitShiftedExponential(samples, fit);
    ASSERT_TRUE(law.ok());
    EXPECT_TRUE(law->rate > 0 && std::isfinite(law->rate)) << ExponentialFitName(fit);
  }
}

// In M/M/1 the response time is exponential with rate service_rate - arrival_rate: slope -1.
TEST(ConditionalExponentialTest, FindsTheLineOfASingleServerQueue) {
  for (const bool constrained : {true, false}) {
    const auto law =
        FitConditionalExponential(Line({10, 40, 80}, {90, 60, 20}), {.constrained = constrained});
    ASSERT_TRUE(law.ok()) << law.status();
    EXPECT_NEAR(law->slope, -1, 1e-12);
    EXPECT_NEAR(law->intercept, 100, 1e-10);
    EXPECT_NEAR(law->SaturationLoad(), 100, 1e-10);
    EXPECT_NEAR(law->LatencyRate(50), 50, 1e-10);
    EXPECT_EQ(law->offset_seconds, 0.01);
    EXPECT_EQ(law->lowest_load, 10);
    EXPECT_EQ(law->highest_load, 80);
  }
}

// Ten loads of 2,000 samples, as the paper: each rate is known to 1 / sqrt(2,000) = 2.2 %, in
// relative least squares the intercept to about 2 % and the slope to about 3 %; three of them.
TEST(ConditionalExponentialTest, TenLoadsOfTwoThousandSamplesAreEnough) {
  std::vector<LoadedExponential> loads;
  for (int i = 0; i < 10; ++i) {
    const double load = 8.0 * i + 8;
    const auto law =
        FitShiftedExponential(Drawn(0.004, 100 - load, 2'000, 40 + static_cast<std::uint64_t>(i)),
                              ExponentialFit::kUnbiased);
    ASSERT_TRUE(law.ok());
    loads.push_back({load, *law});
  }
  const auto law = FitConditionalExponential(loads, {});
  ASSERT_TRUE(law.ok());
  EXPECT_NEAR(law->intercept, 100, 6);
  EXPECT_NEAR(law->slope, -1, 0.09);
}

TEST(ConditionalExponentialTest, ARateThatRisesIsALawThatDoesNotAnswerToLoad) {
  const auto law = FitConditionalExponential(Line({1, 2, 3}, {10, 11, 12}), {});
  ASSERT_TRUE(law.ok());
  EXPECT_EQ(law->slope, 0);
  EXPECT_GT(law->intercept, 10);
  EXPECT_LT(law->intercept, 12);
  EXPECT_TRUE(std::isinf(law->SaturationLoad()));
  // The paper's regression keeps the slope.
  const auto free =
      FitConditionalExponential(Line({1, 2, 3}, {10, 11, 12}), {.constrained = false});
  ASSERT_TRUE(free.ok());
  EXPECT_NEAR(free->slope, 1, 1e-12);
}

TEST(ConditionalExponentialTest, AFreeLineWithoutARateInTheRangeIsRefused) {
  const auto loads = Line({1, 2, 3}, {100, 20, 5});
  EXPECT_THAT(
      std::string(FitConditionalExponential(loads, {.constrained = false}).status().message()),
      HasSubstr("the rate at 3 calls/s is -5.8"));
  const auto law = FitConditionalExponential(loads, {});
  ASSERT_TRUE(law.ok());
  EXPECT_GE(law->SaturationLoad(), 1.05 * 3 - 1e-12);
  EXPECT_GT(law->LatencyRate(3), 0);
}

// Rates 10 and 6 at 1 and 2 reach 0 at 3.5; asked for 4, twice what was measured, the line ends at
// 8 instead. With shares 7/8 and 3/4 of the intercept and weights 1/100 and 1/36 it is
// (7/8/10 + 3/4/6) / (49/64/100 + 9/16/36) = 0.2125 / 0.02328125 = 9.127517.
TEST(ConditionalExponentialTest, BeyondTheLoadsSaturationIsFurtherAway) {
  const auto law = FitConditionalExponential(Line({1, 2}, {10, 6}), {.highest_load = 4});
  ASSERT_TRUE(law.ok());
  EXPECT_NEAR(law->SaturationLoad(), 8, 1e-12);
  EXPECT_NEAR(law->intercept, 9.127517, 1e-6);
  EXPECT_EQ(law->highest_load, 4);
  // A quarter more than measured: 1.25^2 times 2.5.
  const auto nearer = FitConditionalExponential(Line({1, 2}, {10, 6}), {.highest_load = 2.5});
  ASSERT_TRUE(nearer.ok());
  EXPECT_NEAR(nearer->SaturationLoad(), 3.90625, 1e-12);
}

TEST(ConditionalExponentialTest, OneLoadIsALawOfThatLoad) {
  const auto law = FitConditionalExponential(Line({5}, {20}), {});
  ASSERT_TRUE(law.ok());
  EXPECT_EQ(law->slope, 0);
  EXPECT_EQ(law->lowest_load, 5);
  EXPECT_EQ(law->highest_load, 5);
  EXPECT_DOUBLE_EQ(law->LatencyRate(5), 20);
}

TEST(ConditionalExponentialTest, RefusesLoadsAndRatesOutOfBound) {
  const auto message = [](const std::vector<LoadedExponential>& loads) {
    return std::string(FitConditionalExponential(loads, {}).status().message());
  };
  EXPECT_THAT(message({}), HasSubstr("no load"));
  EXPECT_THAT(message(Line({-1}, {1})), HasSubstr("load 0 is -1 calls/s"));
  EXPECT_THAT(message(Line({2, 2}, {1, 1})),
              HasSubstr("load 1 is 2 calls/s, expected more than 2"));
  EXPECT_THAT(message(Line({1, 2}, {1, 0})), HasSubstr("at 2 calls/s has rate 0 1/s"));
}

}  // namespace
}  // namespace trimtab
