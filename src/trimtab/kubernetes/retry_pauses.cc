#include "trimtab/kubernetes/retry_pauses.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <optional>

#include "trimtab/quantity/time.h"

namespace trimtab {

Duration RetryPauses::After(int failures, std::optional<Duration> retry_after) {
  double uniform = 0;
  {
    const std::scoped_lock lock(mutex_);
    uniform = random_.Uniform();
  }
  const double doubled =
      std::ldexp(InSeconds(options_.first_pause), std::clamp(failures - 1, 0, 60));
  const double longest = std::min(doubled, InSeconds(options_.longest_pause));
  const Duration pause = SecondsToDuration(longest * (1 + uniform) / 2);
  // The server's own pause is spread too: it tells everyone the same.
  return retry_after ? std::max(pause, *retry_after + pause / 2) : pause;
}

}  // namespace trimtab
