// Shares per window of time out of traces: entry operations and graph classes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "trimtab/callgraph/graph_class.h"
#include "trimtab/graphdynamics/class_roster.h"
#include "trimtab/graphdynamics/share_series.h"
#include "trimtab/tracing/entry_operations.h"
#include "trimtab/tracing/name_table.h"
#include "trimtab/tracing/span_record.h"
#include "trimtab/tracing/trace_assembler.h"
#include "trimtab/tracing/visits.h"

namespace trimtab {

// When a request came, through which entry operation, and which graph it made.
struct TracedRequest {
  Instant start;
  std::uint32_t operation = 0;  // index of TracedRequests::operations()
  std::uint32_t graph = 0;      // index of TracedRequests::graphs()
};

// Spans in, in any order and from several files; after Finish() one record a whole trace. Graphs
// are told apart by their adjacency or their multiplicities: what of a trace is parallel is decided
// from many traces, and so no class of one.
// Thread-safety: none. Memory: 16 bytes a trace and what TraceAssembler holds.
class TracedRequests : public SpanSink, private TraceSink {
 public:
  // `names` must outlive the object. REQUIRES: `key` is not kCanonical.
  TracedRequests(const NameTable& names, ClassKey key);

  void Accept(std::span<const TracedSpan> batch) override;
  void Finish();

  // By start.
  std::span<const TracedRequest> requests() const { return requests_; }
  // "microservice operation"; what follows a '?' is left out: it holds arguments.
  std::vector<std::string> operations() const;
  // Ids of the classes.
  const std::vector<std::string>& graphs() const { return graphs_; }
  const VisitCounts& visit_counts() const { return visits_.counts(); }

 private:
  void AcceptTrace(const TraceId& trace, std::span<const SpanRecord> spans) override;
  std::uint32_t GraphOf(const TraceVisits& trace);

  const NameTable& names_;
  ClassKey key_;
  TraceAssembler assembler_;
  VisitBuilder visits_;
  EntryOperations operations_;
  std::vector<TracedRequest> requests_;
  std::vector<std::string> graphs_;
  absl::flat_hash_map<std::uint64_t, std::uint32_t> graph_by_shape_;
  absl::flat_hash_map<std::uint64_t, std::uint32_t> graph_by_id_;
  std::vector<std::uint64_t> shape_;  // of the trace at hand, by visit
};

struct ShareWindowOptions {
  Duration step = std::chrono::seconds(60);
  // A window with fewer requests ends a block: its shares would say nothing.
  std::int64_t least_requests = 5;
  ClassRoster::Options operations = {.most_classes = 12, .least_share = 0.001};
  ClassRoster::Options graphs = {.most_classes = 40, .least_share = 0.001};
};

// A series whose argument classes are entry operations.
struct TracedShares {
  ShareSeries series;
  // Requests of each block: [arguments][graphs].
  std::vector<std::vector<double>> joint;
  Duration step{0};
  std::size_t requests = 0;  // in the windows kept

  // Requests in a step. REQUIRES: as ShareSeries::graphs().
  double RequestsIn(const SharePlace& place) const;
};

// Windows are aligned to multiples of the step since the epoch; a gap of one window starts a new
// block. kInvalidArgument when no window has enough requests.
absl::StatusOr<TracedShares> SharesOf(const TracedRequests& traced,
                                      const ShareWindowOptions& options);

}  // namespace trimtab
