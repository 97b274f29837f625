// A clock that a test moves.
#pragma once

#include <algorithm>

#include "trimtab/clock/clock.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// Thread-safety: none.
class HandClock : public Clock {
 public:
  Instant Now() const override { return now; }
  bool WaitUntil(Instant instant) override {
    now = std::max(now, instant);
    return true;
  }
  Instant now{};
};

}  // namespace trimtab
