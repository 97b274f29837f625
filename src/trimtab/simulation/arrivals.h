// The stream of entry requests: a Poisson process whose rate follows a series.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "trimtab/probability/random_stream.h"
#include "trimtab/simulation/event_queue.h"
#include "trimtab/simulation/scenario.h"
#include "trimtab/workload/load_series.h"

namespace trimtab {

// Exact for a rate that is constant between the instants of the series: the time of the next
// arrival is where the integral of the rate has grown by a standard exponential. The entry is drawn
// by the shares of the scenario. Gaps and entries have streams of their own, so two runs with equal
// seeds see the same requests whatever the cluster does. Thread-safety: none.
class Arrivals {
 public:
  // `load` in requests per second, from the start of the simulation.
  Arrivals(const std::vector<EntrySpec>& entries, StepSeries load, std::uint64_t seed);

  // The instant of the next arrival after `now`, the last one; kNever if there is none.
  SimNanos Next(SimNanos now);
  std::uint16_t PickEntry();

 private:
  StepSeries load_;
  std::vector<double> cumulative_;  // of the shares, ends at 1
  RandomStream gaps_;
  RandomStream mix_;
};

}  // namespace trimtab
