// One clock for all, and a stop for each who waits by it.
#pragma once

#include <algorithm>
#include <functional>
#include <stop_token>
#include <utility>

#include "trimtab/clock/clock.h"
#include "trimtab/clock/stoppable_wait.h"

namespace trimtab {

// Tells the time of another clock; its waits are of the real world and end with the stop token.
// For each second that it has waited, in one wait or in several, it calls `tick` on the thread that
// waits. Thread-safety: one caller of WaitUntil() at a time.
class LoopClock : public Clock {
 public:
  // `clock` must outlive it.
  LoopClock(const Clock& clock, std::stop_token stop, std::function<void()> tick)
      : clock_(clock), stop_(std::move(stop)), tick_(std::move(tick)) {}

  Instant Now() const override { return clock_.Now(); }
  bool WaitUntil(Instant instant) override {
    for (Instant now = Now(); now < instant; now = Now()) {
      const Duration pause = std::min<Duration>(instant - now, kTick - waited_);
      if (!WaitFor(pause, stop_)) return false;
      waited_ += pause;
      if (waited_ < kTick) continue;
      waited_ = Duration(0);
      tick_();
    }
    return !stop_.stop_requested();
  }

 private:
  static constexpr Duration kTick = std::chrono::seconds(1);

  const Clock& clock_;
  const std::stop_token stop_;
  const std::function<void()> tick_;
  Duration waited_{};  // since the last tick
};

}  // namespace trimtab
