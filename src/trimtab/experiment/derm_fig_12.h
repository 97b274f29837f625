// Derm figures 12 to 15: static loads and SLAs, Derm beside other policies, simulated.
#pragma once

#include "absl/status/statusor.h"
#include "trimtab/experiment/experiment.h"

namespace trimtab {

// One grid of runs, four views of it; with the same `--out` each takes the runs of the others. By
// default runs of 10 minutes, with `input.full` of 30, each under one of 10 to 200 requests/s.
// Containers of every arm over all settings (12) and in each (13), share of requests above the SLA
// (14), Derm's P95 and P99 (15). Fails as RunCells() and TuneArms().
absl::StatusOr<ExperimentResult> RunDermFig12(const ExperimentInput& input);
absl::StatusOr<ExperimentResult> RunDermFig13(const ExperimentInput& input);
absl::StatusOr<ExperimentResult> RunDermFig14(const ExperimentInput& input);
absl::StatusOr<ExperimentResult> RunDermFig15(const ExperimentInput& input);

}  // namespace trimtab
