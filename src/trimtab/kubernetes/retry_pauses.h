// How long to wait before asking again.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>

#include "trimtab/probability/random_stream.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

struct RetryOptions {
  int attempts = 5;  // in all
  Duration first_pause = std::chrono::milliseconds(200);
  Duration longest_pause = std::chrono::seconds(20);
  std::uint64_t seed = 1;
};

// Pauses that double from the first to the longest, each drawn uniformly from its upper half, so
// that many clients that lost a server together do not come back together.
// Thread-safety: safe; the order of calls decides who gets which draw.
class RetryPauses {
 public:
  RetryPauses(const RetryOptions& options, std::string_view name)
      : options_(options), random_(options.seed, name) {}

  // After `failures` failures in a row, at least 1; never shorter than what the server asked for.
  Duration After(int failures, std::optional<Duration> retry_after);

  const RetryOptions& options() const { return options_; }

 private:
  const RetryOptions options_;
  std::mutex mutex_;
  RandomStream random_;  // guarded by mutex_
};

}  // namespace trimtab
