// Derm figure 4: graph dynamics follow the load, on simulated requests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/experiment/experiment.h"
#include "trimtab/quantity/time.h"
#include "trimtab/simulation/scenario.h"

namespace trimtab {

// What moved in one operation over the windows of one run.
struct OperationDynamics {
  std::string operation;
  std::uint64_t seed = 0;
  std::size_t graphs = 0;  // multiplicity classes seen
  // Rank correlation of the load with how far the shares of graphs are from those of the quietest
  // windows, over the other windows; 0 with one graph.
  double correlation = 0;
};

struct LoadDynamicsOptions {
  std::size_t windows = 60;
  Duration window{0};       // one day of sales
  double lowest_load = 10;  // requests/s
  double highest_load = 200;
  std::uint64_t seed = 1;
  std::function<bool()> stopped = nullptr;
};

// The request process under one load a window, drawn evenly between the bounds. The more requests a
// window has the fewer of them are looked at, so that chance moves the shares of each alike; the
// quietest fifth of the windows says what is to be compared with. kCancelled when stopped.
// Cost: below 1 us a request.
absl::StatusOr<std::vector<OperationDynamics>> DynamicsOverLoad(const ClusterScenario& cluster,
                                                                const LoadDynamicsOptions& options);

// The distribution of that correlation over operations and five seeds (II-C). kInvalidArgument for
// a scenario none of whose operations has more than one graph, or for fewer than 10 windows.
absl::StatusOr<ExperimentResult> RunDermFig4(const ExperimentInput& input);

}  // namespace trimtab
