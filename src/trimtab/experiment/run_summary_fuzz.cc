// Any text as summary.json: an error, or a summary that prints to itself.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "trimtab/experiment/run_record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto summary =
      trimtab::SummaryFromJson(std::string(reinterpret_cast<const char*>(data), size));
  if (!summary.ok()) return 0;
  const std::string printed = trimtab::SummaryToJson(*summary);
  const auto again = trimtab::SummaryFromJson(printed);
  if (!again.ok() || trimtab::SummaryToJson(*again) != printed) std::abort();
  return 0;
}
