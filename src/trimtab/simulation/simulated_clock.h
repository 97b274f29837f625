// Port `Clock` of the simulated cluster.
#pragma once

#include <atomic>
#include <optional>

#include "trimtab/clock/clock.h"
#include "trimtab/simulation/event_loop.h"

namespace trimtab {

// Time passes only inside WaitUntil(), which runs the cluster to the instant asked for.
// Thread-safety: as the port says; Now() from another thread is the end of the last wait.
class SimulatedClock : public Clock {
 public:
  // `loop` must outlive it. The world ends at `end`, never if that is absent.
  SimulatedClock(EventLoop& loop, std::optional<Instant> end) : loop_(loop), end_(end) {}

  Instant Now() const override { return Instant(Duration(now_.load())); }
  bool WaitUntil(Instant instant) override {
    if (instant <= Now()) return true;
    const bool over = end_ && instant > *end_;
    const SimNanos target = (over ? *end_ : instant).time_since_epoch().count();
    if (target > now_.load()) loop_.RunUntil(target);
    now_.store(std::max(target, now_.load()));
    return !over;
  }

 private:
  EventLoop& loop_;
  const std::optional<Instant> end_;
  std::atomic<SimNanos> now_{0};
};

}  // namespace trimtab
