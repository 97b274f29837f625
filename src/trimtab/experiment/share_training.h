// What Derm's network learns of an application before it runs: from its request process alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "trimtab/experiment/experiment.h"
#include "trimtab/experiment/graph_mix.h"
#include "trimtab/graphdynamics/share_learner.h"
#include "trimtab/neural/simd_level.h"
#include "trimtab/quantity/time.h"
#include "trimtab/scenario/scenario.h"

namespace trimtab {

// Days of the scenario's own load, each with a seed of its own and from full states, cut into
// steps, of whose requests as many are seen as tracing would show: a network that has learned from
// every request takes the chance of a sample for a change.
struct ShareTrainingDays {
  Duration step = std::chrono::seconds(60);  // the window of an observation
  double span_share = 0.3;                   // of the requests that are traced
  Duration day = std::chrono::minutes(45);
  std::size_t most_days = 60;
  // Fewer days when they would have more requests: 0.7 us of CPU time each.
  double most_requests = 6e6;
  bool plain = false;                   // the paper's network
  std::int64_t samples_read = 100'000;  // 75 us of CPU time each
  std::uint64_t seed = 1;               // of a run; the days are never those of a run
  int threads = 2;                      // changes no figure
  SimdLevel level = SimdLevel::kNative;
  std::function<bool()> stopped = nullptr;
};

// Those of an experiment's input whose runs trace that share of the requests.
ShareTrainingDays TrainingDaysOf(const ExperimentInput& input, double span_share);

// Whether the call graphs of a scenario answer to arguments or states: otherwise their shares do
// not move, and there is nothing to learn before a run.
bool GraphsMove(const Scenario& scenario);

// What the outcome depends on, as sixteen hexadecimal digits: a name for what is kept of it.
// Fails as the workload does.
absl::StatusOr<std::string> ShareTrainingKey(const Scenario& scenario,
                                             const ShareTrainingDays& days);

// Simulates the days and trains on them. kInvalidArgument for a scenario whose graphs do not move,
// or when no request is seen; kCancelled when stopped.
// Cost: about 4 s of CPU time for the requests and 8 s for the network.
absl::StatusOr<ShareKnowledge> LearnShares(const Scenario& scenario, const ShareTrainingDays& days);

// The graphs of all requests of the days that LearnShares() learns from, each day as often as it
// has requests: what a policy knows that does not know how they change. Works for any scenario.
// kCancelled when stopped. Cost: 1 us of CPU time a request.
absl::StatusOr<GraphMix> CountTrainingGraphs(const Scenario& scenario,
                                             const ShareTrainingDays& days);

}  // namespace trimtab
