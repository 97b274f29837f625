// What disruption budgets have left after scale-downs that their controller has not counted yet.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "trimtab/cluster/application_view.h"
#include "trimtab/kubernetes/limits_view.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// Whether the budget selects a pod of the workload; with an expression that is not read, as if it
// selected all that its labels do.
bool Covers(const DisruptionBudgetView& budget, const WorkloadSight& sight);

// The status of a budget follows the pods, which follow a scale: until then a second workload under
// the same budget would be let down with what the first has already taken.
// Thread-safety: none.
class DisruptionLedger {
 public:
  // Ready pods of a workload are going, by a scale that was accepted.
  void Leaving(const DisruptionBudgetView& budget, int pods, Instant now);

  // `budgets` without what is leaving and still counted as healthy. What has not been counted off
  // after two minutes is forgotten: pods that became ready meanwhile hide it.
  std::vector<std::shared_ptr<const DisruptionBudgetView>> Left(
      std::vector<std::shared_ptr<const DisruptionBudgetView>> budgets, Instant now);

 private:
  struct Departure {
    std::int64_t healthy_before = 0;
    std::int64_t pods = 0;
    Instant last{};
  };
  std::map<std::string, Departure> departures_;  // by the uid of the budget
};

}  // namespace trimtab
