#include "trimtab/tracing/own_latency_window.h"

#include <gtest/gtest.h>

namespace trimtab {
namespace {

NameId Name(std::size_t number) { return NameId(number); }

TEST(ExactQuantileTest, IsTheSmallestSampleThatEnoughDoNotExceed) {
  std::vector<Duration> samples;
  for (int i = 100; i >= 1; --i) samples.emplace_back(i);
  EXPECT_EQ(ExactQuantile(samples, kP95), Duration(95));
  EXPECT_EQ(ExactQuantile(samples, kP50), Duration(50));
  EXPECT_EQ(ExactQuantile(samples, Quantile(0)), Duration(1));
  EXPECT_EQ(ExactQuantile(samples, Quantile(1)), Duration(100));
  std::vector<Duration> one = {Duration(7)};
  EXPECT_EQ(ExactQuantile(one, kP95), Duration(7));
}

// Pod 1 holds 1 to 20, P95 = 19; pod 2 holds 101 to 120, P95 = 119; the mean over pods is 69.
// Pooled, 38 of 40 samples are at most 118.
TEST(OwnLatencyWindowTest, TheMeanOverPodsIsNotThePooledQuantile) {
  OwnLatencyWindow window;
  for (int i = 1; i <= 20; ++i) {
    window.Add(Name(1), Name(11), Duration(i));
    window.Add(Name(1), Name(12), Duration(100 + i));
  }
  window.Add(Name(2), Name(11), Duration(5));
  const auto tails = window.Tails(kP95);
  ASSERT_EQ(tails.size(), 2);
  const TailOfMicroservice& tail = tails.at(Name(1));
  EXPECT_EQ(tail.mean_over_pods, Duration(69));
  EXPECT_EQ(tail.max_over_pods, Duration(119));
  EXPECT_EQ(tail.pooled, Duration(118));
  EXPECT_EQ(tail.pods, 2);
  EXPECT_EQ(tail.samples, 40);
  EXPECT_EQ(tails.at(Name(2)).mean_over_pods, Duration(5));
  EXPECT_EQ(window.samples(), 41);
}

TEST(OwnLatencyWindowTest, AClearedWindowIsEmpty) {
  OwnLatencyWindow window;
  window.Add(Name(1), Name(2), Duration(3));
  window.Clear();
  EXPECT_EQ(window.samples(), 0);
  EXPECT_TRUE(window.Tails(kP95).empty());
}

}  // namespace
}  // namespace trimtab
