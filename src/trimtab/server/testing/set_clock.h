// A clock that a test sets.
#pragma once

#include <atomic>

#include "trimtab/clock/clock.h"

namespace trimtab::testing {

class SetClock : public Clock {
 public:
  Instant Now() const override { return Instant(Duration(now_.load())); }
  bool WaitUntil(Instant instant) override {
    if (instant > Now()) now_ = instant.time_since_epoch().count();
    return true;
  }
  void Advance(Duration by) { now_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_ = std::int64_t{1'700'000'000'000'000'000};
};

}  // namespace trimtab::testing
