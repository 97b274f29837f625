// A P95 with the error that its finite sample leaves, from batches in time.
#pragma once

#include <cstddef>
#include <vector>

#include "trimtab/probability/log_histogram.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

struct TailEstimate {
  Latency tail{0};
  double relative_standard_error = 0;  // 1 when there is too little to say
};

inline constexpr std::size_t kTailBatches = 20;

// From latencies in nanoseconds, in the order in which the requests ended. The standard error of
// the quantile is that of the share above it, from kTailBatches batch means, times the slope of the
// quantile function that far to both sides of it: a step between two modes within reach of the
// error counts, where a fixed window misses it. Under Latin hypercube streams it is pessimistic, as
// the batches share strata. Cost: two selections, some 20 ns a latency. Reorders nothing.
TailEstimate EstimateTail(const std::vector<float>& latencies);

// The same from one histogram a batch.
TailEstimate EstimateTail(const std::vector<LogHistogram>& batches);

}  // namespace trimtab
