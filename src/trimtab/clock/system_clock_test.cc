#include "trimtab/clock/system_clock.h"

#include <chrono>
#include <thread>

#include "gtest/gtest.h"

namespace trimtab {
namespace {

TEST(SystemClockTest, WaitsUntilTheInstant) {
  SystemClock clock;
  const Instant target = clock.Now() + std::chrono::milliseconds(5);
  EXPECT_TRUE(clock.WaitUntil(target));
  EXPECT_GE(clock.Now(), target);
}

TEST(SystemClockTest, StopEndsAWaitAndEveryLaterOne) {
  SystemClock clock;
  const Instant far = clock.Now() + std::chrono::hours(1);
  std::thread stopper([&clock] { clock.Stop(); });
  EXPECT_FALSE(clock.WaitUntil(far));
  stopper.join();
  EXPECT_FALSE(clock.WaitUntil(far));
}

}  // namespace
}  // namespace trimtab
