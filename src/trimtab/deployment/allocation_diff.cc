#include "trimtab/deployment/allocation_diff.h"

#include <algorithm>

namespace trimtab {

MicroserviceAllocation LargerOf(const MicroserviceAllocation& a, const MicroserviceAllocation& b) {
  return {.replicas = std::max(a.replicas, b.replicas),
          .container = {.cpu = std::max(a.container.cpu, b.container.cpu),
                        .memory = std::max(a.container.memory, b.container.memory)}};
}

std::vector<AllocationChange> Diff(const Allocation& from, const Allocation& to) {
  std::vector<AllocationChange> changes;
  for (std::size_t i = 0; i < from.size(); ++i) {
    const MicroserviceId id(i);
    if (from[id] != to[id]) changes.push_back({id, from[id], to[id]});
  }
  return changes;
}

StagedChanges StageChanges(const Allocation& from, const Allocation& to) {
  Allocation peak(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) {
    const MicroserviceId id(i);
    peak[id] = LargerOf(from[id], to[id]);
  }
  return {Diff(from, peak), Diff(peak, to)};
}

}  // namespace trimtab
