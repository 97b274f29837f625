// The requests in a recording: their end-to-end latencies, what each visit took, and their graphs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/callgraph/graph_class.h"
#include "trimtab/probability/latency_tree.h"
#include "trimtab/profiling/loaded_latencies.h"
#include "trimtab/quantity/time.h"
#include "trimtab/tracing/call_tree_inference.h"
#include "trimtab/tracing/name_table.h"
#include "trimtab/tracing/trace_assembler.h"
#include "trimtab/tracing/visits.h"

namespace trimtab {

// Which visits have one law of own latency.
enum class VisitKey : std::uint8_t {
  kMicroservice,  // all of a microservice (Derm IV-A)
  kSubtree,       // those of a microservice that call the same
};

struct RecordedVisit {
  std::uint32_t kind = 0;  // of RecordedTraces::kinds: a stage of the trees
  // Own latency and the time on the way to the caller and back; 0 where nobody waits.
  float seconds = 0;
};

struct RecordedTrace {
  Instant start;
  double seconds = 0;           // end to end
  std::size_t load = 0;         // of RecordedTraces::loads
  std::size_t graph = 0;        // of RecordedTraces::graphs
  std::size_t first_visit = 0;  // into RecordedTraces::visits
  std::size_t visits = 0;
};

struct RecordedTraces {
  struct Graph {
    ClassId id;
    LatencyTree tree;  // of the class of equal visits, sequential and parallel as inferred
  };
  std::vector<RecordedLoad> loads;
  std::vector<std::string> kinds;     // the microservice of each kind of visit
  std::vector<Graph> graphs;          // by descending number of traces
  std::vector<RecordedTrace> traces;  // by start
  std::vector<RecordedVisit> visits;

  std::span<const RecordedVisit> VisitsOf(const RecordedTrace& trace) const {
    return std::span(visits).subspan(trace.first_visit, trace.visits);
  }
};

// Collects traces; loads as LoadCollector finds them, graphs as CallTreeInference does.
// Thread-safety: none. Memory: 24 bytes a visit.
class TraceRecorder : public TraceSink {
 public:
  // `names` must outlive the object.
  TraceRecorder(const NameTable& names, VisitKey key, const LoadCollector::Options& options)
      : names_(names), key_(key), loads_(names, options), inference_(names) {}

  void AcceptTrace(const TraceId& trace, std::span<const SpanRecord> spans) override;

  // kInvalidArgument as LoadCollector::Collect(), or when a graph is too large for a LatencyTree.
  absl::StatusOr<RecordedTraces> Collect();

 private:
  std::uint32_t KindOf(const std::string& key, const std::string& microservice);

  const NameTable& names_;
  VisitKey key_;
  LoadCollector loads_;
  VisitBuilder builder_;
  CallTreeInference inference_;
  std::map<std::string, std::uint32_t> kind_of_;
  std::map<std::string, std::size_t> graph_of_;  // by the text of its visits
  RecordedTraces recorded_;
};

}  // namespace trimtab
