// Spans from OTLP in JSON: requests, files of the collector and answers of Jaeger's `/api/v3`.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/tracing/input_file.h"
#include "trimtab/tracing/otlp_intake.h"
#include "trimtab/tracing/span_reader.h"

namespace trimtab {

// Parses `{"resourceSpans":[...]}` as the specification of OTLP writes it: ids are hexadecimal,
// enumerations numbers (their names are taken too), 64-bit integers decimal texts or numbers, null
// is what is absent, keys in lowerCamelCase or snake_case. Unknown keys are passed over unread,
// whatever their size and nesting.
// Thread-safety: none. Cost: about 350 ns a span of 600 bytes.
class OtlpJsonDecoder {
 public:
  static constexpr std::size_t kPadding = 64;  // readable bytes behind each text

  OtlpJsonDecoder();
  ~OtlpJsonDecoder();

  // Adds the spans of a whole request. kInvalidArgument when the text is none; `intake` then holds
  // a part of the spans, and is to be cleared. REQUIRES: kPadding readable bytes behind `text`.
  absl::Status Decode(std::string_view text, OtlpIntake& intake);
  // The same for one element of `resourceSpans`.
  absl::Status DecodeResourceSpans(std::string_view text, OtlpIntake& intake);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

// Reads a file with requests one after the other, as the collector's file exporter writes them a
// line each, or answers of Jaeger's `/api/v3/traces`, `{"result":{"resourceSpans":[...]}}`. Each
// element of resourceSpans is parsed alone.
//
// An element that cannot be parsed or is larger than `element_bound`, and each span that is refused
// (see OtlpFault), is counted in `context.skipped`, with the number of the element in the file as
// row. kInvalidArgument when the file is no OTLP, kDataLoss when it is cut.
absl::Status ReadOtlpJson(InputFile& input, ReadContext context, ReadCounts& counts,
                          Bytes element_bound = Mebibytes(64));

}  // namespace trimtab
