// The table of experiments: everything that `trimtab experiment run` can repeat.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/controller/control_loop.h"
#include "trimtab/experiment/figures.h"
#include "trimtab/graphdynamics/share_learner.h"
#include "trimtab/profile/application_profile.h"
#include "trimtab/profile/distribution_profile.h"
#include "trimtab/scenario/scenario.h"
#include "trimtab/workload/workload.h"

namespace trimtab {

// How a long job tells how far it is. Thread-safety: any thread.
class ExperimentProgress {
 public:
  virtual ~ExperimentProgress() = default;
  // Begins a line of work of `total` parts; the function returned takes the parts done so far.
  virtual std::function<void(std::int64_t done)> Start(std::string name, std::int64_t total) = 0;
  // A line that stays, such as how long a job will still take; may be dropped.
  virtual void Note(const std::string& /*line*/) {}
};

struct ExperimentInput {
  std::string scenario_path;
  Scenario scenario;
  std::uint64_t seed = 1;
  int threads = 2;
  std::optional<int> minutes;  // simulated, where the experiment has runs; otherwise its own
  std::string directory;       // exists; figures, tables and run folders go there
  // Recordings in place of the scenario's fitted series.
  RecordedWorkload recorded;
  bool full = false;           // the whole grid, where the experiment has one
  std::string data_file = {};  // measured data, where the experiment reads some; may be empty
  // Of the scenario, where the experiment needs them.
  const ApplicationProfile* profile = nullptr;
  const DistributionProfile* distributions = nullptr;
  // How the scenario's graph shares move, as traces of that share of its requests show them: what
  // was kept of it, or LearnShares() now. Absent: learned now, and not kept.
  std::function<absl::StatusOr<std::shared_ptr<const ShareKnowledge>>(double span_share)> shares =
      nullptr;
  // Its second application, with its distributions, for an experiment that has one.
  const ExperimentInput* beside = nullptr;
  ExperimentProgress& progress;
  std::function<bool()> stopped;
  Stopwatch stopwatch;
  Stopwatch processor_time;  // CPU time of the program, all threads
};

// A table as results are printed and kept.
struct ResultTable {
  using Cell = std::variant<std::monostate, std::string, std::int64_t, double>;
  struct Column {
    std::string key;     // JSON and CSV: camelCase with the base unit
    std::string header;  // as people read it
    double scale = 1;    // people read number * scale
    int decimals = 0;
  };
  std::string title;
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;  // each as long as `columns`
};

struct ExperimentResult {
  std::vector<ResultTable> tables;
  std::vector<Figure> figures;        // also in the directory, under figures/
  std::vector<std::string> verdicts;  // one sentence a goal: met or missed, with the figure
  std::vector<std::string> next;      // commands to try
};

struct Experiment {
  std::string_view name;
  std::string_view description;  // one line
  bool needs_profile = false;
  absl::StatusOr<ExperimentResult> (*run)(const ExperimentInput& input);
  std::string_view scenario = "hotel-reservation";  // unless another is asked for
  bool needs_distributions = false;
  std::string_view beside = {};  // the scenario of its second application
};

// Sorted by name.
std::span<const Experiment> Experiments();
// kNotFound lists the names.
absl::StatusOr<const Experiment*> FindExperiment(std::string_view name);

}  // namespace trimtab
