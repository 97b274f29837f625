// What `trimtab graph` prints: operations, classes, own latencies, sibling pairs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "trimtab/cli/output.h"
#include "trimtab/tracing/skip_log.h"
#include "trimtab/tracing/trace_analysis.h"

namespace trimtab {

// The results of one analysis, gathered once. `analysis` must be finished.
struct GraphReport {
  // Classes with less than `rare_share` of the traces are counted as the frequent one that is most
  // like them (ClassClusters); 0: each is shown. `names` are those of the analysis.
  GraphReport(const TraceAnalysis& analysis, const NameTable& names, SkipLog skip_log, ClassKey key,
              double rare_share);

  // Traces of one window by class, in the order of `classes`, and by argument classes.
  struct Window {
    Instant start;
    std::uint64_t traces = 0;
    std::vector<std::uint64_t> by_class;
    std::uint64_t other = 0;                            // like no frequent class
    std::map<std::string, std::uint64_t> by_arguments;  // without those that say nothing
  };

  std::uint64_t traces = 0;  // whole ones: all shares are of these
  std::uint64_t spans = 0;   // read, of all traces
  std::uint64_t sibling_pairs = 0;
  std::uint64_t parallel_pairs = 0;
  std::uint64_t unclassified_traces = 0;
  LogHistogram end_to_end;
  std::vector<EntryOperation> operations;
  std::vector<InferredClass> classes;
  std::uint64_t other_traces = 0;  // rare and like no frequent class
  std::size_t rare_classes = 0;    // counted as others
  std::vector<Window> windows;     // one, of everything, without --window
  Duration window{0};
  std::vector<MicroserviceLatency> microservices;
  AssemblerCounts assembled;
  VisitCounts visits;
  SkipLog skipped;

  double ShareOf(std::uint64_t part) const {
    return traces == 0 ? 0 : static_cast<double>(part) / static_cast<double>(traces);
  }
};

// The tables that make up the text; -o csv prints one of them. `most_rows` cuts the end off.
inline constexpr std::size_t kAllRows = static_cast<std::size_t>(-1);
Table OperationTable(const GraphReport& report, std::size_t most_rows = kAllRows);
// `longest_tree` shortens the texts of the trees, in bytes.
Table ClassTable(const GraphReport& report, std::size_t most_rows = kAllRows,
                 std::size_t longest_tree = kAllRows);
// One row a window and class that was seen in it.
Table WindowTable(const GraphReport& report, std::size_t most_rows = kAllRows);
// Of everything read; empty when no span carried argument classes.
Table ArgumentTable(const GraphReport& report, std::size_t most_rows = kAllRows);
Table MicroserviceTable(const GraphReport& report, std::size_t most_rows = kAllRows);
// Pairs of all classes together, the most frequent first.
Table SiblingTable(const GraphReport& report, std::size_t most_rows = kAllRows);

// docs/schemas/graph.json.
nlohmann::ordered_json GraphToJson(const GraphReport& report);

// All tables with headings, each cut to its first `most_rows` rows; what was cut is said.
void WriteGraphText(const GraphReport& report, std::size_t most_rows, bool color,
                    std::ostream& out);

// What was skipped, left out or put right; nothing when there is nothing to say.
void WriteGraphNotes(const GraphReport& report, std::ostream& err);

}  // namespace trimtab
