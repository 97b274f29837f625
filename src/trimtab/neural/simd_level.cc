#include "trimtab/neural/simd_level.h"

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "hwy/highway.h"

namespace trimtab {

absl::StatusOr<SimdLevel> ParseSimdLevel(std::string_view text) {
  if (text == "portable") return SimdLevel::kPortable;
  if (text == "native") return SimdLevel::kNative;
  return absl::InvalidArgumentError(
      fmt::format("SIMD level is '{}', expected 'portable' or 'native'", text));
}

std::string_view SimdLevelName(SimdLevel level) {
  return level == SimdLevel::kPortable ? "portable" : "native";
}

std::string_view InstructionSetName() {
  // The bits are ordered from the best instruction set to the least.
  const std::int64_t usable = hwy::SupportedTargets() & HWY_TARGETS;
  return hwy::TargetName(usable & -usable);
}

}  // namespace trimtab
