#include "trimtab/scaling/grad/capacity_step.h"

#include <algorithm>
#include <cstddef>
#include <optional>

namespace trimtab {

std::optional<CapacityStep> CapacityFor(const PlanningState& state, std::size_t microservice) {
  const PlanningState::Microservice& m = state.at(microservice);
  const ScalingBounds& bounds = state.bounds(microservice);
  MicroserviceAllocation least = m.now;
  least.replicas = std::max(least.replicas, bounds.fewest_replicas);
  least.container.cpu = std::max(least.container.cpu, bounds.smallest.cpu);
  least.container.memory = std::max(least.container.memory, bounds.smallest.memory);
  if (!m.tradable) {
    if (least == m.now) return std::nullopt;
    return CapacityStep{.to = least};
  }
  const int fewest = std::max(least.replicas, state.LeastReplicas(microservice));
  if (least == m.now && fewest == m.now.replicas &&
      state.LeastCpu(microservice, fewest) <= m.now.container.cpu) {
    return std::nullopt;
  }
  std::optional<MicroserviceAllocation> best;
  double best_cost = 0;
  const Millicores most_cpu = std::max(bounds.largest.cpu, m.now.container.cpu);
  for (int replicas = fewest; replicas <= std::max(bounds.most_replicas, m.now.replicas);
       ++replicas) {
    MicroserviceAllocation to = least;
    to.replicas = replicas;
    to.container.cpu = std::max(to.container.cpu, state.LeastCpu(microservice, replicas));
    if (to.container.cpu > most_cpu) continue;
    const double cost = state.price().CostOf(to.container) * replicas;
    if (best && cost >= best_cost) continue;
    best = to;
    best_cost = cost;
  }
  if (best) {
    if (*best == m.now) return std::nullopt;
    return CapacityStep{.to = *best};
  }
  least.replicas = std::max(least.replicas, bounds.most_replicas);
  least.container.cpu = most_cpu;
  return CapacityStep{.to = least, .enough = false};
}

}  // namespace trimtab
