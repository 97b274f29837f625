// Synthetic call graphs for tests and benchmarks.
#pragma once

#include <cstddef>
#include <vector>

#include "trimtab/probability/latency_tree.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/probability/sequence_tail.h"

namespace trimtab::testing {

// Means of 8 ms times a lognormal of spread 0.6, floors uniform up to half of the mean, rates at a
// uniform share of 0.3 to 0.9 of their limit. A microservice calls others in sequence or, with
// probability 0.6, two to eight at once, at most six levels deep.
struct RandomLatencyTree {
  // A tree of exactly `size` stages, each visited once.
  RandomLatencyTree(RandomStream& random, std::size_t size);

  std::vector<Stage> stages;
  LatencyTree tree;
};

}  // namespace trimtab::testing
