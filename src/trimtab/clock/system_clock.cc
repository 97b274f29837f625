#include "trimtab/clock/system_clock.h"

#include <time.h>

#include <algorithm>
#include <chrono>
#include <mutex>

#include "trimtab/quantity/time.h"

namespace trimtab {
namespace {

// A wait of the standard library stands still while the machine sleeps, too.
constexpr Duration kLongestWait = std::chrono::minutes(1);

// std::chrono::steady_clock stands still while the machine sleeps; a lease does not.
Duration SinceBoot() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

}  // namespace

SystemClock::SystemClock()
    : offset_(std::chrono::duration_cast<Duration>(
                  std::chrono::system_clock::now().time_since_epoch()) -
              SinceBoot()) {}

Instant SystemClock::Now() const { return Instant(SinceBoot() + offset_); }

bool SystemClock::WaitUntil(Instant instant) {
  std::unique_lock lock(mutex_);
  for (Instant now = Now(); now < instant; now = Now()) {
    const Duration pause = std::min<Duration>(instant - now, kLongestWait);
    if (wake_.wait_for(lock, pause, [this] { return stopped_; })) break;
  }
  return !stopped_;
}

void SystemClock::Stop() {
  const std::scoped_lock lock(mutex_);
  stopped_ = true;
  wake_.notify_all();
}

}  // namespace trimtab
