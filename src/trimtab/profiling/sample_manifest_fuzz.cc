// Any text as the description of a table: an error, or one that prints to itself.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "trimtab/profiling/sample_manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto manifest = trimtab::ManifestFromJson(text);
  if (!manifest.ok()) return 0;
  const auto again = trimtab::ManifestFromJson(trimtab::ManifestToJson(*manifest));
  if (!again.ok() || !trimtab::SweepDifferences(*manifest, *again).empty()) std::abort();
  return 0;
}
