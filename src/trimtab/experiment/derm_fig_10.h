// Derm figure 10: how well graph shares are predicted, over models and lengths of the window.
#pragma once

#include "absl/status/statusor.h"
#include "trimtab/experiment/experiment.h"

namespace trimtab {

// Trains on simulated days and tests on others (see simulated_shares.h). (a) the network beside an
// autoregressive model and the moving average, and beside persistence, which the paper leaves out;
// (b) the paper's network with and without attention for windows of 1 to 10 steps. Five seeds, each
// of days and of networks. A fifth of input.minutes, 1,800 by default, is tested on.
// kInvalidArgument for fewer than 300; otherwise it fails as SimulateShares() and
// TrainGraphPredictor(): the scenario needs arguments or states. Cost: 110 s of CPU time a seed.
absl::StatusOr<ExperimentResult> RunDermFig10(const ExperimentInput& input);

}  // namespace trimtab
