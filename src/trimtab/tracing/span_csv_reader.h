// Spans from comma-separated files, columns found by their names.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "trimtab/tracing/csv_rows.h"
#include "trimtab/tracing/name_table.h"
#include "trimtab/tracing/skip_log.h"
#include "trimtab/tracing/span_record.h"

namespace trimtab {

// What the reading of one file came to.
struct ReadCounts {
  std::uint64_t spans = 0;  // handed on
  std::uint64_t rows = 0;   // rows of CSV, traces of JSON; skipped ones included
};

// What every reader needs beside its file; all must outlive the reading.
struct ReadContext {
  NameTable& names;
  SkipLog& skipped;
  SpanSink& sink;
};

// Reads a file whose header names these columns, in any order, others ignored:
//   trace:      trace_id, trace, traceid
//   span:       span_id, span, spanid
//   parent:     parent_span_id, parent, parent_id; empty or -1 is a root
//   service:    service, service_name, microservice
//   start:      start_ns, start_us, start_ms
//   duration:   duration_ns, duration_us, duration_ms, or an end_ns, end_us, end_ms in its place
//   optional:   pod, pod_name, instance; operation, operation_name, name; kind, span_kind
// Ids are any text. Times are non-negative numbers, a fraction is rounded to the nanosecond.
//
// A malformed row is skipped and counted in `context.skipped`. kInvalidArgument when the header
// lacks a column, kDataLoss when the file is cut. Memory does not depend on the file's length.
absl::Status ReadSpanCsv(InputFile& input, ReadContext context, ReadCounts& counts);

}  // namespace trimtab
