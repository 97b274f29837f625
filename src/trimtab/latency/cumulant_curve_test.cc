#include "trimtab/latency/cumulant_curve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "trimtab/probability/random_stream.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

// An exponential of this mean has cumulants m, m^2, 2 m^3.
CumulantPoint Exponential(double load, double mean) {
  return {load, {mean, mean * mean, 2 * mean * mean * mean}};
}

// {1, 2, 6}: mean 3; squares 4 + 1 + 9 over 2; cubes -8 - 1 + 27 times 3 / (2 * 1).
TEST(CumulantCurveTest, CumulantsOfSamplesAreUnbiased) {
  const Cumulants of = CumulantsOf(std::vector<double>{1, 2, 6});
  EXPECT_DOUBLE_EQ(of.mean, 3);
  EXPECT_DOUBLE_EQ(of.variance, 7);
  EXPECT_DOUBLE_EQ(of.third, 27);
}

TEST(CumulantCurveTest, QuantileIsNearThatOfAnExponentialAndOfANormal) {
  EXPECT_NEAR(QuantileOf({1, 1, 2}, 0.95) / 2.99573227355399, 1, 0.015);
  EXPECT_NEAR(QuantileOf({10, 4, 0}, 0.95), 10 + 2 * 1.644853627, 1e-8);
}

TEST(CumulantCurveTest, IsLinearInTheLogarithmBetweenLoads) {
  const auto curve = CumulantCurve::Fit({Exponential(10, 0.001), Exponential(20, 0.004)});
  ASSERT_TRUE(curve.ok()) << curve.status();
  // Half-way: geometric means. A quarter of the way: 4^(1/4).
  EXPECT_NEAR(curve->At(15).mean, 0.002, 1e-15);
  EXPECT_NEAR(curve->At(15).variance, 4e-6, 1e-18);
  EXPECT_NEAR(curve->At(15).third, 16e-9, 1e-20);
  EXPECT_NEAR(curve->At(12.5).mean, 0.001 * std::sqrt(2.0), 1e-15);
}

TEST(CumulantCurveTest, IsFlatOutsideTheLoads) {
  const auto curve = CumulantCurve::Fit({Exponential(10, 0.001), Exponential(20, 0.004)});
  ASSERT_TRUE(curve.ok());
  EXPECT_EQ(curve->At(0), curve->points().front().cumulants);
  EXPECT_EQ(curve->At(1e9), curve->points().back().cumulants);
  EXPECT_EQ(curve->lowest_load(), 10);
  EXPECT_EQ(curve->highest_load(), 20);
}

// 1, 3, 2: the last two become their geometric mean.
TEST(CumulantCurveTest, WhatFallsWithTheLoadIsAveraged) {
  const auto curve = CumulantCurve::Fit({Exponential(1, 1), Exponential(2, 3), Exponential(3, 2)});
  ASSERT_TRUE(curve.ok());
  EXPECT_EQ(curve->points()[0].cumulants.mean, 1);
  EXPECT_NEAR(curve->points()[1].cumulants.mean, std::sqrt(6.0), 1e-12);
  EXPECT_NEAR(curve->points()[2].cumulants.mean, std::sqrt(6.0), 1e-12);
  EXPECT_NEAR(curve->points()[2].cumulants.variance, 6, 1e-12);
}

TEST(CumulantCurveTest, NoCumulantFallsWhateverWasMeasured) {
  RandomStream random(11, "curves");
  for (int run = 0; run < 200; ++run) {
    std::vector<CumulantPoint> measured;
    for (int i = 0; i < 8; ++i) {
      const double mean = std::exp(3 * random.Normal());
      measured.push_back(
          {static_cast<double>(i), {mean, std::exp(random.Normal()), random.Normal()}});
    }
    const auto curve = CumulantCurve::Fit(measured);
    ASSERT_TRUE(curve.ok()) << curve.status();
    Cumulants before = curve->At(0);
    for (double load = 0; load <= 8; load += 0.1) {
      const Cumulants at = curve->At(load);
      EXPECT_GE(at.mean, before.mean * (1 - 1e-12));
      EXPECT_GE(at.variance, before.variance * (1 - 1e-12));
      EXPECT_GE(at.third, before.third * (1 - 1e-12));
      EXPECT_GT(at.third, 0);
      before = at;
    }
  }
}

TEST(CumulantCurveTest, RefusesWhatIsNoCurve) {
  const auto message = [](std::vector<CumulantPoint> points) {
    return std::string(CumulantCurve::Create(std::move(points)).status().message());
  };
  EXPECT_THAT(message({}), HasSubstr("no point"));
  EXPECT_THAT(message({Exponential(2, 1), Exponential(2, 1)}), HasSubstr("point 1 of"));
  EXPECT_THAT(message({Exponential(-1, 1)}), HasSubstr("is at -1 calls/s"));
  EXPECT_THAT(message({Exponential(1, 0)}), HasSubstr("has mean 0 s"));
  EXPECT_THAT(message({{1, {1, 1, -1}}}), HasSubstr("third cumulant -1 s3"));
  EXPECT_THAT(message({Exponential(1, 2), Exponential(2, 1)}),
              HasSubstr("is 1, expected at least 2"));
}

}  // namespace
}  // namespace trimtab
