// Series of graph shares out of the request process of a scenario, without queues.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/callgraph/graph_class.h"
#include "trimtab/graphdynamics/share_series.h"
#include "trimtab/quantity/time.h"
#include "trimtab/scenario/scenario.h"

namespace trimtab {

// Derm VIII-B, on simulated requests: 36 graph classes, loads spread evenly over 10 to 500
// requests/s; 15 % of the training requests are complex and 35 %
// simple, 20 and 30 % of the test requests. Which requests are complex or simple the paper does not
// say: here those with the most and with the fewest calls, where the scenario's own operation mix
// sets the two bounds, and the mix of the test is tilted until its shares are met.
struct SimulatedShareOptions {
  std::size_t training_steps = 9'920;
  std::size_t test_steps = 2'480;
  Duration step = std::chrono::seconds(30);
  std::size_t block_steps = 120;
  double lowest_load = 10;  // requests/s
  double highest_load = 500;
  // From one level of the load to the next, in a straight line.
  Duration load_knots = std::chrono::minutes(10);
  // What initial stocks, bounds and restocking are multiplied with, so that what is sold at these
  // loads in a day neither empties every store at once nor none.
  double stock_scale = 6;
  // Within which all stores are restocked. The scenario's own five minutes would spread each change
  // of the mix over ten steps.
  Duration restock_stagger = std::chrono::seconds(30);
  ClassKey class_by = ClassKey::kMultiplicity;
  std::size_t graph_classes = 36;  // the last is "(other)"
  double complex_training = 0.15;
  double simple_training = 0.35;
  double complex_test = 0.20;
  double simple_test = 0.30;
  // Requests from which the expected shares of each test step are counted, out of the true state at
  // its start.
  double expected_requests = 10'000;
  std::uint64_t seed = 1;
  int threads = 2;  // changes no figure
  std::function<void(std::size_t done, std::size_t total)> progress = nullptr;
  std::function<bool()> stopped = nullptr;
};

struct SimulatedShares {
  ShareSeries training;
  ShareSeries test;  // unseen days, with expected shares
  std::uint64_t requests = 0;
  std::size_t classes_seen = 0;  // before the rare ones became "(other)"
  // Of the requests, as they came.
  double complex_training = 0;
  double simple_training = 0;
  double complex_test = 0;
  double simple_test = 0;
};

// Each block is a run of its own from full stocks. kInvalidArgument for a scenario without
// arguments and states, whose graph shares do not move; kCancelled when stopped.
// Cost: about 0.7 us a request, 120 million of them by default.
absl::StatusOr<SimulatedShares> SimulateShares(const Scenario& scenario,
                                               const SimulatedShareOptions& options);

}  // namespace trimtab
