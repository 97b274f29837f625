#include "trimtab/latency/distribution_fit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace trimtab {
namespace {

TEST(DistributionFitTest, QuantilesLieBetweenOrderStatistics) {
  // Of four samples the i-th is the (i + 0.5) / 4 quantile: 0.125, 0.375, 0.625, 0.875.
  const std::vector<double> sorted = {1, 2, 4, 8};
  EXPECT_DOUBLE_EQ(SortedQuantile(sorted, 0.375), 2);
  EXPECT_DOUBLE_EQ(SortedQuantile(sorted, 0.5), 3);
  EXPECT_DOUBLE_EQ(SortedQuantile(sorted, 0.05), 1);
  EXPECT_DOUBLE_EQ(SortedQuantile(sorted, 0.95), 8);
}

TEST(DistributionFitTest, EvenWidthPointsAreTheEndsOfBins) {
  // Bins of width 1 from 0 to 4; shares of {0, 0.5, 1, 3, 4} up to 1, 2, 3 and 4.
  const std::vector<double> sorted = {0, 0.5, 1, 3, 4};
  const auto points = EvenWidthPoints(sorted, 4);
  ASSERT_EQ(points.size(), 4U);
  const double shares[] = {0.6, 0.6, 0.8, 1};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_DOUBLE_EQ(points[i].value, static_cast<double>(i + 1));
    EXPECT_DOUBLE_EQ(points[i].probability, shares[i]);
  }
}

TEST(DistributionFitTest, EvenProbabilityPointsAreAtMostOneASample) {
  EXPECT_EQ(EvenProbabilityPoints(std::vector<double>{1, 2}, 100).size(), 2U);
}

TEST(DistributionFitTest, FindsTheRateThatThePointsCameFrom) {
  for (const double rate : {1e-3, 1.0, 250.0, 1e6}) {
    std::vector<CdfPoint> points;
    for (int i = 0; i < 100; ++i) {
      const double p = (i + 0.5) / 100;
      points.push_back({-std::log1p(-p) / rate, p});
    }
    EXPECT_NEAR(FitExponentialRate(points, rate * 20) / rate, 1, 1e-6);
    EXPECT_NEAR(FitExponentialRate(points, rate / 20) / rate, 1, 1e-6);
  }
}

TEST(DistributionFitTest, FindsTheShapesThatThePointsCameFrom) {
  for (const BurrShape& truth : {BurrShape{.scale = 0.02, .power = 3, .tail = 1},
                                 BurrShape{.scale = 5, .power = 1.5, .tail = 2.5}}) {
    std::vector<CdfPoint> points;
    for (int i = 0; i < 200; ++i) {
      const double p = (i + 0.5) / 200;
      const double ratio = std::expm1(-std::log1p(-p) / truth.tail);
      points.push_back({truth.scale * std::pow(ratio, 1 / truth.power), p});
    }
    const BurrShape found = FitBurrShape(points, truth.tail == 1);
    EXPECT_NEAR(found.scale / truth.scale, 1, 1e-3);
    EXPECT_NEAR(found.power / truth.power, 1, 1e-3);
    EXPECT_NEAR(found.tail / truth.tail, 1, 1e-3);
  }
}

// 1 - exp(-value^0.5) is a Weibull law, the limit of Burr's as its scale and tail grow together.
TEST(DistributionFitTest, ReachesTheWeibullLimit) {
  std::vector<CdfPoint> points;
  for (int i = 0; i < 200; ++i) {
    const double p = (i + 0.5) / 200;
    points.push_back({std::log1p(-p) * std::log1p(-p), p});
  }
  const BurrShape found = FitBurrShape(points, false);
  for (const CdfPoint& point : points) {
    const double ratio = std::pow(point.value / found.scale, found.power);
    EXPECT_NEAR(-std::expm1(-found.tail * std::log1p(ratio)), point.probability, 0.01);
  }
}

}  // namespace
}  // namespace trimtab
