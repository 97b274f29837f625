// A world whose graph mix follows, one step later, what was asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "trimtab/graphdynamics/share_learner.h"
#include "trimtab/graphdynamics/share_steps.h"

namespace trimtab::testing {

// Arguments "x" and "y" have shares u and 1 - u, u drawn anew at each step from [0.05, 0.95].
// Graphs of the next step: "simple" has the share u and "complex" the rest; with `swapped` the
// other way round. So the newest shares say nothing about the next ones, and the arguments all.
std::vector<ShareStep> LaggedMix(std::size_t steps, bool swapped, std::uint64_t seed);

// A small network that has learned the law that is not swapped, from 40 blocks of 30 steps.
std::shared_ptr<const ShareKnowledge> KnowledgeOfLaggedMix(const ShareLearnerOptions& options);

}  // namespace trimtab::testing
