// From the spans of one trace to visits of microservices, their callers and their own latencies.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "trimtab/tracing/span_record.h"

namespace trimtab {

// Connected spans of one service: the server span, what it does inside, and its client spans.
struct Visit {
  NameId service;
  NameId operation;  // of the topmost span
  NameId pod;
  std::uint32_t caller = 0;  // index of the calling visit; the entry, visit 0, has none
  std::uint32_t spans = 0;
  Instant start;  // of the topmost span
  Instant end;
  // Grad VI-A with the union of the calls in place of their sum: the time from start to end that is
  // covered by no call to another service. Never negative.
  Duration own_latency{0};
  // Response times of its callees, added up: of all of them, as long as they took.
  Duration responses{0};
  // For how long its caller waits: its client span, or the visit itself, clipped to the caller.
  // Longer than the visit by the time on the way. 0 for the entry and for what nobody waits for.
  Duration waited{0};

  Duration duration() const { return end - start; }
  // Own latency as Derm III and its authors' program have it: the response time less those of all
  // callees. Below 0 where calls overlap or nobody waits for them; they drop what is not above 0.
  Duration plain_own_latency() const { return duration() - responses; }
};

// A trace whose spans hang together below one entry. Callers come before their callees.
struct TraceVisits {
  std::vector<Visit> visits;
  // The callees of visit v, in order of start, then end, then name, are
  // callees[callee_begin[v]] up to callees[callee_begin[v + 1]].
  std::vector<std::uint32_t> callees;
  std::vector<std::uint32_t> callee_begin;
  std::uint16_t argument_classes = 0;  // of the entry's topmost span
  bool is_error = false;               // so is this

  std::span<const std::uint32_t> CalleesOf(std::size_t visit) const {
    return std::span(callees).subspan(callee_begin[visit],
                                      callee_begin[visit + 1] - callee_begin[visit]);
  }
};

// What was found and put right in the traces so far. Times of a call are those of the callee's
// topmost span against the span of the caller that it hangs on.
struct VisitCounts {
  std::uint64_t whole_traces = 0;
  // Traces that are left out, by reason.
  std::uint64_t without_root = 0;   // their parents form a circle
  std::uint64_t several_roots = 0;  // spans are missing, or were never there
  std::uint64_t too_deep = 0;       // more visits above one another than the bound
  // In whole traces.
  std::uint64_t duplicate_spans = 0;  // same id in one trace; the first is kept
  std::uint64_t missing_parents = 0;  // the entry names a parent that is not in the trace
  std::uint64_t calls = 0;
  std::uint64_t calls_at_client = 0;      // measured at the caller's client span
  std::uint64_t calls_outliving = 0;      // end after the caller's span: clipped
  std::uint64_t calls_before_caller = 0;  // start before the caller's span: clock skew, moved
  std::uint64_t calls_asynchronous = 0;   // nobody waits for them: not subtracted
};

// Turns the spans of one trace after another into visits.
//
// Which span of the caller stands for a call: the span that the callee hangs on, if it is a client
// or producer span. In a trace without any span kinds it is taken for one when it is not the top of
// its visit and has no other child. Without a client span the callee's own span is the call; when
// that starts before the caller's span, the clocks of the two hosts disagree, and it is moved to
// start with it. A callee that starts after its caller's end, or that follows from it, or whose
// kind is consumer, is asynchronous. Calls are clipped to the visit they are part of.
// Thread-safety: none. Cost: about 60 ns a span; no allocation once the buffers have grown.
class VisitBuilder {
 public:
  struct Options {
    // Visits above one another. Deeper traces are broken instrumentation or an attack.
    int most_levels = 200;
  };

  VisitBuilder() : VisitBuilder(Options{}) {}
  explicit VisitBuilder(Options options) : options_(options) {}

  // The visits of the trace, valid until the next call; null when the trace is left out.
  // `names` orders siblings that start and end together.
  const TraceVisits* Build(std::span<const SpanRecord> spans, const NameTable& names);

  const VisitCounts& counts() const { return counts_; }

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;
  // While a span's visit is being looked for; meeting it again means a circle.
  static constexpr std::uint32_t kInProgress = 0xfffffffe;

  struct Call {
    std::uint32_t visit = 0;
    Instant start;
    Instant end;
  };

  void CopyUnique(std::span<const SpanRecord> spans);
  std::uint32_t Find(std::uint64_t id) const;
  bool FindParents();
  bool FormVisits();
  bool PlaceSpan(std::uint32_t span);
  void OrderCallees(const NameTable& names);
  bool IsClientSpan(std::uint32_t span, std::uint32_t visit) const;
  // When the caller waits for the visit, clipped to the caller; nothing when it does not wait.
  std::optional<std::pair<Instant, Instant>> Interval(std::uint32_t visit);
  void MeasureOwnLatencies();

  Options options_;
  VisitCounts counts_;
  TraceVisits trace_;
  std::vector<SpanRecord> spans_;
  std::vector<std::uint32_t> table_;  // open addressing: span by hash of its id
  std::vector<std::uint32_t> parent_;
  std::vector<std::uint32_t> child_count_;
  std::vector<std::uint32_t> visit_of_;  // by span
  std::vector<std::uint32_t> top_;       // by visit: its topmost span
  std::vector<int> level_;               // by visit
  std::vector<std::uint32_t> path_;
  std::vector<std::pair<Instant, Instant>> intervals_;
  std::uint64_t trace_duplicates_ = 0;
  bool has_kinds_ = false;
};

}  // namespace trimtab
