// Fuzzes the reader of share tables: no crash, and what it accepts is a valid series.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "trimtab/graphdynamics/share_csv.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = trimtab::InputFile::OverText(
      "fuzz", std::string_view(reinterpret_cast<const char*>(data), size));
  const auto series = trimtab::ReadShareCsv(*input);
  if (series.ok() && !series->Validate().ok()) std::abort();
  return 0;
}
