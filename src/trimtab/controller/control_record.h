// What a control loop has done so far, in numbers.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "trimtab/controller/decision.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// The loop's own metrics. Thread-safety: a value type.
struct ControlRecord {
  std::int64_t decisions = 0;   // made, whatever came of them
  std::int64_t commits = 0;     // of them, those that changed the allocation
  std::int64_t held = 0;        // of them, those that went wrong: the last allocation stayed
  std::int64_t infeasible = 0;  // of them, those whose plan does not expect to meet the SLA
  std::int64_t late = 0;        // times that the next decision was due before one was over
  std::int64_t graph_changes = 0;
  std::int64_t reversions = 0;  // commits whose first full window missed the SLA
  std::int64_t unverified = 0;  // commits after which no full window was measured
  // Entry i: commits that needed i further Prepare rounds (figure 14b).
  std::vector<std::int64_t> prepare_rounds;
  std::array<std::int64_t, kDegradationCount> degradations{};  // by Degradation
  // From observation to checked plan, one each decision; as the stopwatch of the loop says.
  std::vector<Duration> planning_times;

  std::int64_t count(Degradation what) const {
    return degradations[static_cast<std::size_t>(what)];
  }
  void Add(const Decision& decision);
  // Nearest rank; 0 without decisions.
  Duration PlanningTime(Quantile q) const;
};

}  // namespace trimtab
