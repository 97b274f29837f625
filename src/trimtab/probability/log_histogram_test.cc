#include "trimtab/probability/log_histogram.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "gtest/gtest.h"
#include "trimtab/probability/random_stream.h"

namespace trimtab {
namespace {

TEST(LogHistogramTest, QuantilesAreWithinHalfABinOfTheOrderStatistic) {
  RandomStream stream(3, "histogram");
  LogHistogram histogram(128);
  std::vector<double> values;
  for (int i = 0; i < 100000; ++i) {
    const auto value = static_cast<std::int64_t>(std::exp(15 + 2 * stream.Normal()));
    histogram.Add(value);
    values.push_back(static_cast<double>(value));
  }
  std::sort(values.begin(), values.end());
  for (const double q : {0.01, 0.5, 0.95, 0.99}) {
    const double exact = values[static_cast<std::size_t>(q * 100000)];
    EXPECT_NEAR(histogram.ValueAt(Quantile(q)) / exact, 1.0, 1.0 / 128) << q;
  }
}

TEST(LogHistogramTest, SmallValuesAreExact) {
  LogHistogram histogram(128);
  for (int i = 0; i < 100; ++i) histogram.Add(i);
  EXPECT_DOUBLE_EQ(histogram.CountAbove(49), 50);
  EXPECT_NEAR(histogram.ValueAt(kP50), 50, 1);
}

TEST(LogHistogramTest, MergeEqualsAddingAll) {
  LogHistogram all, left, right;
  for (int i = 1; i < 5000; ++i) {
    all.Add(i * 977);
    (i % 2 == 0 ? left : right).Add(i * 977);
  }
  left.Merge(right);
  EXPECT_EQ(left.total(), all.total());
  EXPECT_DOUBLE_EQ(left.ValueAt(kP95), all.ValueAt(kP95));
}

// With 2 bins an octave: 0 to 3 are exact, 4 and 5 share a bin, 6 and 7 another.
TEST(LogHistogramTest, GivesBackWhatWasCountedAtTheMiddleOfItsBin) {
  LogHistogram histogram(2);
  for (const std::int64_t value : {5, 3, 4, 7, 3}) histogram.Add(value);
  std::vector<double> values = {-1};
  histogram.AppendTo(values);
  EXPECT_EQ(values, (std::vector<double>{-1, 3, 3, 4.5, 4.5, 6.5}));
}

TEST(LogHistogramTest, ClearForgetsEverything) {
  LogHistogram histogram;
  histogram.Add(1 << 20);
  histogram.Clear();
  EXPECT_EQ(histogram.total(), 0U);
  EXPECT_EQ(histogram.CountAbove(0), 0);
}

}  // namespace
}  // namespace trimtab
