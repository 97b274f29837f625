// Jobs on several threads, their results in order.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/profiling/sample_row.h"

namespace trimtab {

// Runs work(i) for i in [first, last) on `threads` threads, the caller's among them, and hands each
// result to deliver(i, rows) in rising order of i, one at a time: what is delivered does not depend
// on the threads. The first error of either, in that order, ends it; so does `stop` (may be null)
// with kCancelled. Everything delivered before is a gapless prefix. REQUIRES: threads >= 1.
absl::Status RunInOrder(
    std::int64_t first, std::int64_t last, int threads, const std::atomic<bool>* stop,
    const std::function<absl::StatusOr<std::vector<SampleRow>>(std::int64_t)>& work,
    const std::function<absl::Status(std::int64_t, std::vector<SampleRow>)>& deliver);

}  // namespace trimtab
