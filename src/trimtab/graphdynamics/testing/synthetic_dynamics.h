// A small made-up application whose graph mix follows a hidden stock.
#pragma once

#include <cstddef>
#include <cstdint>

#include "trimtab/graphdynamics/share_series.h"

namespace trimtab::testing {

// Requests have one of `arguments` kinds, whose mix drifts, and take one of two or more graphs, all
// told `graphs`, by their kind and by whether the stock of that kind has run out. Requests consume
// the stock, which comes back all at once after a while. `expected` of each block holds the shares
// given the true stock and mix.
struct SyntheticDynamics {
  std::size_t arguments = 12;
  std::size_t graphs = 36;
  std::size_t blocks = 8;
  std::size_t steps = 200;
  double requests_per_step = 600;
  std::uint64_t seed = 1;

  ShareSeries Make() const;
};

}  // namespace trimtab::testing
