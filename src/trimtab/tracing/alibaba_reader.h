// Spans from Alibaba's cluster traces: MSCallGraph of 2021 and of 2022.
#pragma once

#include "absl/status/status.h"
#include "trimtab/tracing/input_file.h"
#include "trimtab/tracing/span_reader.h"

namespace trimtab {

// A row is one call: `um` calls `dm`, and `rpcid` is the path of the call in its trace (0.1.2 is
// the second call of the first call of 0). rt is in milliseconds, positive where the caller
// measured it and negative where the callee did; most calls have both rows. Each row becomes the
// caller's client span and the callee's server span; the one of the side that did not measure is
// implied, and the other row, when it comes, replaces it. Calls of rpctype mq are asynchronous.
//
// Columns by name, so the orders of the documentation and of the files both do: timestamp, traceid,
// rpcid or rpc_id, um, dm, rpctype, interface, rt; of 2022 also service (a trace is then the pair
// of traceid and service), uminstanceid and dminstanceid. Known defects: a row with a column too
// many or too few and an rt that is no number (`None`) are skipped and counted; the names '', NAN,
// (?), UNKNOWN and UNAVAILABLE of a callee become "(unknown)"; an unknown or outside caller (USER)
// of the first call makes that call the entry; a second row of the same side counts as a duplicate
// span. Tested on rows written by hand from the documentation, as no rows are at hand.
//
// Errors as ReadSpans().
absl::Status ReadAlibabaCallGraph(InputFile& input, ReadContext context, ReadCounts& counts);

}  // namespace trimtab
