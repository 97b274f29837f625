// Spans from the JSON that Jaeger's query service answers with.
#pragma once

#include "absl/status/status.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/tracing/input_file.h"
#include "trimtab/tracing/span_reader.h"

namespace trimtab {

// Reads answers of `/api/traces`, cut into traces of which each is parsed alone (see TraceCutter).
// Of a trace it uses traceID, spans and processes, in any order; of a span spanID, operationName,
// references (the first CHILD_OF of the same trace, else the first FOLLOWS_FROM), parentSpanID,
// startTime and duration (microseconds), the tag span.kind, and processID; of a process serviceName
// and the tags that name its pod (PodNameRank). Ids are hexadecimal: leading zeros do not count.
//
// A trace that cannot be parsed or is larger than `trace_bound`, and a span that lacks something,
// are skipped and counted in `context.skipped`, with the number of the trace in the file as row.
// kInvalidArgument when the file is no such answer, kDataLoss when it is cut.
absl::Status ReadJaegerJson(InputFile& input, ReadContext context, ReadCounts& counts,
                            Bytes trace_bound = Mebibytes(64));

}  // namespace trimtab
