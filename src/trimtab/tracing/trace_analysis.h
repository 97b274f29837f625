// The Tracing Coordinator of Grad III: from spans to operations, call trees and own latencies.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "trimtab/probability/log_histogram.h"
#include "trimtab/tracing/call_tree_inference.h"
#include "trimtab/tracing/class_windows.h"
#include "trimtab/tracing/entry_operations.h"
#include "trimtab/tracing/own_latency_window.h"
#include "trimtab/tracing/trace_assembler.h"
#include "trimtab/tracing/visits.h"

namespace trimtab {

// One microservice over everything that was read.
struct MicroserviceLatency {
  std::string name;
  std::uint64_t spans = 0;
  std::uint64_t visits = 0;
  LogHistogram own_latency;  // nanoseconds, all pods and windows pooled
  // P95 of each pod and window, the mean over the pods (Grad VI-A), then the mean over the windows,
  // each with the weight of its samples.
  Latency p95_mean_over_pods{0};
};

// Spans in, in any order and from several files; when everything has been added and Finish() has
// been called, the results can be asked for. Traces that do not hang together are counted (see
// VisitCounts) and left out of all figures.
// Thread-safety: none. Memory: bounded, whatever is added (see the options).
class TraceAnalysis : public SpanSink, private TraceSink {
 public:
  struct Options {
    TraceAssembler::Options assembler;
    VisitBuilder::Options visits;
    CallTreeInference::Options trees;
    Duration window = std::chrono::seconds(60);
    Duration class_window{0};  // of class_windows(); 0: one for everything
    // Own latencies held for windows that may still grow; 8 bytes each.
    std::size_t most_window_samples = 1'000'000;
  };

  // `names` must outlive the object.
  explicit TraceAnalysis(const NameTable& names) : TraceAnalysis(names, Options{}) {}
  TraceAnalysis(const NameTable& names, const Options& options);

  // Spans of a file: their traces are complete when the file ends.
  void Accept(std::span<const TracedSpan> batch) override;
  // Spans of a running system: traces whose settle delay is over are analysed.
  void Add(std::span<const TracedSpan> batch, Instant now);
  void Finish();

  std::uint64_t spans() const { return spans_; }
  const AssemblerCounts& assembler_counts() const { return assembler_.counts(); }
  const VisitCounts& visit_counts() const { return visits_.counts(); }
  const CallTreeInference& trees() const { return trees_; }
  const ClassWindows& class_windows() const { return class_windows_; }
  const LogHistogram& end_to_end() const { return end_to_end_; }
  std::vector<EntryOperation> operations() const { return operations_.Sorted(); }
  // By name.
  std::vector<MicroserviceLatency> microservices() const;

 private:
  struct Service {
    NameId name;
    std::uint64_t spans = 0;
    std::uint64_t visits = 0;
    LogHistogram own_latency;
    double weighted_tail_nanoseconds = 0;
    double weight = 0;
  };
  struct OpenWindow {
    OwnLatencyWindow latencies;
    std::uint64_t last_touch = 0;
  };

  void AcceptTrace(const TraceId& trace, std::span<const SpanRecord> spans) override;
  std::uint32_t IndexOf(NameId service);
  OpenWindow& WindowAt(Instant time);
  void CloseWindow(std::map<std::int64_t, OpenWindow>::iterator window);

  const NameTable& names_;
  Options options_;
  TraceAssembler assembler_;
  VisitBuilder visits_;
  CallTreeInference trees_;
  EntryOperations operations_;
  ClassWindows class_windows_;
  LogHistogram end_to_end_;
  std::uint64_t spans_ = 0;
  std::vector<std::uint32_t> index_of_;  // by NameId
  std::deque<Service> services_;
  std::map<std::int64_t, OpenWindow> windows_;
  std::size_t window_samples_ = 0;
  std::uint64_t touches_ = 0;
};

}  // namespace trimtab
