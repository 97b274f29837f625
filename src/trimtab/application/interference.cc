#include "trimtab/application/interference.h"

#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/quantity/quantity.h"

namespace trimtab {

std::string_view InterferenceName(InterferenceKind kind) {
  switch (kind) {
    case InterferenceKind::kCpu:
      return "cpu";
    case InterferenceKind::kMemoryCapacity:
      return "memoryCapacity";
    case InterferenceKind::kMemoryBandwidth:
      return "memoryBandwidth";
    case InterferenceKind::kNetworkBandwidth:
      return "networkBandwidth";
  }
  return "";
}

absl::StatusOr<InterferenceKind> ParseInterferenceKind(std::string_view name) {
  for (const InterferenceKind kind : kInterferenceKinds) {
    if (InterferenceName(kind) == name) return kind;
  }
  return absl::InvalidArgumentError(
      fmt::format("interference '{}' is none of cpu, memoryCapacity, memoryBandwidth, "
                  "networkBandwidth",
                  name));
}

Interference Interference::None() {
  Interference none;
  for (const InterferenceKind kind : kInterferenceKinds) none.Set(kind, Ratio(0));
  return none;
}

void Interference::Forget(InterferenceKind kind) {
  values_[static_cast<std::size_t>(kind)] = Ratio(0);
  present_ = static_cast<std::uint8_t>(present_ & ~Bit(kind));
}

}  // namespace trimtab
