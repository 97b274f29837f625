// Which requests are simple and which complex.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace trimtab {

// Requests by name of a graph class, and the calls of each class.
using GraphCounts = std::map<std::string, std::uint64_t>;
using GraphCalls = std::map<std::string, std::int64_t>;

// Calls up to which a graph is simple, and from which it is complex.
struct GraphSizes {
  std::int64_t simple = 0;
  std::int64_t complex = 0;
};

struct SizeShares {
  double simple = 0;
  double complex = 0;
};

// Shares of `graphs` by those bounds; nothing counted has none. REQUIRES: calls of every class.
SizeShares SizeSharesOf(const GraphCounts& graphs, const GraphCalls& calls,
                        const GraphSizes& sizes);

// The bounds whose shares come closest to `wanted`. REQUIRES: at least one class.
GraphSizes FindGraphSizes(const GraphCounts& graphs, const GraphCalls& calls,
                          const SizeShares& wanted);

}  // namespace trimtab
