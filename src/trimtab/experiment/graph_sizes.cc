#include "trimtab/experiment/graph_sizes.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

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

std::vector<double> TiltedOperationShares(const ClusterScenario& cluster,
                                          const std::vector<SizeShares>& of, SizeShares now,
                                          SizeShares wanted) {
  double ss = 0;
  double cc = 0;
  double sc = 0;
  double total = 0;
  for (const EntrySpec& entry : cluster.entries) total += entry.share;
  for (std::size_t i = 0; i < of.size(); ++i) {
    const double share = cluster.entries[i].share / total;
    ss += share * (of[i].simple - now.simple) * (of[i].simple - now.simple);
    cc += share * (of[i].complex - now.complex) * (of[i].complex - now.complex);
    sc += share * (of[i].simple - now.simple) * (of[i].complex - now.complex);
  }
  const double determinant = ss * cc - sc * sc;
  std::vector<double> shares;
  for (const EntrySpec& entry : cluster.entries) shares.push_back(entry.share);
  if (!(determinant > 1e-12)) return shares;
  const double ds = wanted.simple - now.simple;
  const double dc = wanted.complex - now.complex;
  const double a = (ds * cc - dc * sc) / determinant;
  const double b = (dc * ss - ds * sc) / determinant;
  for (std::size_t i = 0; i < of.size(); ++i) {
    shares[i] *=
        std::max(0.0, 1 + a * (of[i].simple - now.simple) + b * (of[i].complex - now.complex));
  }
  return shares;
}

}  // namespace trimtab
