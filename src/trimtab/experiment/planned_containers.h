// Containers that a scenario's requests need, over what changes their call graphs.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/experiment/experiment.h"
#include "trimtab/scenario/scenario.h"

namespace trimtab {

struct PlannedAxis {
  std::string key;    // of the table
  std::string label;  // "requests/s"
  std::string paper;  // what the paper has: "a drop of 47 % beyond 30 requests/s"
  // Whether that is so of the means, in the order of `xs`.
  std::function<bool(std::span<const double> containers)> as_paper;
  std::vector<double> xs;
  // The scenario and its load, in requests/s, at one x.
  std::function<std::pair<Scenario, double>(double x)> setting;
};

// Adds a table, a figure and a sentence to `result`: at each x the graphs of every request of a
// simulated hour without its first third are counted and Derm plans for their mix under
// the scenario's SLA, on five seeds. Planned, not simulated; the figure names its `part`, "5(a)".
// `input.distributions` must be there. kCancelled when stopped; fails as CountGraphs().
absl::Status AddPlannedContainers(const ExperimentInput& input, const PlannedAxis& axis,
                                  const std::string& part, ExperimentResult& result);

}  // namespace trimtab
