// Any bytes are decoded as a request of OTLP in protobuf and analysed, or refused with a reason.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "trimtab/tracing/otlp_protobuf.h"
#include "trimtab/tracing/trace_analysis.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  trimtab::NameTable names;
  const auto arguments = trimtab::ArgumentBins::Parse({"http.route=/,/a", "seats=1,5"});
  trimtab::OtlpIntake intake(names, &*arguments);
  const absl::Status decoded = trimtab::DecodeOtlpProtobuf(
      std::string_view(reinterpret_cast<const char*>(data), size), intake);
  if (!decoded.ok() && decoded.message().empty()) __builtin_trap();
  if (!decoded.ok()) return 0;
  trimtab::TraceAnalysis analysis(names);
  for (const trimtab::TracedSpan& traced : intake.spans()) {
    if (traced.span.id == 0 || traced.trace == trimtab::TraceId{}) __builtin_trap();
    if (traced.span.duration < trimtab::Duration(0)) __builtin_trap();
    if (names.Name(traced.span.service).empty()) __builtin_trap();
  }
  analysis.Accept(intake.spans());
  analysis.Finish();
  return 0;
}
