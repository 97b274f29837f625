// Any text is parsed or refused, and what is parsed is printed as text that parses to the same
// value.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

template <class Parse, class Format>
void RoundTrip(std::string_view text, Parse parse, Format format) {
  const auto value = parse(text);
  if (!value.ok()) return;
  const auto again = parse(format(*value));
  if (!again.ok() || *again != *value) __builtin_trap();
}

}  // namespace
}  // namespace trimtab

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  trimtab::RoundTrip(text, trimtab::ParseCpu, trimtab::FormatCpu);
  trimtab::RoundTrip(text, trimtab::ParseMemory, trimtab::FormatMemory);
  trimtab::RoundTrip(text, trimtab::ParseDuration, trimtab::FormatDuration);
  (void)trimtab::ParseNumber(text);
  return 0;
}
