// The cheapest allocation that holds the SLA under a constant load and interference.
#pragma once

#include <cstdint>
#include <functional>

#include "absl/status/statusor.h"
#include "trimtab/application/allocation.h"
#include "trimtab/application/resource_price.h"
#include "trimtab/scenario/scenario.h"
#include "trimtab/workload/workload.h"

namespace trimtab {

struct StaticSearchOptions {
  std::uint64_t seed = 1;
  // The tail of every trial is the largest window P95 of `minutes` after `warm_up_minutes`.
  int warm_up_minutes = 1;
  int minutes = 2;
  // A trial holds when its tail is at most this share of the SLA: the search sees one seed only.
  double tail_share = 0.95;
  int passes = 2;
  std::function<void(std::int64_t trials)> progress;
  std::function<bool()> stopped;
};

struct StaticSearchResult {
  Allocation allocation;
  Latency tail{0};  // of the allocation found, in the search's own trial
  std::int64_t trials = 0;
};

// The worst of a workload, for ever: of the load and of each kind of interference the highest mean
// over any five minutes, all at once. A spike of seconds is not what an allocation is sized for.
WorkloadSeries WorstOf(const WorkloadSeries& workload, Duration length);

// Starts from the largest containers, so many that each is 30 % busy, or busier where that does not
// fit on the hosts, checks that this holds, then lowers one quantity of one microservice at a time
// by bisection, dearest first, each as far as the tail allows with all others as they are; `passes`
// times. A coordinate descent: a local optimum, and cheaper than any uniform allocation that it
// passes through. kFailedPrecondition when not even the start holds.
absl::StatusOr<StaticSearchResult> SearchStatic(const Scenario& scenario,
                                                const WorkloadSeries& constant,
                                                const StaticSearchOptions& options);

}  // namespace trimtab
