// What the mix of entry operations of a window says about its graph classes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "trimtab/graphdynamics/share_series.h"
#include "trimtab/graphdynamics/traced_shares.h"

namespace trimtab {

// The shares of graph classes given each entry operation, counted over some blocks. Not a forecast:
// it maps the arguments of a step to the graphs of the same step, and so says how much of the
// movement of graph shares is a movement of what is asked for.
class EntryMix {
 public:
  // An operation that these blocks never saw has the shares of all requests.
  // REQUIRES: at least one block.
  static EntryMix Fit(const TracedShares& traced, std::span<const std::size_t> blocks);

  // `arguments` are shares of entry operations; `shares` as many as graph classes.
  void Predict(std::span<const double> arguments, std::span<double> shares) const;
  std::span<const double> GivenOperation(std::size_t operation) const {
    return std::span(given_).subspan(operation * graphs_, graphs_);
  }

 private:
  std::size_t graphs_ = 0;
  std::vector<double> given_;  // [arguments][graphs]
};

// The mean 1 - TV between the shares that `mix` predicts and those of as many requests as each
// step had, drawn from it: what a predictor that knows the true shares would score at most, the
// rest is chance. REQUIRES: the mix was fitted on blocks of the same series.
double SamplingFloor(const TracedShares& traced, const EntryMix& mix,
                     std::span<const SharePlace> places, std::uint64_t seed);

}  // namespace trimtab
