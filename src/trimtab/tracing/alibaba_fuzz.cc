// Any bytes are read as an MSCallGraph file, analysed, or refused with a reason.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "trimtab/tracing/alibaba_reader.h"
#include "trimtab/tracing/trace_analysis.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  trimtab::NameTable names;
  trimtab::SkipLog skipped;
  trimtab::TraceAnalysis analysis(names);
  trimtab::ReadCounts counts;
  const auto input = trimtab::InputFile::OverText("fuzz", text);
  const auto read = trimtab::ReadAlibabaCallGraph(
      *input, {.names = names, .skipped = skipped, .sink = analysis}, counts);
  analysis.Finish();
  // A good row is one span or two.
  const std::uint64_t good = counts.rows - skipped.total();
  if (counts.spans < good || counts.spans > 2 * good) __builtin_trap();
  if (counts.spans != analysis.spans()) __builtin_trap();
  if (!read.ok() && read.message().empty()) __builtin_trap();
  return 0;
}
