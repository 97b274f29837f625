#include "trimtab/tracing/class_windows.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trimtab {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

Instant Seconds(double seconds) {
  return Instant(Duration(static_cast<std::int64_t>(seconds * 1e9)));
}

TEST(ClassWindowsTest, CountsByTheStartOfTheTrace) {
  ClassWindows windows(std::chrono::seconds(30));
  windows.Add(Seconds(0), 0, 1);
  windows.Add(Seconds(29.9), 0, 2);
  windows.Add(Seconds(65), 1, 1);
  windows.Add(Seconds(1), 1, 1);
  ASSERT_EQ(windows.counts().size(), 2U);  // nothing starts from 30 to 60 s
  const ClassWindows::Count& first = windows.counts().at(Seconds(0));
  EXPECT_EQ(first.traces, 3U);
  EXPECT_THAT(first.by_tree, ElementsAre(Pair(0, 2), Pair(1, 1)));
  EXPECT_THAT(first.by_arguments, ElementsAre(Pair(1, 2), Pair(2, 1)));
  EXPECT_EQ(windows.counts().at(Seconds(60)).traces, 1U);
}

TEST(ClassWindowsTest, WithoutAWindowThereIsOne) {
  ClassWindows windows{Duration(0)};
  windows.Add(Seconds(5), 0, 0);
  windows.Add(Seconds(5000), 0, 0);
  ASSERT_EQ(windows.counts().size(), 1U);
  EXPECT_EQ(windows.counts().begin()->second.traces, 2U);
}

TEST(ClassWindowsTest, WhatDoesNotFitIsCounted) {
  ClassWindows windows(std::chrono::seconds(1), 4);
  for (int second = 0; second < 5; ++second) windows.Add(Seconds(second), 0, 0);
  windows.Add(Seconds(0), 0, 0);  // its counters are there
  EXPECT_EQ(windows.counts().size(), 2U);
  EXPECT_EQ(windows.left_out(), 3U);
  EXPECT_EQ(windows.counts().at(Seconds(0)).traces, 2U);
}

}  // namespace
}  // namespace trimtab
