#include "trimtab/clock/stoppable_wait.h"

#include <chrono>
#include <stop_token>
#include <thread>

#include "gtest/gtest.h"
#include "trimtab/clock/system_clock.h"

namespace trimtab {
namespace {

TEST(StoppableWaitTest, WaitsForTheWholeTime) {
  const SystemClock clock;
  const Instant before = clock.Now();
  EXPECT_TRUE(WaitFor(std::chrono::milliseconds(5), {}));
  EXPECT_GE(clock.Now() - before, std::chrono::milliseconds(5));
}

TEST(StoppableWaitTest, AStopEndsItAtOnce) {
  std::stop_source stop;
  std::thread stopper([&stop] { stop.request_stop(); });
  EXPECT_FALSE(WaitFor(std::chrono::hours(1), stop.get_token()));
  stopper.join();
  EXPECT_FALSE(WaitFor(std::chrono::hours(1), stop.get_token()));
}

}  // namespace
}  // namespace trimtab
