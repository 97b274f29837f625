#include "trimtab/controller/control_record.h"

#include <algorithm>
#include <cmath>

namespace trimtab {

void ControlRecord::Add(const Decision& decision) {
  ++decisions;
  if (decision.Committed()) ++commits;
  if (decision.held) ++held;
  if (decision.plan && !decision.plan->feasible) ++infeasible;
  for (const Trouble& trouble : decision.troubles) {
    ++degradations[static_cast<std::size_t>(trouble.what)];
  }
  planning_times.push_back(decision.planning_time);
}

Duration ControlRecord::PlanningTime(Quantile q) const {
  if (planning_times.empty()) return Duration(0);
  std::vector<Duration> sorted = planning_times;
  std::ranges::sort(sorted);
  const double rank = std::ceil(q.level() * static_cast<double>(sorted.size()));
  return sorted[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

}  // namespace trimtab
