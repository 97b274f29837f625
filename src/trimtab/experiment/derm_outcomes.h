// What plans expected beside what was measured: the honesty of Derm's attainments.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "trimtab/experiment/derm_cells.h"
#include "trimtab/experiment/experiment.h"

namespace trimtab {

struct OutcomeOfArm {
  DermArm arm = DermArm::kCorrected;
  const CellOutcome* outcome = nullptr;
  std::size_t sla = 0;  // of its violations
};

// How far an expected attainment may be from the measured one.
inline constexpr double kAttainmentTolerance = 0.02;

// By arm that expects attainments: mean expected, measured of all simulated requests, and the
// largest distance of a class with at least 100 traces, those of the arm's runs together.
ResultTable ExpectationTable(const std::vector<OutcomeOfArm>& outcomes);
// Of Derm corrected.
std::string ExpectationVerdict(const std::vector<OutcomeOfArm>& outcomes);

}  // namespace trimtab
