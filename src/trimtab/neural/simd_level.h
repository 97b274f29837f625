// Which arithmetic the fused kernels use.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"

namespace trimtab {

// Every kernel of this room sums in one fixed order, whatever the width of the machine's vectors,
// and uses only correctly rounded operations. So a result depends on one thing alone: whether a
// multiplication and an addition are rounded once (fused) or twice.
enum class SimdLevel {
  // Rounded twice: the same bytes on every machine of the architecture.
  kPortable,
  // Fused where the machine can; machines with AVX2 or AVX-512 agree with one another.
  kNative,
};

// "portable" or "native". Fails with kInvalidArgument, naming the value and both choices.
absl::StatusOr<SimdLevel> ParseSimdLevel(std::string_view text);
std::string_view SimdLevelName(SimdLevel level);

// The instruction set that the kernels run on here, such as "AVX3"; for logs and benchmarks.
std::string_view InstructionSetName();

}  // namespace trimtab
