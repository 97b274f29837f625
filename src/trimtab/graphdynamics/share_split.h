// Splits of a series that keep neighbours together.
#pragma once

#include <cstddef>
#include <vector>

#include "trimtab/graphdynamics/share_series.h"

namespace trimtab {

struct SharePlaces {
  std::vector<SharePlace> kept;
  std::vector<SharePlace> held_out;
};

// Holds out about `share` of the places: the last blocks when there are at least six blocks,
// otherwise the end of each block, with `window` steps between both sides so that no step is seen
// from both. Never at random: neighbours are nearly equal, and a random split measures memory.
SharePlaces SplitPlaces(const ShareSeries& series, std::size_t window, double share);

}  // namespace trimtab
