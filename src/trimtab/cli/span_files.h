// Span files of a command line.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/cli/arguments.h"
#include "trimtab/cli/context.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/tracing/argument_bins.h"
#include "trimtab/tracing/name_table.h"
#include "trimtab/tracing/skip_log.h"
#include "trimtab/tracing/span_record.h"
#include "trimtab/tracing/trace_assembler.h"

namespace trimtab {

struct SpanFiles {
  std::vector<std::string> files;
  std::string format = "auto";
  ArgumentBins arguments{};  // of spans in JSON
};

// The positional list of files and --format; `values` must live until the command ran.
void DeclareSpanFiles(Arguments& arguments, SpanFiles* values, bool required = true);

// Traces of files: all of them settle when everything is read.
class AssembledSpans : public SpanSink {
 public:
  // `sink` must outlive the object.
  explicit AssembledSpans(TraceSink& sink) : assembler_({.memory_bound = Mebibytes(256)}, sink) {}
  void Accept(std::span<const TracedSpan> batch) override { assembler_.Add(batch, Instant()); }
  void Finish() { assembler_.Flush(); }

 private:
  TraceAssembler assembler_;
};

// Every span of every file, in their order, with a bar for each file. Fails as InputFile::Open()
// and ReadSpans(); kCancelled when the user wants it to end.
absl::Status ReadSpanFiles(const SpanFiles& values, NameTable& names, SkipLog& skipped,
                           SpanSink& sink, Context& context);

}  // namespace trimtab
