// The clock of the real world.
#pragma once

#include <condition_variable>
#include <mutex>

#include "trimtab/clock/clock.h"

namespace trimtab {

// Counts from the Unix epoch at construction and then steadily, also while the process is stopped
// or the machine sleeps: a step of the wall clock does not move it. Thread-safety: every method may
// be called from any thread.
class SystemClock : public Clock {
 public:
  SystemClock();

  Instant Now() const override;
  bool WaitUntil(Instant instant) override;

  // Ends present and future waits: they return false.
  void Stop();

 private:
  const Duration offset_;  // epoch time minus time since boot, fixed at construction
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopped_ = false;
};

}  // namespace trimtab
