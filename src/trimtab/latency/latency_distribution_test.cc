#include "trimtab/latency/latency_distribution.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "trimtab/probability/random_stream.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

constexpr LatencyDistribution kMembers[] = {
    {.family = LatencyFamily::kExponential, .location = 0.5, .scale = 2},
    {.family = LatencyFamily::kLogLogistic, .scale = 2, .power = 3},
    {.family = LatencyFamily::kBurr, .scale = 2, .power = 3, .tail = 0.7},
    {.family = LatencyFamily::kPareto, .location = 0.5, .power = 3},
    {.family = LatencyFamily::kNormal, .location = 5, .scale = 0.5}};

std::vector<double> SamplesOf(const LatencyDistribution& distribution, int count) {
  RandomStream random(7, LatencyFamilyName(distribution.family));
  std::vector<double> samples;
  for (int i = 0; i < count; ++i) samples.push_back(distribution.Quantile(random.Uniform()));
  std::ranges::sort(samples);
  return samples;
}

TEST(LatencyDistributionTest, QuantileInvertsTheDistributionFunction) {
  for (const LatencyDistribution& member : kMembers) {
    for (const double p : {1e-3, 0.2, 0.5, 0.95, 0.999}) {
      EXPECT_NEAR(member.Cdf(member.Quantile(p)), p, 1e-12) << LatencyFamilyName(member.family);
    }
    EXPECT_NEAR(member.Cdf(-1), 0, 1e-12);
  }
}

TEST(LatencyDistributionTest, P95sAreThoseOfTheFormulas) {
  // ln 20; 19^(1/3); 20^(1/3) / 2; the P95 of a standard normal is 1.644853627.
  EXPECT_NEAR(kMembers[0].Quantile(0.95), 0.5 + 2 * 2.99573227355399, 1e-12);
  EXPECT_NEAR(kMembers[1].Quantile(0.95), 2 * std::cbrt(19.0), 1e-12);
  EXPECT_NEAR(kMembers[3].Quantile(0.95), 0.5 * std::cbrt(20.0), 1e-12);
  EXPECT_NEAR(kMembers[4].Quantile(0.95), 5 + 0.5 * 1.644853627, 1e-8);
}

// The KS distance of n samples from their own law exceeds 1.63 / sqrt(n) with probability 0.01, and
// a fitted law is nearer still: 0.0163 for 10,000.
TEST(LatencyDistributionTest, EachFamilyFitsItsOwnSamples) {
  for (const LatencyDistribution& member : kMembers) {
    const auto samples = SamplesOf(member, 10'000);
    const auto fitted = FitLatencyFamily(member.family, samples);
    ASSERT_TRUE(fitted.ok()) << fitted.status();
    const GoodnessOfFit goodness = GoodnessOf(*fitted, samples);
    EXPECT_LT(goodness.ks, 0.0163) << LatencyFamilyName(member.family);
    EXPECT_LT(std::abs(goodness.p95_error), 0.06) << LatencyFamilyName(member.family);
  }
}

TEST(LatencyDistributionTest, AnExponentialIsFarFromANormal) {
  const auto samples = SamplesOf(kMembers[4], 5'000);
  const auto exponential = FitLatencyFamily(LatencyFamily::kExponential, samples);
  const auto normal = FitLatencyFamily(LatencyFamily::kNormal, samples);
  ASSERT_TRUE(exponential.ok() && normal.ok());
  EXPECT_GT(GoodnessOf(*exponential, samples).ks, 10 * GoodnessOf(*normal, samples).ks);
}

// At the samples {1, 2} an exponential from 0 with scale 1 is 0.632 and 0.865. The shares just
// below are 0 and 0.5, from there on 0.5 and 1: the distances are 0.632, 0.132, 0.365 and 0.135.
TEST(LatencyDistributionTest, KsIsTheLargestDistanceOnEitherSideOfASample) {
  const LatencyDistribution unit;
  const GoodnessOfFit goodness = GoodnessOf(unit, std::vector<double>{1, 2});
  EXPECT_NEAR(goodness.ks, 1 - std::exp(-1), 1e-12);
  EXPECT_NEAR(goodness.p95_error, 2.99573227355399 / 2 - 1, 1e-12);
}

TEST(LatencyDistributionTest, SamplesOfZeroAreFittedByEveryFamily) {
  std::vector<double> samples = {0, 0, 0.001, 0.001, 0.002, 0.005};
  for (const LatencyFamily family : kLatencyFamilies) {
    const auto fitted = FitLatencyFamily(family, samples);
    ASSERT_TRUE(fitted.ok());
    EXPECT_TRUE(std::isfinite(fitted->Cdf(0.001))) << LatencyFamilyName(family);
  }
}

TEST(LatencyDistributionTest, RefusesWhatHasNoDistribution) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto message = [](const std::vector<double>& samples) {
    return std::string(FitLatencyFamily(LatencyFamily::kExponential, samples).status().message());
  };
  EXPECT_THAT(message({}), HasSubstr("0 latencies"));
  EXPECT_THAT(message({0.1}), HasSubstr("1 latencies, a distribution needs at least 2"));
  EXPECT_THAT(message({0.1, 0.1, 0.1}), HasSubstr("all 3 latencies are 0.1 s"));
  EXPECT_THAT(message({-0.1, 0.1}), HasSubstr("is -0.1 s"));
  EXPECT_THAT(message({0.1, nan}), HasSubstr("is nan s"));
}

}  // namespace
}  // namespace trimtab
