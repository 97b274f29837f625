// Any text as distributions: an error, or ones that print to themselves.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "trimtab/profile/distribution_profile.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto profile = trimtab::DistributionProfileFromJson(text);
  if (!profile.ok()) return 0;
  const std::string once = trimtab::DistributionProfileToJson(*profile);
  const auto again = trimtab::DistributionProfileFromJson(once);
  if (!again.ok() || trimtab::DistributionProfileToJson(*again) != once) std::abort();
  return 0;
}
