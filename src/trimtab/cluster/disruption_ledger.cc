#include "trimtab/cluster/disruption_ledger.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace trimtab {
namespace {

constexpr Duration kRemembered = std::chrono::minutes(2);

}  // namespace

bool Covers(const DisruptionBudgetView& budget, const WorkloadSight& sight) {
  return std::ranges::any_of(sight.pods, [&](const PodSight& pod) {
    const auto& labels = pod.pod->meta.labels;
    return std::ranges::all_of(budget.match_labels, [&](const auto& label) {
      const auto found = labels.find(label.first);
      return found != labels.end() && found->second == label.second;
    });
  });
}

void DisruptionLedger::Leaving(const DisruptionBudgetView& budget, int pods, Instant now) {
  Departure& departure =
      departures_.try_emplace(budget.meta.uid, Departure{.healthy_before = budget.current_healthy})
          .first->second;
  departure.pods += pods;
  departure.last = now;
}

std::vector<std::shared_ptr<const DisruptionBudgetView>> DisruptionLedger::Left(
    std::vector<std::shared_ptr<const DisruptionBudgetView>> budgets, Instant now) {
  for (auto& budget : budgets) {
    const auto entry = departures_.find(budget->meta.uid);
    if (entry == departures_.end()) continue;
    const Departure& departure = entry->second;
    const std::int64_t counted =
        std::max<std::int64_t>(0, departure.healthy_before - budget->current_healthy);
    if (counted >= departure.pods || now - departure.last > kRemembered) {
      departures_.erase(entry);
      continue;
    }
    DisruptionBudgetView left = *budget;
    left.disruptions_allowed =
        std::max<std::int64_t>(0, left.disruptions_allowed - (departure.pods - counted));
    budget = std::make_shared<const DisruptionBudgetView>(std::move(left));
  }
  return budgets;
}

}  // namespace trimtab
