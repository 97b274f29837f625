// Any text as a sample table: an error or rows that print to themselves.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "trimtab/profiling/sample_csv.h"
#include "trimtab/profiling/sample_table.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<std::string> names = {"a", "b"};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto row = trimtab::ParseSampleCsv(text, names);
  if (row.ok()) {
    std::string once;
    trimtab::AppendSampleCsv(*row, names, once);
    const auto again =
        trimtab::ParseSampleCsv(std::string_view(once).substr(0, once.size() - 1), names);
    std::string twice;
    if (!again.ok()) std::abort();
    trimtab::AppendSampleCsv(*again, names, twice);
    if (once != twice) std::abort();
  }
  const auto recovered = trimtab::RecoverSamples(text, names);
  if (recovered.ok() && recovered->bytes > size) std::abort();
  return 0;
}
