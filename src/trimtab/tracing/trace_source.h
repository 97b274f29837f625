// Port `TraceSource`: the spans of a world.
#pragma once

#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/quantity/time.h"
#include "trimtab/tracing/span.h"

namespace trimtab {

// Hands out sampled spans once, in the order in which they were reported: children before parents,
// traces interleaved, a trace possibly in several reads. A trace is complete only after the
// caller's settle delay. Thread-safety: one caller at a time.
class TraceSource {
 public:
  virtual ~TraceSource() = default;

  // Calls `sink` for each span reported since the last successful Read() and no later than `now`.
  // The span is valid during the call only. kUnavailable when the source cannot be reached: nothing
  // is lost, the next Read() starts where the last successful one ended.
  virtual absl::Status Read(Instant now, const std::function<void(const Span&)>& sink) = 0;

  // The share of requests that are traced, in (0, 1]: counts of traces divide by it.
  virtual double sampling_share() const = 0;
};

}  // namespace trimtab
