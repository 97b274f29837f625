// `trimtab eval end-to-end SPANS...`: the end-to-end latency from own latencies.
#pragma once

#include "absl/status/statusor.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/exit_code.h"
#include "trimtab/cli/output.h"
#include "trimtab/cli/span_files.h"
#include "trimtab/profiling/recorded_traces.h"

namespace trimtab {

// Composes the own latencies of a recording and prints how far the result is from its end-to-end
// latencies. kInsufficientData, with the reason, when no load has enough traces.
absl::StatusOr<ExitCode> RunEvalComposition(const SpanFiles& spans, VisitKey key, double sampling,
                                            OutputFormat output, Context& context);

}  // namespace trimtab
