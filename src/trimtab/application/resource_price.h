// What CPU and memory cost, and the units in which results are reported.
#pragma once

#include "absl/status/statusor.h"
#include "trimtab/application/allocation.h"
#include "trimtab/quantity/quantity.h"

namespace trimtab {

// One resource unit is 0.2 core or 100 MiB (Grad VI, Table I): the unit of every reported result,
// whatever prices a policy decides by.
inline constexpr Millicores kUnitCpu{200};
inline constexpr Bytes kUnitMemory = Mebibytes(100);

struct ResourceUnits {
  double cpu = 0;
  double memory = 0;
  double total() const { return cpu + memory; }
};
ResourceUnits UnitsOf(const ContainerConfig& config);
ResourceUnits UnitsOf(const Allocation& allocation);

// The exchange rate between CPU and memory by which a policy compares actions (Grad IV-B; the
// paper contradicts itself). Prices are in units: one unit buys 0.2 core.
class ResourcePrice {
 public:
  // Grad's prototype: 0.1 core = 50 MiB, so a unit of memory costs as much as a unit of CPU.
  static ResourcePrice Paper();
  // From what the cluster can allocate: all its CPU costs as much as all its memory (Grad IV-B).
  // kInvalidArgument when either is not positive.
  static absl::StatusOr<ResourcePrice> FromCapacity(Millicores cpu, Bytes memory);

  double CostOf(Millicores cpu) const { return cpu.as_double() * per_millicore_; }
  double CostOf(Bytes memory) const { return memory.as_double() * per_byte_; }
  double CostOf(const ContainerConfig& config) const {
    return CostOf(config.cpu) + CostOf(config.memory);
  }
  double CostOf(const Allocation& allocation) const;

 private:
  ResourcePrice(double per_millicore, double per_byte)
      : per_millicore_(per_millicore), per_byte_(per_byte) {}
  double per_millicore_;  // units per millicore
  double per_byte_;       // units per byte
};

}  // namespace trimtab
