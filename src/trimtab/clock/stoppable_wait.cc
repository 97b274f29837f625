#include "trimtab/clock/stoppable_wait.h"

#include <condition_variable>
#include <mutex>
#include <stop_token>

#include "trimtab/quantity/time.h"

namespace trimtab {

bool WaitFor(Duration duration, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, duration, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace trimtab
