#include "trimtab/application/resource_price.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/application/allocation.h"
#include "trimtab/quantity/quantity.h"

namespace trimtab {

ResourceUnits UnitsOf(const ContainerConfig& config) {
  return {.cpu = config.cpu / kUnitCpu, .memory = config.memory / kUnitMemory};
}

ResourceUnits UnitsOf(const Allocation& allocation) {
  ResourceUnits sum;
  for (const MicroserviceAllocation& entry : allocation) {
    const ResourceUnits each = UnitsOf(entry.container);
    sum.cpu += each.cpu * entry.replicas;
    sum.memory += each.memory * entry.replicas;
  }
  return sum;
}

ResourcePrice ResourcePrice::Paper() {
  return {1.0 / kUnitCpu.as_double(), 1.0 / kUnitMemory.as_double()};
}

absl::StatusOr<ResourcePrice> ResourcePrice::FromCapacity(Millicores cpu, Bytes memory) {
  if (cpu <= Millicores(0) || memory <= Bytes(0)) {
    return absl::InvalidArgumentError(
        fmt::format("allocatable capacity is {}m cpu and {} B memory, both must be above 0",
                    cpu.value(), memory.value()));
  }
  const double per_millicore = 1.0 / kUnitCpu.as_double();
  return ResourcePrice(per_millicore, per_millicore * cpu.as_double() / memory.as_double());
}

double ResourcePrice::CostOf(const Allocation& allocation) const {
  double cost = 0;
  for (const MicroserviceAllocation& entry : allocation) {
    cost += CostOf(entry.container) * entry.replicas;
  }
  return cost;
}

}  // namespace trimtab
