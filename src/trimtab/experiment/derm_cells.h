// Runs of the comparison with Derm, kept one by one so that an interrupted grid goes on.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/experiment/attainment_recorder.h"
#include "trimtab/experiment/derm_arms.h"
#include "trimtab/experiment/experiment.h"
#include "trimtab/workload/load_series.h"

namespace trimtab {

// One run: an arm under a load on a seed.
struct DermCell {
  DermArm arm = DermArm::kCorrected;
  ArmTuning tuning;
  double load = 0;  // requests/s; 0: the series of the setting
  double sla = 0;   // s, that the arm plans for
  std::uint64_t seed = 1;
};

struct CellMinute {
  double minute = 0;
  double application_load = 0;
  double containers = 0;
  double p95_seconds = 0;
};

// Of the minutes that count.
struct CellOutcome {
  double containers = 0;           // mean, those that start included
  std::vector<double> violations;  // share of all requests above each SLA of the setting
  double p95_seconds = 0;
  double p99_seconds = 0;
  std::optional<double> expected;  // attainment, mean over the plans
  std::vector<ClassOutcome> classes;
  std::vector<CellMinute> minutes;  // all of them
};

// What all cells of an experiment share.
struct CellSetting {
  std::vector<double> slas;          // s
  std::optional<StepSeries> series;  // the load where a cell has none of its own
  double static_load = 0;            // what the static size is made for; 0: the cell's load
  int minutes = 0;
  int skip_minutes = 0;
  std::uint64_t history_seed = 0;  // of the graphs that starts and histories are made from
};

// Runs every cell that is not in `input.directory`/cells yet, `input.threads` at a time, and keeps
// it there; arms that do not look at the SLA run once for all of them. Outcomes in the order of
// `cells`. Same outcomes for any number of threads. kCancelled when stopped: the next call goes on
// where this one ended.
absl::StatusOr<std::vector<CellOutcome>> RunCells(const ExperimentInput& input,
                                                  const CellSetting& setting,
                                                  const std::vector<DermCell>& cells);

// The HPA's target and the static size that keep the promise with the fewest containers, or else
// come nearest to it, out of four runs each on `seed`; one for each SLA of the setting.
absl::StatusOr<std::vector<ArmTuning>> TuneArms(const ExperimentInput& input,
                                                const CellSetting& setting, double load,
                                                std::uint64_t seed);

}  // namespace trimtab
