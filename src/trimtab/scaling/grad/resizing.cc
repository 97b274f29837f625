#include "trimtab/scaling/grad/resizing.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace trimtab {
namespace {

std::int64_t RoundedUp(std::int64_t amount, std::int64_t parts, std::int64_t grain) {
  const std::int64_t grains = (amount + parts * grain - 1) / (parts * grain);
  return std::max<std::int64_t>(grains, 1) * grain;
}

constexpr std::int64_t kMebibyte = Mebibytes(1).value();

Millicores CpuShare(const StepSize& step, int replicas) {
  return Millicores(RoundedUp(step.cpu.value(), replicas, 1));
}

Bytes MemoryShare(const StepSize& step, int replicas) {
  return Bytes(RoundedUp(step.memory.value(), replicas, kMebibyte));
}

}  // namespace

std::optional<MicroserviceAllocation> Raised(const MicroserviceAllocation& from,
                                             ScalingAction action, const StepSize& step,
                                             const ScalingBounds& bounds) {
  MicroserviceAllocation to = from;
  if (action == ScalingAction::kCpu) {
    to.container.cpu =
        std::min(from.container.cpu + CpuShare(step, from.replicas), bounds.largest.cpu);
    if (to.container.cpu <= from.container.cpu) return std::nullopt;
  } else if (action == ScalingAction::kMemory) {
    to.container.memory =
        std::min(from.container.memory + MemoryShare(step, from.replicas), bounds.largest.memory);
    if (to.container.memory <= from.container.memory) return std::nullopt;
  } else {
    if (from.replicas >= bounds.most_replicas) return std::nullopt;
    ++to.replicas;
  }
  return to;
}

std::optional<MicroserviceAllocation> Lowered(const MicroserviceAllocation& from,
                                              ScalingAction action, const StepSize& step,
                                              const LowerLimits& limits) {
  MicroserviceAllocation to = from;
  if (action == ScalingAction::kCpu) {
    to.container.cpu = std::max(from.container.cpu - CpuShare(step, from.replicas), limits.cpu);
    if (to.container.cpu >= from.container.cpu) return std::nullopt;
  } else if (action == ScalingAction::kMemory) {
    to.container.memory =
        std::max(from.container.memory - MemoryShare(step, from.replicas), limits.memory);
    if (to.container.memory >= from.container.memory) return std::nullopt;
  } else {
    if (from.replicas <= limits.replicas || from.container.cpu < limits.cpu) return std::nullopt;
    --to.replicas;
  }
  return to;
}

}  // namespace trimtab
