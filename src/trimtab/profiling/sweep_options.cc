#include "trimtab/profiling/sweep_options.h"

#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "fmt/format.h"

namespace trimtab {
namespace {

class Violations {
 public:
  template <class T>
  void Require(bool holds, const char* name, T value, const char* bound) {
    if (!holds) lines_.push_back(fmt::format("{} is {}, must be {}", name, value, bound));
  }
  void RequireAccuracy(const char* name, const LabelAccuracy& accuracy) {
    const std::string prefix(name);
    Require(accuracy.relative_standard_error > 0 && accuracy.relative_standard_error <= 1,
            (prefix + ".relative_standard_error").c_str(), accuracy.relative_standard_error,
            "in (0, 1]");
    Require(accuracy.most_requests >= 100 && accuracy.most_requests <= 100'000'000,
            (prefix + ".most_requests").c_str(), accuracy.most_requests, "in [100, 1e8]");
  }
  absl::Status ToStatus() const {
    if (lines_.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError("sweep options: " + absl::StrJoin(lines_, "; "));
  }

 private:
  std::vector<std::string> lines_;
};

}  // namespace

SweepOptions SweepOptions::Demo() {
  SweepOptions options;
  options.station_settings = 3600;
  options.tree_runs = 400;
  options.bias_pairs = 8;
  // Fewer labels may each be better for the same time.
  options.train = {.relative_standard_error = 0.04, .most_requests = 60000};
  options.test = {.relative_standard_error = 0.03, .most_requests = 180000};
  options.tree = {.relative_standard_error = 0.03, .most_requests = 30000};
  return options;
}

absl::Status SweepOptions::Validate() const {
  Violations v;
  v.Require(cpu_settings >= 2 && cpu_settings <= 100, "cpu_settings", cpu_settings, "in [2, 100]");
  v.Require(memory_settings >= 2 && memory_settings <= 100, "memory_settings", memory_settings,
            "in [2, 100]");
  v.Require(load_settings >= 2 && load_settings <= 100, "load_settings", load_settings,
            "in [2, 100]");
  v.Require(interference_settings >= 1 && interference_settings <= 33, "interference_settings",
            interference_settings, "in [1, 33]");
  v.Require(lowest_utilization > 0 && lowest_utilization < highest_utilization,
            "lowest_utilization", lowest_utilization, "above 0 and below highest_utilization");
  v.Require(highest_utilization > 0 && highest_utilization < 1, "highest_utilization",
            highest_utilization, "in (0, 1)");
  v.Require(idle_utilization > 0 && idle_utilization < lowest_utilization, "idle_utilization",
            idle_utilization, "above 0 and below lowest_utilization");
  if (station_settings) {
    v.Require(*station_settings >= 1 && *station_settings <= 100'000'000, "station_settings",
              *station_settings, "in [1, 1e8]");
  }
  v.Require(tree_runs >= 0 && tree_runs <= 1'000'000, "tree_runs", tree_runs, "in [0, 1e6]");
  v.Require(
      lowest_application_load.value() > 0 && lowest_application_load <= highest_application_load,
      "lowest_application_load", lowest_application_load.value(),
      "above 0 and at most highest_application_load");
  v.Require(highest_application_load.value() <= 1e7, "highest_application_load",
            highest_application_load.value(), "at most 1e7");
  v.Require(test_share > 0 && test_share < 1, "test_share", test_share, "in (0, 1)");
  v.RequireAccuracy("train", train);
  v.RequireAccuracy("test", test);
  v.RequireAccuracy("tree", tree);
  v.Require(bias_pairs >= 0 && bias_pairs <= 10'000, "bias_pairs", bias_pairs, "in [0, 10000]");
  return v.ToStatus();
}

}  // namespace trimtab
