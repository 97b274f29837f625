// Days on which other requests come than on those that a predictor was trained on.
#pragma once

#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/experiment/graph_sizes.h"
#include "trimtab/simulation/scenario.h"

namespace trimtab {

// What differs. Graph classes follow from it as everywhere: by what is asked for and what is left.
struct TestDays {
  // Operations are asked for exp(operations * simple) times as often, where `simple` is the share
  // of the operation's training requests that are.
  double operations = 0;
  // What initial stocks, their bounds and restocking are multiplied with is exp(stocks).
  double stocks = 0;
};

// A scenario on such days. `simple` is by operation.
ClusterScenario OnTestDays(ClusterScenario cluster, const TestDays& days,
                           const std::vector<double>& simple);

// The days on which requests are simple and complex in the shares wanted, as near as 15 trials come
// to it: Broyden's method. More of an operation sells more tickets, which changes what all of them
// do, so there is no formula. `measure` says the shares of such days, and should draw the same
// every time. Fails as `measure` does.
absl::StatusOr<TestDays> FindTestDays(
    const SizeShares& wanted,
    const std::function<absl::StatusOr<SizeShares>(const TestDays& days)>& measure);

}  // namespace trimtab
