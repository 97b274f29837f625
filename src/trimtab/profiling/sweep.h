// Runs a profiling sweep.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "trimtab/application/application.h"
#include "trimtab/profiling/sample_journal.h"
#include "trimtab/profiling/sample_source.h"
#include "trimtab/profiling/sample_table.h"
#include "trimtab/profiling/sweep_plan.h"

namespace trimtab {

// How far a sweep is: in order measuring alone, in whole-tree runs, and both ways for the bias.
enum class SweepStage : std::uint8_t { kStations, kTrees, kBias };
struct SweepProgress {
  SweepStage stage = SweepStage::kStations;
  std::int64_t done = 0;
  std::int64_t total = 0;
};

// How it is run; none of this changes a sample.
struct SweepRunner {
  int threads = 1;
  // May be empty. Called under a lock, from any of the threads.
  std::function<void(const SweepProgress&)> progress = {};
  const std::atomic<bool>* stop = nullptr;  // null: runs to its end
};

// The bias of measuring alone is measured from here on.
inline constexpr double kBiasFromUtilization = 0.6;
// As the bounds in sweep_plan.h say.
bool ValidAlone(const StationTraits& traits, double utilization, double pool_full_share);

// A sweep before anything is measured: what it will do, and the description that a table and the
// part of an interrupted sweep are known by.
struct PreparedSweep {
  SampleManifest manifest;
  SweepPlan plan;
};
// Fails as PlanSweep().
absl::StatusOr<PreparedSweep> PrepareSweep(const Application& application,
                                           const SampleSource& source,
                                           const std::string& scenario_hash,
                                           const SweepOptions& options);

// Grad VI-A's offline data collection:
//   1. measure the settings of PlanSweep() alone; label every equivalent setting from one run;
//   2. make the whole-tree runs of PlanTreeRun(), which label all microservices at once, first
//   where
//      measuring alone was not valid;
//   3. measure some settings of the runs alone too, for the bias of measuring alone.
// Rows go to `journal` (may be null: in memory only), which may hold the start of the same sweep
// already; with kCancelled after `runner.stop` they are on the disk. The table is the same bytes
// for any number of threads and of interruptions. Settings that the source refuses
// (kInvalidArgument) are left out and counted; any other error of the source ends the sweep.
absl::StatusOr<SampleTable> RunSweep(const Application& application, const SampleSource& source,
                                     const PreparedSweep& prepared, const SweepRunner& runner,
                                     SampleJournal* journal);

}  // namespace trimtab
