// Progress bars for the stages of a sweep and of training.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "trimtab/cli/progress.h"
#include "trimtab/profiling/sweep.h"

namespace trimtab {

// One bar at a time: that of the stage under way. Thread-safety: one caller at a time, as the
// callbacks of the room profiling are made.
class SweepBars {
 public:
  // REQUIRES: `progress` outlives it.
  explicit SweepBars(Progress& progress) : progress_(progress) {}

  // For SweepRunner::progress; valid while this object lives.
  std::function<void(const SweepProgress&)> Callback();
  // The same for stages that are only counted, such as TrainingOptions::progress.
  std::function<void(std::int64_t, std::int64_t)> Callback(std::string name);

 private:
  void Show(std::string_view name, std::int64_t done, std::int64_t total);

  Progress& progress_;
  std::string name_;
  std::optional<Progress::Bar> bar_;
};

// How many threads there are to use; at least 1.
int MachineThreads();
// `wanted`, or MachineThreads() for 0.
int ThreadsOf(std::int64_t wanted);

}  // namespace trimtab
