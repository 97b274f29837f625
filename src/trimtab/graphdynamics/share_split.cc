#include "trimtab/graphdynamics/share_split.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "trimtab/graphdynamics/share_series.h"

namespace trimtab {
namespace {

constexpr std::size_t kFewestBlocks = 6;

}  // namespace

SharePlaces SplitPlaces(const ShareSeries& series, std::size_t window, double share) {
  SharePlaces out;
  const std::size_t blocks = series.blocks.size();
  const bool whole = blocks >= kFewestBlocks;
  const auto last_blocks = std::max<std::size_t>(
      1, static_cast<std::size_t>(std::lround(share * static_cast<double>(blocks))));
  for (const SharePlace place : PlacesOf(series, window)) {
    if (whole) {
      (place.block + last_blocks < blocks ? out.kept : out.held_out).push_back(place);
      continue;
    }
    const std::size_t steps = series.StepsOf(place.block);
    const auto tail = static_cast<std::size_t>(std::lround(share * static_cast<double>(steps)));
    if (place.step + tail >= steps) {
      // The first of them look back into what is kept.
      if (place.step + tail >= steps + window) out.held_out.push_back(place);
    } else {
      out.kept.push_back(place);
    }
  }
  return out;
}

}  // namespace trimtab
