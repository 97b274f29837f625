// Any bytes are read as a file and as a request of OTLP in JSON, analysed, or refused with a
// reason.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "trimtab/tracing/otlp_json.h"
#include "trimtab/tracing/trace_analysis.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  trimtab::NameTable names;
  trimtab::SkipLog skipped;
  trimtab::TraceAnalysis analysis(names);
  trimtab::ReadCounts counts;
  const auto arguments = trimtab::ArgumentBins::Parse({"http.route=/,/a", "seats=1,5"});
  const auto input = trimtab::InputFile::OverText("fuzz", text);
  const absl::Status read = trimtab::ReadOtlpJson(
      *input, {.names = names, .skipped = skipped, .sink = analysis, .arguments = &*arguments},
      counts, trimtab::Bytes(16 << 10));
  analysis.Finish();
  if (counts.spans != analysis.spans()) __builtin_trap();
  if (!read.ok() && read.message().empty()) __builtin_trap();

  const std::string padded =
      std::string(text) + std::string(trimtab::OtlpJsonDecoder::kPadding, ' ');
  trimtab::OtlpIntake intake(names, &*arguments);
  trimtab::OtlpJsonDecoder decoder;
  const absl::Status decoded =
      decoder.Decode(std::string_view(padded).substr(0, text.size()), intake);
  if (!decoded.ok() && decoded.message().empty()) __builtin_trap();
  for (const trimtab::TracedSpan& traced : intake.spans()) {
    if (traced.span.id == 0 || traced.trace == trimtab::TraceId{}) __builtin_trap();
    if (traced.span.duration < trimtab::Duration(0)) __builtin_trap();
  }
  return 0;
}
