#include "trimtab/endtoend/own_latency.h"

#include <algorithm>
#include <span>

#include "trimtab/quantity/time.h"

namespace trimtab {

OwnLatency OwnLatency::Of(std::span<const Latency> containers) {
  OwnLatency summary{.mean = Latency(0), .max = containers[0]};
  for (const Latency each : containers) {
    summary.mean += each;
    summary.max = std::max(summary.max, each);
  }
  summary.mean /= static_cast<double>(containers.size());
  return summary;
}

}  // namespace trimtab
