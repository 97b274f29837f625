// Own latencies of a simulated run as a tracing system tells them, by plain subtraction.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/quantity/time.h"
#include "trimtab/simulation/event_loop.h"
#include "trimtab/simulation/simulated_traces.h"
#include "trimtab/tracing/name_table.h"
#include "trimtab/tracing/trace_assembler.h"
#include "trimtab/tracing/visits.h"

namespace trimtab {

// Reads the spans that a loop samples. D21: response time less those of all callees, what is not
// above 0 dropped (Visit::plain_own_latency()).
// Thread-safety: none. Cost: some 0.3 us a span.
class PlainLatencies : private TraceSink {
 public:
  // `loop` must outlive it.
  explicit PlainLatencies(EventLoop& loop);
  PlainLatencies(const PlainLatencies&) = delete;
  PlainLatencies& operator=(const PlainLatencies&) = delete;

  // The spans reported so far.
  absl::Status Read();
  // By microservice, in s, in order of traces; those not yet complete are taken as they are.
  std::vector<std::vector<double>> Take();

 private:
  void AcceptTrace(const TraceId& trace, std::span<const SpanRecord> spans) override;

  EventLoop& loop_;
  SimulatedTraces traces_;
  NameTable names_;
  std::map<std::size_t, std::size_t> microservice_of_;  // by the value of its NameId
  TraceAssembler assembler_;
  VisitBuilder builder_;
  std::vector<std::vector<double>> seconds_;
};

}  // namespace trimtab
