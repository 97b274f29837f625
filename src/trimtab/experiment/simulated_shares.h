// Series of graph shares out of the request process of a scenario, without queues.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/callgraph/graph_class.h"
#include "trimtab/experiment/test_days.h"
#include "trimtab/graphdynamics/share_series.h"
#include "trimtab/quantity/time.h"
#include "trimtab/scenario/scenario.h"

namespace trimtab {

// Derm VIII-B, on simulated requests: 36 graph classes, loads spread evenly over 10 to 500
// requests/s; 15 % of the training requests are complex and 35 % simple, 20 and 30 % of the test
// requests. Which requests are complex or simple the paper does not say: here those with the most
// and with the fewest calls, where the scenario's own days set the two bounds. The days of the test
// differ by causes: which operations are asked for, and how many tickets there are (see TestDays).
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
  // The expected shares of each test step are those of futures drawn out of the true state at its
  // start, under its true load: so many futures, and more where they have fewer requests together.
  std::size_t futures = 16;
  double expected_requests = 40'000;
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
  TestDays days;
};

// Each block is a run of its own from full stocks. kInvalidArgument for a scenario without
// arguments and states, whose graph shares do not move; kCancelled when stopped.
// Cost: about 0.2 us a request, of which there are 120 million by default, 300 million in futures
// and 70 million where the days of the test are looked for.
absl::StatusOr<SimulatedShares> SimulateShares(const Scenario& scenario,
                                               const SimulatedShareOptions& options);

}  // namespace trimtab
