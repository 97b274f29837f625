#include "trimtab/probability/testing/random_latency_tree.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "trimtab/probability/latency_tree.h"
#include "trimtab/probability/random_stream.h"

namespace trimtab::testing {
namespace {

constexpr int kMostLevels = 6;

class Grower {
 public:
  Grower(RandomStream& random, std::size_t size, std::vector<Stage>& stages)
      : random_(random), left_(size), stages_(stages) {}

  LatencyTree Grow() {
    std::vector<LatencyTreeBuilder::NodeId> parts;
    while (left_ > 0) parts.push_back(Call(0));
    return builder_.Build(builder_.AddSeries(parts)).value();
  }

 private:
  LatencyTreeBuilder::NodeId Leaf() {
    const double mean = 0.008 * std::exp(0.6 * random_.Normal());
    const double rate = (0.3 + 0.6 * random_.Uniform()) / mean;
    stages_.push_back({.rate = rate, .visits = 1.0, .offset = 0.5 * mean * random_.Uniform()});
    --left_;
    return builder_.AddStage(stages_.size() - 1);
  }

  // At most kMostLevels deep.
  LatencyTreeBuilder::NodeId Call(int level) {
    std::vector<LatencyTreeBuilder::NodeId> parts = {Leaf()};
    while (level < kMostLevels && left_ > 0 && random_.Uniform() < (level == 0 ? 0.97 : 0.5)) {
      if (random_.Uniform() >= 0.6) {
        parts.push_back(Call(level + 1));
        continue;
      }
      std::vector<LatencyTreeBuilder::NodeId> branches;
      const std::uint64_t fan_out = 2 + random_.Below(7);
      while (left_ > 0 && branches.size() < fan_out) branches.push_back(Call(level + 1));
      parts.push_back(builder_.AddParallel(branches));
    }
    return builder_.AddSeries(parts);
  }

  RandomStream& random_;
  std::size_t left_;
  std::vector<Stage>& stages_;
  LatencyTreeBuilder builder_;
};

}  // namespace

RandomLatencyTree::RandomLatencyTree(RandomStream& random, std::size_t size)
    : tree(Grower(random, size, stages).Grow()) {}

}  // namespace trimtab::testing
