// What a recording of spans says about own latencies, one run of constant load at a time.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/calibration/fault_list.h"
#include "trimtab/quantity/time.h"
#include "trimtab/tracing/name_table.h"
#include "trimtab/tracing/trace_assembler.h"
#include "trimtab/tracing/visits.h"

namespace trimtab {

// One stretch of a recording without a long pause, or several that are put together.
struct RecordedRun {
  double rate = 0;  // requests per second, sampling undone
  std::size_t traces = 0;
  // Own latencies by microservice, ascending, in milliseconds. Calls to services that the recording
  // has no spans of are part of their caller's.
  std::map<std::string, std::vector<double>> own_latency;
  std::vector<double> end_to_end;  // ascending, in milliseconds
};

// Collects visits and cuts the recording where nothing starts for `pause`.
// Thread-safety: none. Memory: 16 bytes a visit, at most `most_visits` of them.
class RunCollector : public TraceSink {
 public:
  struct Options {
    double sampling = 1;  // share of the requests that was traced, in (0, 1]
    Duration pause = std::chrono::seconds(30);
    std::size_t most_visits = 50'000'000;
    // Microservices whose time belongs to the caller, as if they had no spans of their own.
    std::vector<std::string> merged;
    // Visits of a pod that start in one of its windows give no sample.
    std::vector<FaultWindow> faults;
    // Above 0: the runs are dealt out in turn to so many, each run one of a longer recording. For
    // recordings of many short runs at one load.
    int pools = 0;
  };

  // `names` must outlive the object.
  RunCollector(const NameTable& names, Options options);

  void AcceptTrace(const TraceId& trace, std::span<const SpanRecord> spans) override;

  const VisitCounts& visit_counts() const { return visits_.counts(); }
  // In order of time. kInvalidArgument when there is no whole trace, a run lasts no time, or there
  // were more visits than the bound.
  absl::StatusOr<std::vector<RecordedRun>> Runs() const;

 private:
  struct Sample {
    std::uint32_t trace;
    NameId service;
    float own_milliseconds;
  };
  struct Trace {
    Instant start;
    double milliseconds;
  };

  bool IsMerged(NameId service);
  bool IsFaulty(const Visit& visit) const;

  const NameTable& names_;
  Options options_;
  std::vector<bool> merged_;  // by NameId, as far as asked for
  std::vector<SpanRecord> spans_;
  VisitBuilder visits_;
  std::vector<Trace> traces_;
  std::vector<Sample> samples_;
  bool overflow_ = false;
};

// The sample at probability `p` of ascending `values`, linear between order statistics. REQUIRES:
// not empty.
double QuantileOfSorted(std::span<const double> values, double p);

}  // namespace trimtab
