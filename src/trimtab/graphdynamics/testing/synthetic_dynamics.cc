#include "trimtab/graphdynamics/testing/synthetic_dynamics.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "trimtab/graphdynamics/share_series.h"
#include "trimtab/probability/random_stream.h"

namespace trimtab::testing {
namespace {

struct World {
  std::vector<double> popularity;
  std::vector<double> stock;
  std::vector<int> empty_for;  // steps since the stock ran out
  double load = 100;
};

// Requests of a kind spread over three graphs; out of stock, over the next three.
std::size_t GraphOf(std::size_t kind, bool empty, double u, std::size_t graphs) {
  const std::size_t place = u < 0.6 ? 0 : u < 0.9 ? 1 : 2;
  return (kind * 3 + place + (empty ? graphs / 2 : 0)) % graphs;
}

void Drift(World& world, RandomStream& random) {
  world.load = std::clamp(world.load * std::exp(0.1 * random.Normal()), 10.0, 500.0);
  double sum = 0;
  for (double& p : world.popularity) {
    p = std::clamp(p * std::exp(0.03 * random.Normal()), 0.02, 1.0);
    sum += p;
  }
  for (double& p : world.popularity) p /= sum;
}

void Consume(World& world, const std::vector<double>& counts) {
  for (std::size_t kind = 0; kind < world.stock.size(); ++kind) {
    world.stock[kind] -= counts[kind];
    if (world.stock[kind] > 0) continue;
    if (++world.empty_for[kind] < 12) continue;
    world.stock[kind] = 1500;
    world.empty_for[kind] = 0;
  }
}

}  // namespace

ShareSeries SyntheticDynamics::Make() const {
  ShareSeries series;
  for (std::size_t a = 0; a < arguments; ++a) {
    series.space.argument_classes.push_back(fmt::format("kind-{}", a));
  }
  for (std::size_t g = 0; g < graphs; ++g) {
    series.space.graph_classes.push_back(fmt::format("graph-{}", g));
  }
  for (std::size_t b = 0; b < blocks; ++b) {
    RandomStream random(seed, fmt::format("synthetic-dynamics/{}", b));
    World world{std::vector<double>(arguments), std::vector<double>(arguments),
                std::vector<int>(arguments, 0)};
    for (double& p : world.popularity) p = 0.2 + random.Uniform();
    for (double& s : world.stock) s = 1500 * random.Uniform();
    ShareBlock& block = series.blocks.emplace_back();
    for (std::size_t step = 0; step < steps; ++step) {
      Drift(world, random);
      std::vector<double> by_kind(arguments, 0.0);
      std::vector<double> by_graph(graphs, 0.0);
      std::vector<double> expected(graphs, 0.0);
      for (std::size_t a = 0; a < arguments; ++a) {
        const bool empty = world.stock[a] <= 0;
        for (const auto& [u, p] : {std::pair{0.5, 0.6}, {0.8, 0.3}, {0.95, 0.1}}) {
          expected[GraphOf(a, empty, u, graphs)] += world.popularity[a] * p;
        }
      }
      const auto requests = static_cast<std::size_t>(requests_per_step * world.load / 100) + 1;
      for (std::size_t r = 0; r < requests; ++r) {
        double u = random.Uniform();
        std::size_t kind = 0;
        while (kind + 1 < arguments && u > world.popularity[kind]) u -= world.popularity[kind++];
        by_kind[kind] += 1;
        by_graph[GraphOf(kind, world.stock[kind] <= 0, random.Uniform(), graphs)] += 1;
      }
      Consume(world, by_kind);
      NormaliseShares(by_kind);
      NormaliseShares(by_graph);
      NormaliseShares(expected);
      block.rows.insert(block.rows.end(), by_kind.begin(), by_kind.end());
      block.rows.insert(block.rows.end(), by_graph.begin(), by_graph.end());
      block.rows.push_back(world.load);
      block.expected.insert(block.expected.end(), expected.begin(), expected.end());
    }
  }
  return series;
}

}  // namespace trimtab::testing
