// Tests rates and latest values of single series, without a Monitor.
#include "trimtab/monitoring/series.h"

#include <limits>

#include "gtest/gtest.h"

namespace trimtab {
namespace {

using std::chrono::seconds;

Instant At(int second) { return Instant(seconds(second)); }
TimeWindow Window(int begin, int end) { return {At(begin), At(end)}; }

TEST(IncreaseOfTest, SumsDifferencesBetweenFirstAndLastPoint) {
  SeriesDefects defects;
  // 10 -> 16 -> 25 in 30 s: 15 in 30 s = 0.5 per second.
  const auto increase =
      IncreaseOf({{At(15), 10}, {At(30), 16}, {At(45), 25}}, Window(0, 50), defects);
  ASSERT_TRUE(increase);
  EXPECT_DOUBLE_EQ(increase->amount, 15);
  EXPECT_DOUBLE_EQ(increase->PerSecond(), 0.5);
  EXPECT_EQ(increase->span.end, At(45));
  EXPECT_EQ(defects.counter_resets, 0);
}

TEST(IncreaseOfTest, ARestartCountsFromZero) {
  SeriesDefects defects;
  // 100 -> 106 is 6, restart: 4 since 0, 4 -> 9 is 5; 15 in 45 s.
  const auto increase =
      IncreaseOf({{At(0), 100}, {At(15), 106}, {At(30), 4}, {At(45), 9}}, Window(-1, 45), defects);
  ASSERT_TRUE(increase);
  EXPECT_DOUBLE_EQ(increase->amount, 15);
  EXPECT_EQ(defects.counter_resets, 1);
}

TEST(IncreaseOfTest, AMissingScrapeWidensTheStepOnly) {
  SeriesDefects defects;
  const auto increase = IncreaseOf({{At(0), 0}, {At(45), 90}}, Window(-1, 45), defects);
  ASSERT_TRUE(increase);
  EXPECT_DOUBLE_EQ(increase->PerSecond(), 2);
}

TEST(IncreaseOfTest, OnePointIsNoRate) {
  SeriesDefects defects;
  EXPECT_FALSE(IncreaseOf({{At(10), 5}}, Window(0, 20), defects));
  EXPECT_FALSE(IncreaseOf({}, Window(0, 20), defects));
  // The window is open at its beginning: only the point at 20 lies inside.
  EXPECT_FALSE(IncreaseOf({{At(0), 1}, {At(20), 5}}, Window(0, 20), defects));
}

TEST(IncreaseOfTest, BadPointsAreSkippedAndCounted) {
  SeriesDefects defects;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto increase =
      IncreaseOf({{At(1), 1}, {At(2), nan}, {At(3), -1}, {At(1), 2}, {At(4), 7}, {At(99), 8}},
                 Window(0, 10), defects);
  ASSERT_TRUE(increase);
  EXPECT_DOUBLE_EQ(increase->amount, 6);
  EXPECT_EQ(defects.bad_points, 4);
}

TEST(MeanRateOverTest, IsTheRateWhereScrapesCoverTheWindow) {
  // 30 in 30 s, seen 7 s later than the window at both ends, spacing 15 s: steady, so 1 per second.
  const CounterIncrease steady{30, Window(7, 37), 3};
  EXPECT_DOUBLE_EQ(MeanRateOver(steady, Window(0, 30)), 1.0);
}

TEST(MeanRateOverTest, ALateStarterCountsOnlyFromItsStart) {
  // Points at 30 and 45 of a window 0..45: 15 s seen and half a spacing (7.5 s) before; the gap of
  // 30 s is above 1.1 * 15 s. Rate 2/s * 22.5 s / 45 s = 1.
  const CounterIncrease late{30, Window(30, 45), 2};
  EXPECT_DOUBLE_EQ(MeanRateOver(late, Window(0, 45)), 1.0);
}

TEST(MeanRateOverTest, WhatLiesOutsideTheWindowDoesNotCount) {
  const CounterIncrease earlier{30, Window(0, 15), 2};
  EXPECT_DOUBLE_EQ(MeanRateOver(earlier, Window(20, 50)), 0.0);
}

TEST(LatestOfTest, IsTheNewestGoodPoint) {
  SeriesDefects defects;
  const auto latest = LatestOf({{At(1), 5}, {At(2), 6}, {At(30), 7}}, Window(0, 10), defects);
  ASSERT_TRUE(latest);
  EXPECT_DOUBLE_EQ(latest->value, 6);
  EXPECT_EQ(latest->at, At(2));
  EXPECT_EQ(defects.bad_points, 1);
  EXPECT_FALSE(LatestOf({{At(1), 5}}, Window(1, 10), defects));
}

}  // namespace
}  // namespace trimtab
