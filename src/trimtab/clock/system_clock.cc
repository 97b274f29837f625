#include "trimtab/clock/system_clock.h"

#include <chrono>
#include <mutex>

#include "trimtab/quantity/time.h"

namespace trimtab {
namespace {

Duration SteadyNow() {
  return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace

SystemClock::SystemClock()
    : offset_(std::chrono::duration_cast<Duration>(
                  std::chrono::system_clock::now().time_since_epoch()) -
              SteadyNow()) {}

Instant SystemClock::Now() const { return Instant(SteadyNow() + offset_); }

bool SystemClock::WaitUntil(Instant instant) {
  const std::chrono::steady_clock::time_point deadline(instant.time_since_epoch() - offset_);
  std::unique_lock lock(mutex_);
  return !wake_.wait_until(lock, deadline, [this] { return stopped_; });
}

void SystemClock::Stop() {
  const std::scoped_lock lock(mutex_);
  stopped_ = true;
  wake_.notify_all();
}

}  // namespace trimtab
