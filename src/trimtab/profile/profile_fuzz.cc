// Any text as a profile: an error, or one that prints to itself.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "trimtab/profile/application_profile.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto profile = trimtab::ProfileFromJson(text, trimtab::SimdLevel::kPortable);
  if (!profile.ok()) return 0;
  const std::string once = trimtab::ProfileToJson(*profile);
  const auto again = trimtab::ProfileFromJson(once, trimtab::SimdLevel::kPortable);
  if (!again.ok() || trimtab::ProfileToJson(*again) != once) std::abort();
  return 0;
}
