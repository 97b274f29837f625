#include "trimtab/scaling/derm/load_law.h"

#include <cmath>
#include <vector>

#include "gtest/gtest.h"

namespace trimtab {
namespace {

LoadLaw Rate(double slope, double intercept, double offset = 0) {
  return *LoadLaw::Of(RateLaw{.offset = offset, .slope = slope, .intercept = intercept});
}

std::vector<LoadPoint> Points() {
  return {{.load = 10, .mean = 0.01, .variance = 1e-4, .third = 2e-6},
          {.load = 20, .mean = 0.02, .variance = 4e-4, .third = 16e-6},
          {.load = 40, .mean = 0.08, .variance = 64e-4, .third = 1024e-6}};
}

// Rate 100 - 2 * 25 = 50 1/s: mean 20 ms, variance 400 ms^2, third 2 * 8000 ms^3; the offset of
// 5 ms moves the mean alone. Along the law the variance rises by 2 z, the third by 6 z^2.
TEST(LoadLawTest, RateGivesTheMomentsOfAShiftedExponential) {
  const LoadLaw::Moments at = Rate(-2, 100, 0.005).At(25);
  EXPECT_DOUBLE_EQ(at.mean, 0.025);
  EXPECT_DOUBLE_EQ(at.variance, 4e-4);
  EXPECT_DOUBLE_EQ(at.third, 1.6e-5);
  EXPECT_DOUBLE_EQ(at.variance_slope, 0.04);
  EXPECT_DOUBLE_EQ(at.third_slope, 6 * 4e-4);
}

// 100 / 2 = 50 calls/s is where the rate is 0.
TEST(LoadLawTest, RateIsInfinitelySlowAtSaturation) {
  const LoadLaw law = Rate(-2, 100);
  EXPECT_DOUBLE_EQ(law.limit(), 50);
  EXPECT_TRUE(std::isinf(law.Mean(50)));
  EXPECT_NEAR(law.LoadOf(law.Mean(40)), 40, 1e-12);
}

TEST(LoadLawTest, SlopeThatIsNotNegativeDoesNotAnswer) {
  for (const double slope : {0.0, 0.5}) {
    const LoadLaw law = Rate(slope, 80);
    EXPECT_FALSE(law.answers());
    EXPECT_DOUBLE_EQ(law.Mean(1e6), 1.0 / 80);
  }
}

// Between loads 10 and 20 the logarithm is linear: at 15 the mean is sqrt(10 * 20) ms.
TEST(LoadLawTest, TableIsLogarithmicLinear) {
  const LoadLaw law = *LoadLaw::Of(Points());
  EXPECT_NEAR(law.Mean(15), std::sqrt(2e-4), 1e-15);
  EXPECT_NEAR(law.At(15).variance, 2e-4, 1e-15);
  EXPECT_DOUBLE_EQ(law.Mean(1), 0.01);
  EXPECT_NEAR(law.LoadOf(std::sqrt(2e-4)), 15, 1e-9);
  EXPECT_TRUE(std::isinf(law.Mean(40.1)));
}

TEST(LoadLawTest, TableThatFallsIsRaised) {
  std::vector<LoadPoint> points = Points();
  points[1].mean = 0.005;
  points[1].variance = 1e-5;
  const LoadLaw law = *LoadLaw::Of(points);
  EXPECT_GE(law.Mean(20), law.Mean(10));
  EXPECT_GE(law.At(20).variance, law.At(10).variance);
}

// The minimum of demand / w + price * mean(w), by ternary search over w: it is convex here, since
// the logarithm of the mean bends upwards.
double SearchedCost(const LoadLaw& law, double demand, double price, double low, double high) {
  const auto cost = [&](double load) { return demand / load + price * law.Mean(load); };
  for (int step = 0; step < 200; ++step) {
    const double a = low + (high - low) / 3;
    const double b = high - (high - low) / 3;
    (cost(a) < cost(b) ? high : low) = cost(a) < cost(b) ? b : a;
  }
  return cost(low);
}

TEST(LoadLawTest, CheapestIsTheMinimumOfContainersAndLatency) {
  for (const LoadLaw& law : {Rate(-2, 100), *LoadLaw::Of(Points())}) {
    const double high = law.exponential() ? 49.9 : 40;
    for (const double price : {10.0, 300.0, 1e4, 1e6}) {
      const LoadLaw::Choice choice = law.Cheapest(500, price, 1, high);
      const double cost = 500 / choice.load + price * choice.mean;
      EXPECT_NEAR(cost, SearchedCost(law, 500, price, 1, high), 1e-9 * cost) << price;
      EXPECT_NEAR(choice.mean, law.Mean(choice.load), 1e-12);
    }
  }
}

TEST(LoadLawTest, CheapestSlopeIsThatOfTheMeanByThePrice) {
  for (const LoadLaw& law : {Rate(-2, 100), *LoadLaw::Of(Points())}) {
    const double price = 2000;
    const double step = 1e-4 * price;
    const auto mean = [&](double at) { return law.Cheapest(500, at, 1, 40).mean; };
    const double slope = (mean(price + step) - mean(price - step)) / (2 * step);
    EXPECT_NEAR(law.Cheapest(500, price, 1, 40).slope, slope, 1e-6 * std::fabs(slope));
  }
}

TEST(LoadLawTest, RefusesWhatIsNoLaw) {
  EXPECT_FALSE(LoadLaw::Of(RateLaw{.slope = -1, .intercept = 0}).ok());
  EXPECT_FALSE(LoadLaw::Of(RateLaw{.slope = NAN, .intercept = 1}).ok());
  EXPECT_FALSE(LoadLaw::Of(RateLaw{.offset = INFINITY, .slope = -1, .intercept = 1}).ok());
  EXPECT_FALSE(LoadLaw::Of(std::vector<LoadPoint>{}).ok());
  std::vector<LoadPoint> points = Points();
  points[2].load = 20;
  EXPECT_FALSE(LoadLaw::Of(points).ok());
  points = Points();
  points[0].variance = 0;
  EXPECT_FALSE(LoadLaw::Of(points).ok());
}

}  // namespace
}  // namespace trimtab
