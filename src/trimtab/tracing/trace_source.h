// Port `TraceSource`: the spans of a world.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/quantity/time.h"
#include "trimtab/tracing/span.h"

namespace trimtab {

// What became of the spans that a source was to hand out, since it began. A window in which
// anything but the first three has grown is not the whole truth.
struct SpanAccount {
  std::uint64_t received = 0;
  std::uint64_t handed_out = 0;
  std::uint64_t traces = 0;             // that they were of
  std::uint64_t refused = 0;            // spans with wrong ids, times or names
  std::uint64_t dropped = 0;            // spans without room, or of traces that cannot be whole
  std::uint64_t late = 0;               // spans that came after their trace was handed out
  std::uint64_t unfinished = 0;         // traces that were handed out without their root
  std::uint64_t bad_requests = 0;       // whose spans nobody could count
  std::uint64_t deferred_requests = 0;  // turned away for want of room, to be sent again
};

// Hands out sampled spans once: either in the order in which they were reported, children before
// parents, traces interleaved, a trace possibly in several reads and complete only after the
// caller's settle delay; or whole trace after whole trace, as whole_after() tells.
// Thread-safety: one caller at a time.
class TraceSource {
 public:
  virtual ~TraceSource() = default;

  // Calls `sink` for each span reported since the last successful Read() and no later than `now`.
  // The span is valid during the call only. kUnavailable when the source cannot be reached: nothing
  // is lost, the next Read() starts where the last successful one ended.
  virtual absl::Status Read(Instant now, const std::function<void(const Span&)>& sink) = 0;

  // The share of requests that are traced, in (0, 1]: counts of traces divide by it.
  virtual double sampling_share() const = 0;

  // Of a source that hands out whole traces: how long after its end a trace is handed out at the
  // latest. It has settled there, and is not to wait again. Nothing: spans come one by one.
  virtual std::optional<Duration> whole_after() const { return std::nullopt; }

  // A source that sees every span as it happens has nothing to account for.
  virtual SpanAccount account() const { return {}; }

  // How old the traces of the last Read() are that were handed out without their root: their
  // requests have taken that long at least.
  virtual std::vector<Duration> unfinished_ages() const { return {}; }
};

}  // namespace trimtab
