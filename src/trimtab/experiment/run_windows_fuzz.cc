// Any text as windows.csv: an error, or rows that print to themselves.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "trimtab/experiment/run_record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto windows =
      trimtab::WindowsFromCsv(std::string(reinterpret_cast<const char*>(data), size));
  if (!windows.ok()) return 0;
  const std::string printed = trimtab::WindowsToCsv(*windows);
  const auto again = trimtab::WindowsFromCsv(printed);
  if (!again.ok() || trimtab::WindowsToCsv(*again) != printed) std::abort();
  return 0;
}
