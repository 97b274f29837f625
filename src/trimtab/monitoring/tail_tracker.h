// Tail latencies of a sliding window, from the spans of a running world.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/application/application.h"
#include "trimtab/monitoring/graph_watch.h"
#include "trimtab/monitoring/observation.h"
#include "trimtab/monitoring/series.h"
#include "trimtab/quantity/time.h"
#include "trimtab/tracing/call_tree_inference.h"
#include "trimtab/tracing/name_table.h"
#include "trimtab/tracing/trace_assembler.h"
#include "trimtab/tracing/trace_source.h"
#include "trimtab/tracing/visits.h"

namespace trimtab {

struct TailTrackerOptions {
  Duration window = std::chrono::seconds(60);
  // A trace is complete when no span of it has ended for this long: the newest traces of a world
  // are incomplete, and the window ends this much before now. Shorter sees more recent traces and
  // loses those whose entry waits longer than this after its last callee: the slowest. Of a source
  // that hands out whole traces its own delay counts instead.
  Duration settle_delay = std::chrono::seconds(10);
  Quantile quantile = kP95;
  // What the attainment of each graph class is counted against; absent: not counted.
  std::optional<Latency> sla;
  // With fewer traces in the window its tail is unknown: P95 of 20 is their second largest.
  int fewest_traces = 20;
  // Own latencies held, 32 bytes each; beyond it the oldest go, and are counted.
  std::int64_t most_samples = 4'000'000;

  // kInvalidArgument lists every violation.
  absl::Status Validate() const;
};

// The traces of a window.
struct TraceCounts {
  std::int64_t finished = 0;
  std::int64_t failed = 0;      // of them: the entry's span is an error
  std::int64_t unfinished = 0;  // that the source gave up waiting for
};

// The trace part of an observation (Grad III-B and VI-A): the quantile of own latency of each pod
// and its mean over the pods of a microservice, the mean time on the way to a microservice, and the
// pooled quantile end to end, over the traces whose entry ended inside the window; and the share,
// the tree and the attainment of each class of call graphs among them, and how many are of each
// class of arguments. Exact: every sample is kept.
//
// A trace without its root is the lower part of one that had not ended when it settled: left out
// and counted. Where the source tells how old such traces are, each counts end to end with the age
// that it has reached, in the window in which it was given up: the slowest requests are not the
// ones that do not count. A world whose traces never have a root, because what calls the entry is
// not traced, is taken as it is.
//
// Thread-safety: one caller at a time. Cost: linear in the spans read, and in the samples of the
// window for each AddTo().
class TailTracker : private TraceSink {
 public:
  // `application` must outlive the tracker.
  static absl::StatusOr<std::unique_ptr<TailTracker>> Create(const Application& application,
                                                             TailTrackerOptions options);

  // Takes what was reported since the last time. On an error what was read before stays.
  absl::Status Read(TraceSource& source, Instant now);

  // The window that AddTo(now) speaks of.
  TimeWindow WindowAt(Instant now) const {
    const Instant end = now - lag_;
    return {end - options_.window, end};
  }
  // How far the window's end lies behind: the settle delay, or that of a source of whole traces.
  Duration lag() const { return lag_; }
  // Fills the tails, the count of traces behind them and, with too few traces, a gap. A pod is
  // found by its name, a microservice by the name of its service. Forgets what is older than the
  // window: `now` never goes back.
  void AddTo(Observation& observation, Instant now);

  // Of (window.begin, window.end], where nothing of it is forgotten yet: as WindowAt().
  TraceCounts CountsIn(const TimeWindow& window) const;

  // Rises when the deployment has changed who calls whom.
  int graph_version() const { return graph_.version(); }
  const TailTrackerOptions& options() const { return options_; }
  const AssemblerCounts& assembler_counts() const { return assembler_.counts(); }
  const VisitCounts& visit_counts() const { return visits_.counts(); }
  std::int64_t dropped_samples() const { return dropped_samples_; }
  std::int64_t rootless_traces() const { return rootless_traces_; }

 private:
  struct OwnSample {
    Instant at;  // when the entry of its trace ended
    NameId service;
    NameId pod;
    Duration latency{0};
    Duration transit{0};
  };
  struct EndToEndSample {
    Instant at;
    Duration latency{0};
    std::optional<std::size_t> tree;     // of trees_
    std::uint16_t argument_classes = 0;  // of names_
    bool is_error = false;
    bool is_unfinished = false;  // the latency is what it had reached
  };
  TailTracker(const Application& application, TailTrackerOptions options);
  void AcceptTrace(const TraceId& trace, std::span<const SpanRecord> spans) override;
  void Forget(Instant before);
  void AddClasses(const TimeWindow& window, Observation& observation) const;
  void AddOwnLatencies(const TimeWindow& window, Observation& observation) const;

  const Application* application_;
  TailTrackerOptions options_;
  NameTable names_;
  TraceAssembler assembler_;
  VisitBuilder visits_;
  GraphWatch graph_;
  CallTreeInference trees_;
  Duration lag_;
  Instant newest_end_{Duration::min()};  // of the spans read so far
  std::deque<OwnSample> own_;            // in order of completion, nearly that of `at`
  std::deque<EndToEndSample> end_to_end_;
  std::int64_t dropped_samples_ = 0;
  bool roots_seen_ = false;
  std::int64_t rootless_traces_ = 0;
};

}  // namespace trimtab
