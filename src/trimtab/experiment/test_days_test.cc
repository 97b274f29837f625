#include "trimtab/experiment/test_days.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace trimtab {
namespace {

// Two operations of shares 0.5, the first always simple, the second never: exp(ln 3) times as much
// of the first is 3 of 4. 120 tickets times exp(ln 2.5) are 300.
TEST(TestDaysTest, ChangesWhatIsAskedForAndWhatThereIs) {
  ClusterScenario cluster;
  for (int i = 0; i < 2; ++i) cluster.entries.emplace_back().share = 0.5;
  StateSpec& tickets = cluster.states.emplace_back();
  tickets.initial = 40;
  tickets.most = 120;
  tickets.restock = RestockSpec{.every = std::chrono::minutes(20), .level = 100};
  const ClusterScenario changed =
      OnTestDays(cluster, {.operations = std::log(3), .stocks = std::log(2.5)}, {1, 0});
  EXPECT_NEAR(changed.entries[0].share / changed.entries[1].share, 3, 1e-12);
  EXPECT_EQ(changed.states[0].initial, 100);
  EXPECT_EQ(changed.states[0].most, 300);
  EXPECT_EQ(changed.states[0].restock->level, 250);
  EXPECT_EQ(changed.states[0].restock->every, std::chrono::minutes(20));
}

TEST(TestDaysTest, NoChangeIsTheScenarioItself) {
  ClusterScenario cluster;
  cluster.entries.emplace_back().share = 0.7;
  EXPECT_EQ(OnTestDays(cluster, {}, {0.4}).entries[0].share, 0.7);
}

// simple = 0.35 - 0.1 tanh(x), complex = 0.15 + 0.02 y + 0.01 x: 0.30 at x = atanh(0.5) = 0.549,
// 0.20 at y = (0.05 - 0.00549) / 0.02 = 2.225.
TEST(TestDaysTest, FindsTheDaysOfTheSharesWanted) {
  int trials = 0;
  const auto days = FindTestDays({.simple = 0.30, .complex = 0.20}, [&](const TestDays& at) {
    ++trials;
    return absl::StatusOr<SizeShares>(
        SizeShares{.simple = 0.35 - 0.1 * std::tanh(at.operations),
                   .complex = 0.15 + 0.02 * at.stocks + 0.01 * at.operations});
  });
  ASSERT_TRUE(days.ok());
  EXPECT_NEAR(days->operations, 0.549, 0.03);
  EXPECT_NEAR(days->stocks, 2.225, 0.12);
  EXPECT_LE(trials, 15);
}

// Where nothing answers the first days are as good as any.
TEST(TestDaysTest, DaysThatChangeNothingAreNotLookedForLong) {
  int trials = 0;
  const auto days = FindTestDays({.simple = 0.30, .complex = 0.20}, [&](const TestDays&) {
    ++trials;
    return absl::StatusOr<SizeShares>(SizeShares{.simple = 0.5, .complex = 0.5});
  });
  ASSERT_TRUE(days.ok());
  EXPECT_EQ(days->operations, 0);
  EXPECT_EQ(days->stocks, 0);
  EXPECT_EQ(trials, 3);
}

TEST(TestDaysTest, FailsAsWhatItMeasures) {
  EXPECT_TRUE(absl::IsCancelled(FindTestDays({}, [](const TestDays&) -> absl::StatusOr<SizeShares> {
                                  return absl::CancelledError("stopped");
                                }).status()));
}

}  // namespace
}  // namespace trimtab
