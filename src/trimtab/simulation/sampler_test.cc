#include "trimtab/simulation/sampler.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "gtest/gtest.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/simulation/distribution.h"

namespace trimtab {
namespace {

struct Moments {
  double mean_ms;
  double cv;
};
Moments Draw(const Distribution& distribution, int count) {
  SamplerFactory factory;
  const Sampler sampler = factory.Make(distribution);
  RandomStream stream(4, "sampler");
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < count; ++i) {
    const double value = sampler.Draw(stream) * 1e-6;
    sum += value;
    squares += value * value;
  }
  const double mean = sum / count;
  return {mean, std::sqrt(squares / count - mean * mean) / mean};
}

// The mean of n draws has relative standard error cv / sqrt(n): 0.001 * cv for a million; 4.5 of
// it. The sample cv of a lognormal of cv 1 has a relative error of about 0.4 %, of an exponential
// 0.14 %.
TEST(SamplerTest, KeepsMeanAndSpread) {
  const Moments exponential = Draw(Exponential{Latency(5)}, 1'000'000);
  EXPECT_NEAR(exponential.mean_ms, 5, 5 * 0.0045);
  EXPECT_NEAR(exponential.cv, 1, 0.007);
  const Moments lognormal = Draw(Lognormal{Latency(3), 1.0}, 1'000'000);
  EXPECT_NEAR(lognormal.mean_ms, 3, 3 * 0.0045);
  EXPECT_NEAR(lognormal.cv, 1, 0.02);
  const Moments two_point = Draw(TwoPoint{Latency(1), Latency(11), 0.25}, 1'000'000);
  EXPECT_NEAR(two_point.mean_ms, 3.5, 0.0195);  // standard deviation sqrt(3/16) * 10 = 4.33
  const Moments shifted = Draw(ShiftedLognormal{Latency(10), Latency(1), 0.5}, 1'000'000);
  EXPECT_NEAR(shifted.mean_ms, 11, 0.0023);
}

TEST(SamplerTest, TableFollowsTheInverseDistributionFunction) {
  SamplerFactory factory;
  const Lognormal law{Latency(2), 1.5};
  const Sampler sampler = factory.Make(law);
  for (const double p : {0.05, 0.3, 0.5, 0.9, 0.99, 0.9999}) {
    const auto bits = static_cast<std::uint64_t>(std::ldexp(1 - p, 64));
    EXPECT_NEAR(sampler.At(bits) * 1e-6 / QuantileOf(law, p).count(), 1, 0.002) << p;
  }
}

TEST(SamplerTest, ConstantLawsDrawNothing) {
  SamplerFactory factory;
  RandomStream used(1, "s");
  RandomStream fresh(1, "s");
  EXPECT_EQ(factory.Make(Deterministic{Latency(2)}).Draw(used), 2e6);
  EXPECT_EQ(factory.Make(Exponential{Latency(0)}).Draw(used), 0);
  EXPECT_EQ(used.NextBits(), fresh.NextBits());
}

TEST(DistributionTest, NamesEveryViolation) {
  const absl::Status status = ValidateDistribution(Lognormal{Latency(-1), 200});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(),
            "mean is -1 ms, must be between 0 and 1e9 ms; cv is 200, must be between 0 and 100");
  EXPECT_FALSE(ValidateDistribution(TwoPoint{Latency(2), Latency(1), 0.5}).ok());
  EXPECT_FALSE(ValidateDistribution(Exponential{Latency(NAN)}).ok());
  EXPECT_FALSE(ValidateDistribution(EmpiricalLaw{{{0, Latency(1)}}}).ok());
  EXPECT_TRUE(ValidateDistribution(EmpiricalLaw{{{0, Latency(1)}, {1, Latency(3)}}}).ok());
}

// Points (0, 1), (0.5, 2), (1, 6): mean 0.5 * 1.5 + 0.5 * 4 = 2.75; the 75 % quantile is 4.
TEST(DistributionTest, QuantileTableIsPiecewiseLinear) {
  const EmpiricalLaw table{{{0, Latency(1)}, {0.5, Latency(2)}, {1, Latency(6)}}};
  EXPECT_DOUBLE_EQ(MeanOf(table).count(), 2.75);
  EXPECT_DOUBLE_EQ(QuantileOf(table, 0.75).count(), 4);
  EXPECT_DOUBLE_EQ(MeanOf(Scaled(table, 2)).count(), 5.5);
}

}  // namespace
}  // namespace trimtab
