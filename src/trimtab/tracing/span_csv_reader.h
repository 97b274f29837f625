// Spans from comma-separated files, columns found by their names.
#pragma once

#include "absl/status/status.h"
#include "trimtab/tracing/input_file.h"
#include "trimtab/tracing/span_reader.h"

namespace trimtab {

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
