// Contention on a host as a container feels it (Grad IV-A, the vector I).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "trimtab/quantity/quantity.h"

namespace trimtab {

enum class InterferenceKind : std::uint8_t {
  kCpu,
  kMemoryCapacity,
  kMemoryBandwidth,
  kNetworkBandwidth,
};
inline constexpr std::array<InterferenceKind, 4> kInterferenceKinds = {
    InterferenceKind::kCpu, InterferenceKind::kMemoryCapacity, InterferenceKind::kMemoryBandwidth,
    InterferenceKind::kNetworkBandwidth};

// "cpu", "memoryCapacity", "memoryBandwidth", "networkBandwidth".
std::string_view InterferenceName(InterferenceKind kind);
absl::StatusOr<InterferenceKind> ParseInterferenceKind(std::string_view name);

// The share of each of a host's four resources that others use, as far as it is known. What is not
// measured is absent, never zero: no stock Kubernetes exporter measures memory bandwidth.
// Thread-safety: a value type.
class Interference {
 public:
  // Nothing is known.
  Interference() = default;
  // All four are known to be zero: an undisturbed host.
  static Interference None();

  std::optional<Ratio> operator[](InterferenceKind kind) const {
    if ((present_ & Bit(kind)) == 0) return std::nullopt;
    return values_[static_cast<std::size_t>(kind)];
  }
  void Set(InterferenceKind kind, Ratio share) {
    values_[static_cast<std::size_t>(kind)] = share;
    present_ = static_cast<std::uint8_t>(present_ | Bit(kind));
  }
  void Forget(InterferenceKind kind);
  bool AllPresent() const { return present_ == 0x0F; }
  // Bit i says whether kInterferenceKinds[i] is present.
  std::uint8_t presence() const { return present_; }
  double ValueOr(InterferenceKind kind, double fallback) const {
    const auto value = (*this)[kind];
    return value ? value->value() : fallback;
  }

  friend bool operator==(const Interference&, const Interference&) = default;

 private:
  static constexpr std::uint8_t Bit(InterferenceKind kind) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(kind));
  }
  std::array<Ratio, 4> values_{};  // an absent kind holds 0
  std::uint8_t present_ = 0;
};

}  // namespace trimtab
