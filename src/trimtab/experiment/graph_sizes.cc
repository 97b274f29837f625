#include "trimtab/experiment/graph_sizes.h"

#include <cmath>
#include <cstdint>
#include <set>

namespace trimtab {

SizeShares SizeSharesOf(const GraphCounts& graphs, const GraphCalls& calls,
                        const GraphSizes& sizes) {
  SizeShares shares;
  double total = 0;
  for (const auto& [graph, count] : graphs) {
    const auto requests = static_cast<double>(count);
    total += requests;
    if (calls.at(graph) <= sizes.simple) shares.simple += requests;
    if (calls.at(graph) >= sizes.complex) shares.complex += requests;
  }
  if (total > 0) {
    shares.simple /= total;
    shares.complex /= total;
  }
  return shares;
}

GraphSizes FindGraphSizes(const GraphCounts& graphs, const GraphCalls& calls,
                          const SizeShares& wanted) {
  std::set<std::int64_t> numbers;
  for (const auto& [graph, count] : graphs) numbers.insert(calls.at(graph));
  GraphSizes best{*numbers.begin(), *numbers.rbegin()};
  const auto error = [&](const GraphSizes& sizes) {
    const SizeShares shares = SizeSharesOf(graphs, calls, sizes);
    return SizeShares{std::abs(shares.simple - wanted.simple),
                      std::abs(shares.complex - wanted.complex)};
  };
  for (const std::int64_t number : numbers) {
    const SizeShares of = error({number, number});
    const SizeShares least = error(best);
    if (of.simple < least.simple) best.simple = number;
    if (of.complex < least.complex) best.complex = number;
  }
  return best;
}

}  // namespace trimtab
