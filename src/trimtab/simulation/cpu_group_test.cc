#include "trimtab/simulation/cpu_group.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "trimtab/probability/random_stream.h"

namespace trimtab {
namespace {

constexpr SimNanos kMs = 1'000'000;

// Runs one group on a host that grants whatever it wants, to completion of all frames; returns the
// instants at which they end, by frame.
class LoneGroup {
 public:
  explicit LoneGroup(const CpuGroupParameters& parameters, double speed = 1)
      : group(parameters, 0), speed_(speed) {}

  void StartAt(SimNanos time, double demand_ms, std::uint32_t frame) {
    RunTo(time);
    group.Advance(time);
    group.Start(demand_ms * kMs, frame);
    Settle();
  }
  // The end of the last frame.
  SimNanos Finish() {
    while (group.runnable() > 0) RunTo(group.NextMoment());
    return ended.back().second;
  }
  void RunTo(SimNanos until) {
    for (SimNanos t = group.NextMoment(); t <= until; t = group.NextMoment()) {
      group.Advance(t);
      std::uint32_t frame = 0;
      while (group.PopFinished(&frame)) ended.emplace_back(frame, t);
      Settle();
    }
  }

  CpuGroup group;
  std::vector<std::pair<std::uint32_t, SimNanos>> ended;

 private:
  void Settle() {
    group.Throttle();
    group.SetShare(group.want(), speed_);
  }
  double speed_;
};

// 0.5 cores: 50 ms of CPU in each 100 ms. 80 ms of demand at a boundary run 50 ms, stall 50 ms, run
// the remaining 30 ms: done after 130 ms.
TEST(CpuGroupTest, QuotaStopsTheGroupUntilTheBoundary) {
  LoneGroup lone({1, 0.5});
  lone.StartAt(0, 80, 7);
  EXPECT_EQ(lone.Finish(), 130 * kMs);
  EXPECT_EQ(lone.group.statistics().periods, 2U);
  EXPECT_EQ(lone.group.statistics().throttled_periods, 1U);
  EXPECT_DOUBLE_EQ(lone.group.statistics().throttled_nanos, 50.0 * kMs);
  EXPECT_DOUBLE_EQ(lone.group.statistics().used_nanos, 80.0 * kMs);
}

// Two threads burn the 50 ms in 25 ms of wall time. Each has 40 of its 65 ms left at 25 ms; from
// 100 ms another 25 each; from 200 ms the last 15: done at 215 ms.
TEST(CpuGroupTest, ParallelThreadsBurnTheQuotaTogether) {
  LoneGroup lone({2, 0.5});
  lone.StartAt(0, 65, 1);
  lone.StartAt(0, 65, 2);
  EXPECT_EQ(lone.Finish(), 215 * kMs);
  EXPECT_EQ(lone.ended.size(), 2U);
}

// Three frames on one core: demands 3, 6, 9 ms from 0. Sharing ends them at 9, 15 and 18 ms.
TEST(CpuGroupTest, SharesOneCoreEqually) {
  LoneGroup lone({1, 0});
  lone.StartAt(0, 3, 1);
  lone.StartAt(0, 6, 2);
  lone.StartAt(0, 9, 3);
  lone.Finish();
  const std::vector<std::pair<std::uint32_t, SimNanos>> expected = {
      {1, 9 * kMs}, {2, 15 * kMs}, {3, 18 * kMs}};
  EXPECT_EQ(lone.ended, expected);
}

// At speed 1/2 a demand of 40 ms burns 80 ms of CPU: contention causes throttling.
TEST(CpuGroupTest, StalledCyclesBurnQuota) {
  LoneGroup lone({1, 0.5}, 0.5);
  lone.StartAt(0, 40, 1);
  EXPECT_EQ(lone.Finish(), 130 * kMs);
}

TEST(CpuGroupTest, QuotaOfAtLeastTheParallelismChangesNothing) {
  for (const double quota : {2.0, 2.5, 7.0}) {
    LoneGroup capped({2, quota});
    LoneGroup free({2, 0});
    RandomStream stream(5, "demands");
    SimNanos t = 0;
    for (std::uint32_t i = 0; i < 5000; ++i) {
      t += static_cast<SimNanos>(stream.Exponential() * 3 * kMs);
      const double demand = stream.Exponential() * 5;
      capped.StartAt(t, demand, i);
      free.StartAt(t, demand, i);
    }
    capped.Finish();
    free.Finish();
    EXPECT_EQ(capped.ended, free.ended) << quota;
    EXPECT_EQ(capped.group.statistics().throttled_periods, 0U);
  }
}

// Used CPU never exceeds quota * period in any period, up to one nanosecond of rounding a core, and
// a period is throttled at most once.
TEST(CpuGroupTest, NoPeriodUsesMoreThanItsQuota) {
  constexpr double kQuota = 0.3;
  LoneGroup lone({4, kQuota, 100 * kMs, 17 * kMs});
  RandomStream stream(6, "demands");
  SimNanos t = 0;
  double before = 0;
  std::uint32_t frame = 0;
  SimNanos next_arrival = 0;
  for (int period = 0; period < 2000; ++period) {
    const SimNanos boundary = 17 * kMs + period * 100 * kMs;
    while (next_arrival < boundary) {
      lone.StartAt(next_arrival, stream.Exponential() * 5, frame++);
      next_arrival += static_cast<SimNanos>(stream.Exponential() * 18 * kMs);
    }
    lone.RunTo(boundary - 1);
    t = boundary;
    const double used = lone.group.UsedAt(t);
    ASSERT_LE(used - before, kQuota * 100 * kMs + 4) << "period " << period;
    before = used;
  }
  const CpuStatistics& statistics = lone.group.statistics();
  EXPECT_GT(statistics.throttled_periods, 500U);
  EXPECT_LE(statistics.throttled_periods, statistics.periods);
  EXPECT_LE(statistics.periods, 2001U);
}

// A larger quota takes effect at the next refill; what is left of the period stays.
TEST(CpuGroupTest, ANewQuotaWaitsForTheBoundary) {
  LoneGroup lone({1, 0.2});
  lone.StartAt(0, 60, 1);  // 20 ms by 20 ms, then throttled
  lone.RunTo(30 * kMs);
  lone.group.Advance(30 * kMs);
  lone.group.set_quota(0.8);
  EXPECT_TRUE(lone.group.throttled());
  EXPECT_EQ(lone.Finish(), 140 * kMs);  // the other 40 ms from 100 ms on
}

TEST(CpuGroupTest, ReadingUseDoesNotTouchTheState) {
  LoneGroup lone({1, 0.5});
  lone.StartAt(0, 80, 1);
  EXPECT_DOUBLE_EQ(lone.group.UsedAt(10 * kMs), 10.0 * kMs);
  EXPECT_DOUBLE_EQ(lone.group.statistics().used_nanos, 0);
}

}  // namespace
}  // namespace trimtab
