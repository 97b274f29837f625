#include "trimtab/graphdynamics/testing/lagged_mix.h"

#include <memory>
#include <utility>

#include "trimtab/probability/random_stream.h"

namespace trimtab::testing {

std::vector<ShareStep> LaggedMix(std::size_t steps, bool swapped, std::uint64_t seed) {
  RandomStream random(seed, "lagged-mix");
  std::vector<ShareStep> made;
  double before = 0.5;
  for (std::size_t t = 0; t < steps; ++t) {
    const double u = 0.05 + 0.9 * random.Uniform();
    const double simple = swapped ? 1 - before : before;
    made.push_back({.arguments = {{"x", u}, {"y", 1 - u}},
                    .graphs = {{"simple", simple}, {"complex", 1 - simple}},
                    .load = 100});
    before = u;
  }
  return made;
}

std::shared_ptr<const ShareKnowledge> KnowledgeOfLaggedMix(const ShareLearnerOptions& options) {
  auto knowledge = std::make_shared<ShareKnowledge>();
  knowledge->history.space = {{"x", "y", "(other)"}, {"complex", "simple", "(other)"}};
  for (std::uint64_t b = 0; b < 40; ++b) {
    ShareBlock& block = knowledge->history.blocks.emplace_back();
    for (const ShareStep& step : LaggedMix(30, false, 100 + b)) {
      AppendShareStep(step, knowledge->history.space, block.rows);
    }
  }
  knowledge->model = *TrainShareNetwork(knowledge->history, {.window = options.window,
                                                             .encoder = options.encoder,
                                                             .decoder = options.decoder,
                                                             .copying = !options.plain,
                                                             .samples_read = 40'000,
                                                             .batch = 64,
                                                             .threads = 1,
                                                             .level = options.level});
  return knowledge;
}

}  // namespace trimtab::testing
