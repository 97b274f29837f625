// What a microservice is given: container size times replicas.
#pragma once

#include <vector>

#include "trimtab/application/ids.h"
#include "trimtab/quantity/quantity.h"

namespace trimtab {

// The CPU and memory limit of one container (Grad's eta).
struct ContainerConfig {
  Millicores cpu;
  Bytes memory;
  friend bool operator==(const ContainerConfig&, const ContainerConfig&) = default;
};

struct MicroserviceAllocation {
  int replicas = 1;
  ContainerConfig container;
  friend bool operator==(const MicroserviceAllocation&, const MicroserviceAllocation&) = default;
};

inline Millicores TotalCpu(const MicroserviceAllocation& a) { return a.container.cpu * a.replicas; }
inline Bytes TotalMemory(const MicroserviceAllocation& a) {
  return a.container.memory * a.replicas;
}

// One entry per microservice of the application, indexed by MicroserviceId.
class Allocation {
 public:
  Allocation() = default;
  explicit Allocation(std::size_t microservices) : entries_(microservices) {}
  Allocation(std::size_t microservices, const MicroserviceAllocation& each)
      : entries_(microservices, each) {}

  std::size_t size() const { return entries_.size(); }
  MicroserviceAllocation& operator[](MicroserviceId id) { return entries_[id.value()]; }
  const MicroserviceAllocation& operator[](MicroserviceId id) const { return entries_[id.value()]; }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }
  friend bool operator==(const Allocation&, const Allocation&) = default;

 private:
  std::vector<MicroserviceAllocation> entries_;
};

}  // namespace trimtab
