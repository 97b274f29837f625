// Reads spans from a file of any of the known formats.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "trimtab/tracing/argument_bins.h"
#include "trimtab/tracing/input_file.h"
#include "trimtab/tracing/name_table.h"
#include "trimtab/tracing/skip_log.h"
#include "trimtab/tracing/span_record.h"

namespace trimtab {

// What the reading of one file came to.
struct ReadCounts {
  std::uint64_t spans = 0;  // handed on
  std::uint64_t rows = 0;   // rows of CSV, traces or resources of JSON; skipped too
  // Of JSON: arrays of traces or resources; without one it was not about traces at all.
  std::uint64_t answers = 0;
};

// What every reader needs beside its file; all must outlive the reading.
struct ReadContext {
  NameTable& names;
  SkipLog& skipped;
  SpanSink& sink;
  // Of JSON: the attributes of spans that are arguments of their requests.
  const ArgumentBins* arguments = nullptr;
};

enum class SpanFormat {
  kAuto,     // by what the file begins with
  kCsv,      // span_csv_reader.h
  kJaeger,   // jaeger_reader.h
  kOtlp,     // otlp_json.h
  kAlibaba,  // alibaba_reader.h
};

std::string_view ToString(SpanFormat format);
// Nothing for a name that is none of auto, csv, jaeger, otlp, alibaba.
std::optional<SpanFormat> SpanFormatFromString(std::string_view name);

// The format of a file: JSON by its first brace or bracket, OTLP by its first key, Alibaba by the
// columns um, dm and rt of its header, CSV otherwise. Takes nothing from `input`; errors as
// InputFile::Peek().
absl::StatusOr<SpanFormat> DetectFormat(InputFile& input);

// Reads the whole file. Malformed rows are skipped and counted; kInvalidArgument when the file is
// not of the format at all, kDataLoss when it is cut: what came before has been handed on.
absl::Status ReadSpans(InputFile& input, SpanFormat format, ReadContext context,
                       ReadCounts& counts);

}  // namespace trimtab
