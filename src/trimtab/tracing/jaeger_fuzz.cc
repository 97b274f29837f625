// Any bytes are read as an answer of Jaeger, analysed, or refused with a reason.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "trimtab/tracing/jaeger_reader.h"
#include "trimtab/tracing/trace_analysis.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  trimtab::NameTable names;
  trimtab::SkipLog skipped;
  trimtab::TraceAnalysis analysis(names);
  trimtab::ReadCounts counts;
  const auto input = trimtab::InputFile::OverText("fuzz", text);
  const auto read =
      trimtab::ReadJaegerJson(*input, {.names = names, .skipped = skipped, .sink = analysis},
                              counts, trimtab::Bytes(16 << 10));
  analysis.Finish();
  if (counts.spans != analysis.spans()) __builtin_trap();
  if (!read.ok() && read.message().empty()) __builtin_trap();
  return 0;
}
