// Derm figures 16 to 18: 40 minutes of changing load, Derm beside other policies, simulated.
#pragma once

#include "absl/status/statusor.h"
#include "trimtab/experiment/experiment.h"

namespace trimtab {

// One set of runs, three views of it; with the same `--out` each takes the runs of the others. The
// load and the SLA are the scenario's; the load recorded in `input.data_file` takes its place, is
// played over the minutes of the run and scaled to its peak.
// Containers over time (16), P95 over time (17), and Derm with shares of graphs by the network and
// by the last windows beside those of the whole training history (18). Fails as RunCells() and
// TuneArms(), and as ParseLoadRecording().
absl::StatusOr<ExperimentResult> RunDermFig16(const ExperimentInput& input);
absl::StatusOr<ExperimentResult> RunDermFig17(const ExperimentInput& input);
absl::StatusOr<ExperimentResult> RunDermFig18(const ExperimentInput& input);

}  // namespace trimtab
