// What the end-to-end predictor is fed and taught.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "trimtab/quantity/time.h"

namespace trimtab {

// Mean and maximum, over the containers of one microservice, of their P95 own latency (Grad eq. 6).
struct OwnLatency {
  Latency mean{0};
  Latency max{0};
  // REQUIRES: at least one container.
  static OwnLatency Of(std::span<const Latency> containers);
};

// Slopes of the end-to-end tail: ms per ms.
struct OwnLatencySlope {
  double by_mean = 0;
  double by_max = 0;
};

// One measurement of the whole application.
struct EndToEndSample {
  std::int64_t run = 0;  // samples of one run never part: they stand or fall together
  std::vector<OwnLatency>
      own_latency;  // one a token; as the latency models predict it (not measured)
  Latency tail{0};
  double relative_standard_error = 0;  // estimated, of `tail`
};

}  // namespace trimtab
