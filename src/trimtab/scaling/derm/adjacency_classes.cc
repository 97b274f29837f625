#include "trimtab/scaling/derm/adjacency_classes.h"

#include <cstddef>
#include <map>
#include <string>
#include <utility>

#include "trimtab/callgraph/call_tree.h"

namespace trimtab {

std::vector<ForecastClass> MergedByAdjacency(std::vector<ForecastClass> classes) {
  std::vector<ForecastClass> merged;
  std::map<std::string, std::size_t> place;
  for (ForecastClass& each : classes) {
    const auto [of, is_new] = place.try_emplace(AdjacencyText(each.tree), merged.size());
    if (is_new) {
      merged.push_back(std::move(each));
    } else {
      merged[of->second].share += each.share;
    }
  }
  return merged;
}

}  // namespace trimtab
