// Several policies on one scenario under one workload, side by side.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/experiment/experiment.h"
#include "trimtab/experiment/figures.h"
#include "trimtab/experiment/html_report.h"
#include "trimtab/experiment/policy_run.h"

namespace trimtab {

// Grad VI-D2: the length of the comparison's run.
inline constexpr int kComparisonMinutes = 400;
// Grad VI-D1: "below 4.7 % across all benchmarks".
inline constexpr double kGoalViolationShare = 0.047;

// The workload of an experiment: the scenario's, realized with the seed, recordings in their place.
absl::StatusOr<WorkloadSeries> WorkloadOf(const ExperimentInput& input, int minutes);

// Runs all, `input.threads` at a time; each run keeps its journal, summary and windows in a folder
// of `input.directory` named as its label, or nothing when `keep` is false. Same bytes for any
// number of threads. REQUIRES: labels differ.
absl::StatusOr<std::vector<RunRecord>> RunPolicies(const ExperimentInput& input,
                                                   const WorkloadSeries& workload,
                                                   std::vector<PolicyRunOptions> runs, bool keep);

// Such runs with their scenario, as figures show them.
PolicyComparison ComparisonOf(const ExperimentInput& input, std::string title,
                              std::vector<RunRecord> runs);

// The decisions of runs that were kept in `input.directory`.
absl::StatusOr<std::vector<DecisionLogRow>> DecisionsOf(const ExperimentInput& input,
                                                        const std::vector<RunRecord>& runs);

// One policy over several seeds: shares, tail and units as means, changes and reversions in all; no
// windows and no recovery. REQUIRES: not empty.
RunRecord MeanOf(const std::vector<RunRecord>& seeds);

// A run folder's name: "grad (corrected)" -> "grad-corrected".
std::string FolderOf(const std::string& label);

// One row a run: what summary.json says.
ResultTable SummaryTable(const std::vector<RunRecord>& runs);

}  // namespace trimtab
