// Several policies on one scenario under one workload, side by side.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/experiment/experiment.h"
#include "trimtab/experiment/figures.h"
#include "trimtab/experiment/policy_run.h"

namespace trimtab {

// The workload of an experiment: the scenario's, realized with the seed, recordings in their place.
absl::StatusOr<WorkloadSeries> WorkloadOf(const ExperimentInput& input, int minutes);

// Runs all, `input.threads` at a time; each run keeps its journal, summary and windows in a folder
// of `input.directory` named as its label, or nothing when `keep` is false. Same bytes for any
// number of threads. REQUIRES: labels differ.
absl::StatusOr<std::vector<RunRecord>> RunPolicies(const ExperimentInput& input,
                                                   const WorkloadSeries& workload,
                                                   std::vector<PolicyRunOptions> runs, bool keep);

// Report, figures and decision logs of such runs, in `input.directory`.
absl::StatusOr<std::vector<Figure>> ReportRuns(const ExperimentInput& input, std::string title,
                                               std::vector<RunRecord> runs);

// A run folder's name: "grad (corrected)" -> "grad-corrected".
std::string FolderOf(const std::string& label);

// One row a run: what summary.json says.
ResultTable SummaryTable(const std::vector<RunRecord>& runs);

}  // namespace trimtab
