// Any bytes are read as a CSV file of spans, analysed, or refused with a reason; nothing is lost:
// rows read are spans handed on and rows skipped.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "trimtab/tracing/span_csv_reader.h"
#include "trimtab/tracing/trace_analysis.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  trimtab::NameTable names;
  trimtab::SkipLog skipped;
  trimtab::TraceAnalysis analysis(names);
  trimtab::ReadCounts counts;
  const auto input = trimtab::InputFile::OverText("fuzz", text);
  const auto read =
      trimtab::ReadSpanCsv(*input, {.names = names, .skipped = skipped, .sink = analysis}, counts);
  analysis.Finish();
  if (counts.rows != counts.spans + skipped.total()) __builtin_trap();
  if (counts.spans != analysis.spans()) __builtin_trap();
  if (!read.ok() && read.message().empty()) __builtin_trap();
  // Own latencies are inside their visits, whatever the spans say.
  for (const auto& of : analysis.microservices()) {
    if (of.visits > of.spans || of.own_latency.total() != of.visits) __builtin_trap();
  }
  for (const auto& of : analysis.trees().Classes(trimtab::ClassKey::kCanonical)) {
    if (trimtab::Depth(of.tree) > 200) __builtin_trap();
  }
  return 0;
}
