#include "trimtab/workload/load_series.h"

#include <chrono>
#include <limits>

#include "gtest/gtest.h"

namespace trimtab {
namespace {

TEST(StepSeriesTest, EachValueHoldsToTheNextAndTheLastForEver) {
  const auto series = StepSeries::Create(std::chrono::seconds(10), {1, 2, 3});
  ASSERT_TRUE(series.ok());
  EXPECT_EQ(series->At(Duration(0)), 1);
  EXPECT_EQ(series->At(std::chrono::seconds(10) - Duration(1)), 1);
  EXPECT_EQ(series->At(std::chrono::seconds(10)), 2);
  EXPECT_EQ(series->At(std::chrono::hours(5)), 3);
}

TEST(StepSeriesTest, RefusesWhatIsNotARate) {
  EXPECT_FALSE(StepSeries::Create(std::chrono::seconds(1), {}).ok());
  EXPECT_FALSE(StepSeries::Create(std::chrono::seconds(1), {-1}).ok());
  EXPECT_FALSE(
      StepSeries::Create(std::chrono::seconds(1), {std::numeric_limits<double>::quiet_NaN()}).ok());
  EXPECT_FALSE(StepSeries::Create(Duration(0), {1}).ok());
}

}  // namespace
}  // namespace trimtab
