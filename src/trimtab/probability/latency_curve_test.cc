#include "trimtab/probability/latency_curve.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

#include "gtest/gtest.h"
#include "trimtab/probability/gamma_distribution.h"

namespace trimtab {
namespace {

LatencyCurve ExponentialCurve(double start, double step, std::size_t cells) {
  LatencyCurve curve;
  curve.start = start;
  curve.step = step;
  for (std::size_t m = 0; m <= cells; ++m) {
    curve.within.push_back(-std::expm1(-step * static_cast<double>(m)));
  }
  return curve;
}

TEST(LatencyCurveTest, InterpolatesBetweenItsPoints) {
  const LatencyCurve curve = ExponentialCurve(1, 0.05, 800);
  EXPECT_EQ(curve.At(0.999), 0);
  EXPECT_NEAR(curve.At(1.123), 1 - std::exp(-0.123), 1e-6);
  EXPECT_EQ(curve.At(100), 1);
  EXPECT_NEAR(curve.TimeOf(0.95), 1 + std::log(20.0), 1e-6);
}

TEST(LatencyCurveTest, AConstantIsAStep) {
  const LatencyCurve curve{.start = 2, .step = 1, .within = {1.0}};
  EXPECT_EQ(curve.At(1.99), 0);
  EXPECT_EQ(curve.At(2), 1);
  EXPECT_EQ(curve.TimeOf(0.5), 2);
}

// Before the start, inside, at the last point and beyond it, in numbers that no vector divides.
TEST(LatencyCurveTest, SamplesAsItEvaluates) {
  LatencyCurve curve = ExponentialCurve(1, 0.05, 37);
  for (const bool complete : {true, false}) {
    curve.complete = complete;
    for (const double by : {0.0, 0.013, 0.05, 0.31}) {
      std::vector<double> values(61);
      curve.Sample(0.9, by, values);
      for (std::size_t m = 0; m < values.size(); ++m) {
        const double time = 0.9 + static_cast<double>(m) * by;
        // A cubic through points 0.05 apart misses 1 - exp(-x) by (3 / 128) 0.05^4 in the middle of
        // four points, and ten times that in a cell at the end.
        const double exact = time < 1 ? 0 : -std::expm1(1 - std::min(time, 2.85));
        EXPECT_NEAR(values[m], complete && time > 2.85 + 1e-9 ? 1 : exact, 2e-6) << time;
        EXPECT_NEAR(values[m], curve.At(time), 1e-14) << time;
      }
    }
  }
}

TEST(ConvolveTest, IsTheSumOfProducts) {
  for (const std::size_t count : {1U, 5U, 31U, 32U, 33U, 100U}) {
    std::vector<double> weights(count / 2 + 1);
    std::vector<double> values(count);
    for (std::size_t m = 0; m < weights.size(); ++m) weights[m] = 1.0 / static_cast<double>(m + 1);
    for (std::size_t n = 0; n < count; ++n) values[n] = std::sin(static_cast<double>(n));
    std::vector<double> expected(count, 0.0);
    for (std::size_t n = 0; n < count; ++n) {
      for (std::size_t m = 0; m < weights.size() && m <= n; ++m) {
        expected[n] += weights[m] * values[n - m];
      }
    }
    Convolve(weights, values);
    EXPECT_EQ(values, expected) << count;
  }
}

// Total 1 and mean 1, for cells much narrower and much wider than the law.
TEST(HatWeightsTest, KeepTheProbabilityAndTheMean) {
  const LatencyCurve curve = ExponentialCurve(0, 0.02, 2000);
  for (const double step : {0.01, 0.5, 3.0, 50.0}) {
    const std::vector<double> weights = HatWeights(curve, step, 10'000);
    double mean = 0;
    for (std::size_t m = 0; m < weights.size(); ++m)
      mean += weights[m] * step * static_cast<double>(m);
    EXPECT_NEAR(std::accumulate(weights.begin(), weights.end(), 0.0), 1, 1e-7) << step;
    EXPECT_NEAR(mean, 1, 1e-6) << step;
  }
}

TEST(PowerOfWeightsTest, IsRepeatedConvolution) {
  EXPECT_EQ(PowerOfWeights({0.5, 0.5}, 3, 10), (std::vector<double>{0.125, 0.375, 0.375, 0.125}));
  EXPECT_EQ(PowerOfWeights({0.5, 0.5}, 3, 2), (std::vector<double>{0.125, 0.375}));
  EXPECT_EQ(PowerOfWeights({0.5, 0.5}, 0, 2), (std::vector<double>{1.0}));
}

// x = t is linear, so the recursion is exact: y = t - (1 - e^-at) / a.
TEST(ConvolveExponentialTest, IsExactForALine) {
  for (const double rate : {1e-6, 1e-3, 0.5, 3.0, 1e4}) {
    std::vector<double> line;
    for (int m = 0; m <= 20; ++m) line.push_back(0.1 * m);
    ConvolveExponential(rate, 0.1, line);
    EXPECT_NEAR(line[20], 2.0 + std::expm1(-2.0 * rate) / rate, 1e-12) << rate;
  }
}

// Chi-squared tables: shapes 1/2, 5 and 50 at their 95 %; the median of a shape of 1e6.
// P(a + 1, x) = P(a, x) - x^a e^-x / Gamma(a + 1), across the shape at which the method changes.
TEST(GammaDistributionTest, LargeShapesContinueTheSeries) {
  const double shape = 1e4 - 0.5;
  for (const double deviations : {-8.0, -3.0, -1.0, -0.005, 0.0, 0.5, 2.0, 6.0}) {
    const double x = shape + 100 * deviations;
    const double step = std::exp(shape * std::log(x) - x - std::lgamma(shape + 1));
    EXPECT_NEAR(GammaDistribution(shape + 1).Within(x), GammaDistribution(shape).Within(x) - step,
                2e-11)  // ln Gamma(shape) is 8e4, of which the last bit is 1.5e-11
        << deviations;
  }
  EXPECT_EQ(GammaDistribution(1e6).Within(2e6), 1);
  EXPECT_EQ(GammaDistribution(1e6).Within(5e5), 0);
}

TEST(GammaDistributionTest, GivesKnownValues) {
  EXPECT_NEAR(GammaDistribution(0.5).Within(3.841458820694124 / 2), 0.95, 1e-13);
  EXPECT_NEAR(GammaDistribution(5).Within(18.307038053275146 / 2), 0.95, 1e-13);
  EXPECT_NEAR(GammaDistribution(50).Within(124.34211340400407 / 2), 0.95, 1e-12);
  EXPECT_NEAR(GammaDistribution(1e6).Within(1e6 - 1.0 / 3), 0.5, 1e-9);
  EXPECT_NEAR(GammaDistribution(1).Within(0.1), -std::expm1(-0.1), 1e-14);
  EXPECT_EQ(GammaDistribution(2).Within(0), 0);
  EXPECT_EQ(GammaDistribution(2).Within(1e4), 1);
  EXPECT_LT(1 - GammaDistribution(3).Within(GammaDistribution(3).Above(20)), std::exp(-20.0));
}

// Over 0 to where 1e-13 is left, in the cells of a coarse and of a fine grid: a sweep is Within(),
// to the 1e-8 that the quintics may miss.
TEST(GammaDistributionTest, SweepsAsItEvaluatesPointByPoint) {
  for (const double shape : {0.05, 0.5, 0.99, 1.0, 1.7, 5.3, 60.0, 1e4, 4e6}) {
    const GammaDistribution gamma(shape);
    const double low = std::max(0.0, shape - 8 * std::sqrt(shape));
    for (const std::size_t cells : {16U, 256U, 512U}) {
      const double step = (gamma.Above(30) - low) / static_cast<double>(cells);
      std::vector<double> within(cells + 1);
      gamma.Sweep(low - 0.5 * step, step, within);
      for (std::size_t m = 0; m <= cells; ++m) {
        const double x = low + (static_cast<double>(m) - 0.5) * step;
        ASSERT_NEAR(within[m], gamma.Within(x), 1e-8) << shape << " at " << x << ", step " << step;
      }
    }
  }
}

}  // namespace
}  // namespace trimtab
