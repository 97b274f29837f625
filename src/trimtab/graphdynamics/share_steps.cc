#include "trimtab/graphdynamics/share_steps.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>

namespace trimtab {
namespace {

void AppendShares(const ShareMix& mix, const std::vector<std::string>& names,
                  std::vector<double>& row) {
  if (names.empty()) return;
  std::vector<double> shares(names.size(), 0.0);
  double sum = 0;
  for (const auto& [name, count] : mix) {
    const auto at = std::ranges::find(names, name);
    const std::size_t index =
        at == names.end() ? names.size() - 1 : static_cast<std::size_t>(at - names.begin());
    shares[index] += count;
    sum += count;
  }
  for (double& share : shares) share = sum > 0 ? std::min(share / sum, 1.0) : 0;
  row.insert(row.end(), shares.begin(), shares.end());
}

ShareMix Named(std::span<const double> shares, const std::vector<std::string>& names) {
  ShareMix mix;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (shares[i] > 0) mix[names[i]] = shares[i];
  }
  return mix;
}

}  // namespace

ShareMix SharesOfMix(ShareMix mix) {
  double sum = 0;
  for (const auto& [name, count] : mix) sum += count;
  if (sum > 0) {
    for (auto& [name, count] : mix) count /= sum;
  }
  return mix;
}

double TotalVariation(const ShareMix& a, const ShareMix& b) {
  double apart = 0;
  for (const auto& [name, share] : a) {
    const auto in_b = b.find(name);
    apart += std::abs(share - (in_b == b.end() ? 0 : in_b->second));
  }
  for (const auto& [name, share] : b) {
    if (!a.contains(name)) apart += share;
  }
  return apart / 2;
}

void AppendShareStep(const ShareStep& step, const ShareSpace& space, std::vector<double>& row) {
  AppendShares(step.arguments, space.argument_classes, row);
  AppendShares(step.graphs, space.graph_classes, row);
  row.push_back(step.load);
}

ShareSeries InSpace(const ShareSeries& series, const ShareSpace& space) {
  if (series.space == space) return series;
  ShareSeries out{.space = space, .blocks = {}};
  for (const ShareBlock& block : series.blocks) {
    const ShareWindow all{&series.space, block.rows};
    ShareBlock& into = out.blocks.emplace_back();
    for (std::size_t t = 0; t < all.steps(); ++t) {
      AppendShareStep({.arguments = Named(all.arguments(t), series.space.argument_classes),
                       .graphs = Named(all.graphs(t), series.space.graph_classes),
                       .load = all.load(t)},
                      space, into.rows);
    }
  }
  return out;
}

}  // namespace trimtab
