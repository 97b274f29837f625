#include "trimtab/interference/interference_player.h"

#include <chrono>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "trimtab/application/interference.h"

namespace trimtab {
namespace {

using std::chrono::seconds;

class FakeClock : public Clock {
 public:
  Instant Now() const override { return now_; }
  bool WaitUntil(Instant instant) override {
    now_ = std::max(now_, instant);
    return true;
  }

 private:
  Instant now_{seconds(100)};  // series count from where the player starts, not from zero
};

class FakeInjector : public AnomalyInjector {
 public:
  absl::StatusOr<AnomalyId> Inject(const Anomaly& anomaly) override {
    if (fails) return absl::UnavailableError("no injector");
    injected.push_back(anomaly);
    return AnomalyId(injected.size());
  }
  absl::Status Remove(AnomalyId) override { return absl::OkStatus(); }
  std::vector<Anomaly> injected;
  bool fails = false;
};

InterferencePlayer::Series CpuSeries() {
  InterferencePlayer::Series series;
  series[0] = *StepSeries::Create(seconds(20), {0.25, 0, 0.5});
  return series;
}

TEST(InterferencePlayerTest, InjectsEachStepOnEveryHostWhenItBegins) {
  FakeClock clock;
  FakeInjector injector;
  const auto series = CpuSeries();
  InterferencePlayer player(clock, injector, series, {.hosts = 2, .stopped = {}});
  EXPECT_TRUE(player.WaitUntil(Instant(seconds(119))));
  ASSERT_EQ(injector.injected.size(), 2U);
  EXPECT_EQ(injector.injected[1].host, HostId(1));
  EXPECT_EQ(injector.injected[1].intensity, Ratio(0.25));
  EXPECT_EQ(injector.injected[1].end, Instant(seconds(120)));
  EXPECT_TRUE(player.WaitUntil(Instant(seconds(150))));
  // Nothing from 120 s to 140 s, where the series is 0; then the last value.
  ASSERT_EQ(injector.injected.size(), 4U);
  EXPECT_EQ(injector.injected[3].start, Instant(seconds(140)));
  EXPECT_EQ(injector.injected[3].intensity, Ratio(0.5));
}

TEST(InterferencePlayerTest, AFailedInjectionEndsTheWaitWithItsReason) {
  FakeClock clock;
  FakeInjector injector;
  injector.fails = true;
  const auto series = CpuSeries();
  InterferencePlayer player(clock, injector, series, {.hosts = 1, .stopped = {}});
  EXPECT_FALSE(player.WaitUntil(Instant(seconds(110))));
  EXPECT_EQ(player.status().code(), absl::StatusCode::kUnavailable);
}

TEST(InterferencePlayerTest, StopsWhenAsked) {
  FakeClock clock;
  FakeInjector injector;
  const auto series = CpuSeries();
  InterferencePlayer player(clock, injector, series, {.hosts = 1, .stopped = [] { return true; }});
  EXPECT_FALSE(player.WaitUntil(Instant(seconds(110))));
  EXPECT_TRUE(player.status().ok());
}

}  // namespace
}  // namespace trimtab
