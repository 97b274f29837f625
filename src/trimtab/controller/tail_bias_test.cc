#include "trimtab/controller/tail_bias.h"

#include <cmath>
#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trimtab {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

Instant At(int second) { return Instant(seconds(second)); }
TimeWindow Window(int begin, int end) { return {At(begin), At(end)}; }

TEST(TailBiasTest, LearnsTheRatioByItsWeight) {
  TailBias bias({.weight = 0.5});
  bias.Predicted(At(0), Latency(100));
  bias.Measured(Window(0, 60), Latency(144), 100);
  // Half of log 1.44 is log 1.2.
  EXPECT_NEAR(bias.correction(), 1.2, 1e-12);
  bias.Measured(Window(60, 120), Latency(144), 100);
  EXPECT_NEAR(bias.correction(), std::pow(1.44, 0.75), 1e-12);
}

TEST(TailBiasTest, ComparesWithTheMeanPredictionOfTheWindow) {
  TailBias bias({.weight = 1});
  bias.Predicted(At(0), Latency(100));
  bias.Predicted(At(45), Latency(200));
  // 45 s of 100 ms and 15 s of 200 ms: 125 ms.
  bias.Measured(Window(0, 60), Latency(150), 100);
  EXPECT_NEAR(bias.correction(), 1.2, 1e-12);
  // Later windows see only the second.
  bias.Measured(Window(60, 120), Latency(220), 100);
  EXPECT_NEAR(bias.correction(), 1.1, 1e-12);
}

TEST(TailBiasTest, StaysInsideItsBounds) {
  TailBias bias({.weight = 1, .least = 0.5, .most = 2});
  bias.Predicted(At(0), Latency(100));
  bias.Measured(Window(0, 60), Latency(5000), 100);
  EXPECT_DOUBLE_EQ(bias.correction(), 2);
  bias.Measured(Window(0, 60), Latency(1), 100);
  EXPECT_DOUBLE_EQ(bias.correction(), 0.5);
}

// A hundred times the prediction counts as twice: half of log 2, and half of that is left after one
// window as predicted.
TEST(TailBiasTest, AQueueThatBuiltUpIsSoonForgotten) {
  TailBias bias({.weight = 0.5, .least = 0.5, .most = 2});
  bias.Predicted(At(0), Latency(100));
  bias.Measured(Window(0, 60), Latency(10'000), 100);
  EXPECT_NEAR(bias.correction(), std::sqrt(2.0), 1e-12);
  bias.Measured(Window(60, 120), Latency(100), 100);
  EXPECT_NEAR(bias.correction(), std::pow(2.0, 0.25), 1e-12);
}

TEST(TailBiasTest, IgnoresWhatTeachesNothing) {
  TailBias bias({.weight = 1});
  bias.Measured(Window(0, 60), Latency(150), 100);  // nothing was predicted
  bias.Predicted(At(40), Latency(100));
  bias.Measured(Window(0, 60), Latency(150), 100);  // for 20 s of 60
  bias.Measured(Window(40, 60), Latency(150), 19);  // too few traces
  bias.Measured(Window(40, 60), Latency(std::numeric_limits<double>::quiet_NaN()), 100);
  bias.Measured(Window(40, 60), Latency(0), 100);
  EXPECT_DOUBLE_EQ(bias.correction(), 1);
  bias.Predicted(At(60), std::nullopt);
  bias.Predicted(At(61), Latency(-5));
  bias.Measured(Window(60, 120), Latency(150), 100);
  EXPECT_DOUBLE_EQ(bias.correction(), 1);
}

TEST(TailBiasTest, ForgetsOnReset) {
  TailBias bias({.weight = 1});
  bias.Predicted(At(0), Latency(100));
  bias.Measured(Window(0, 60), Latency(150), 100);
  bias.Reset();
  EXPECT_DOUBLE_EQ(bias.correction(), 1);
  bias.Measured(Window(0, 60), Latency(150), 100);
  EXPECT_DOUBLE_EQ(bias.correction(), 1);  // the old prediction is gone too
}

TEST(TailBiasOptionsTest, NamesEveryViolation) {
  const std::string words =
      TailBiasOptions{.weight = 2, .least = 0, .most = 0.5, .fewest_traces = 0}
          .Validate()
          .ToString();
  EXPECT_THAT(words, HasSubstr("weight is 2, must lie in [0, 1]"));
  EXPECT_THAT(words, HasSubstr("least is 0, must lie in (0, 1]"));
  EXPECT_THAT(words, HasSubstr("most is 0.5, must lie in [1, 100]"));
  EXPECT_THAT(words, HasSubstr("fewest traces is 0"));
}

}  // namespace
}  // namespace trimtab
