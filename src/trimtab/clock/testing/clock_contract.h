// What every `Clock` keeps to. A world runs it with INSTANTIATE_TEST_SUITE_P(World, ClockContract,
// testing::Values(factory)).
#pragma once

#include <functional>
#include <memory>

#include "gtest/gtest.h"
#include "trimtab/clock/clock.h"

namespace trimtab {

class ClockWorld {
 public:
  virtual ~ClockWorld() = default;
  virtual Clock& clock() = 0;
  // The world ends at once or shortly; waits for a later instant say so.
  virtual void End() = 0;
};
using ClockWorldFactory = std::function<std::unique_ptr<ClockWorld>()>;

class ClockContract : public testing::TestWithParam<ClockWorldFactory> {
 protected:
  std::unique_ptr<ClockWorld> world_ = GetParam()();
  Clock& clock_ = world_->clock();
};

TEST_P(ClockContract, WaitsUntilTheInstant) {
  const Instant target = clock_.Now() + std::chrono::milliseconds(3);
  EXPECT_TRUE(clock_.WaitUntil(target));
  EXPECT_GE(clock_.Now(), target);
}

TEST_P(ClockContract, TheNowAndThePastTakeNoWait) {
  ASSERT_TRUE(clock_.WaitUntil(clock_.Now() + std::chrono::milliseconds(2)));
  const Instant now = clock_.Now();
  EXPECT_TRUE(clock_.WaitUntil(now));
  EXPECT_TRUE(clock_.WaitUntil(now - std::chrono::milliseconds(1)));
}

TEST_P(ClockContract, NeverRunsBackwards) {
  Instant last = clock_.Now();
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(clock_.WaitUntil(last + std::chrono::microseconds(500)));
    ASSERT_GE(clock_.Now(), last);
    last = clock_.Now();
  }
}

TEST_P(ClockContract, AnEndedWorldSaysSo) {
  const Instant far = clock_.Now() + std::chrono::hours(10'000);
  world_->End();
  EXPECT_FALSE(clock_.WaitUntil(far));
  EXPECT_LT(clock_.Now(), far);
  EXPECT_FALSE(clock_.WaitUntil(far));
}

}  // namespace trimtab
