#include "trimtab/graphdynamics/entry_mix.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "trimtab/graphdynamics/share_blend.h"
#include "trimtab/probability/random_stream.h"

namespace trimtab {

EntryMix EntryMix::Fit(const TracedShares& traced, std::span<const std::size_t> blocks) {
  EntryMix mix;
  mix.graphs_ = traced.series.space.graphs();
  const std::size_t arguments = traced.series.space.arguments();
  mix.given_.assign(arguments * mix.graphs_, 0.0);
  for (const std::size_t block : blocks) {
    for (std::size_t i = 0; i < mix.given_.size(); ++i) mix.given_[i] += traced.joint[block][i];
  }
  std::vector<double> all(mix.graphs_, 0.0);
  for (std::size_t i = 0; i < mix.given_.size(); ++i) all[i % mix.graphs_] += mix.given_[i];
  for (std::size_t a = 0; a < arguments; ++a) {
    const auto row = std::span(mix.given_).subspan(a * mix.graphs_, mix.graphs_);
    if (std::ranges::all_of(row, [](double count) { return count == 0; })) {
      std::ranges::copy(all, row.begin());
    }
    NormaliseShares(row);
  }
  return mix;
}

void EntryMix::Predict(std::span<const double> arguments, std::span<double> shares) const {
  std::ranges::fill(shares, 0.0);
  for (std::size_t a = 0; a < arguments.size(); ++a) {
    const auto given = GivenOperation(a);
    for (std::size_t g = 0; g < shares.size(); ++g) shares[g] += arguments[a] * given[g];
  }
  NormaliseShares(shares);
}

double SamplingFloor(const TracedShares& traced, const EntryMix& mix,
                     std::span<const SharePlace> places, std::uint64_t seed) {
  RandomStream random(seed, "graphdynamics/sampling-floor");
  const std::size_t graphs = traced.series.space.graphs();
  std::vector<double> expected(graphs);
  std::vector<double> drawn(graphs);
  double sum = 0;
  for (const SharePlace& place : places) {
    const ShareWindow step = traced.series.Before(place.block, place.step + 1, 1);
    mix.Predict(step.arguments(0), expected);
    std::ranges::fill(drawn, 0.0);
    const double requests = traced.RequestsIn(place);
    for (std::size_t a = 0; a < traced.series.space.arguments(); ++a) {
      const auto given = mix.GivenOperation(a);
      for (auto left = std::lround(step.arguments(0)[a] * requests); left > 0; --left) {
        double u = random.Uniform();
        std::size_t g = 0;
        while (g + 1 < graphs && u > given[g]) u -= given[g++];
        drawn[g] += 1;
      }
    }
    NormaliseShares(drawn);
    sum += 1 - TotalVariation(expected, drawn);
  }
  return sum / static_cast<double>(places.size());
}

}  // namespace trimtab
