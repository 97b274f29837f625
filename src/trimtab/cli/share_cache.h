// What Derm's network has learned of a scenario, kept between calls.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "trimtab/cli/context.h"
#include "trimtab/experiment/experiment.h"
#include "trimtab/graphdynamics/share_learner.h"
#include "trimtab/quantity/time.h"
#include "trimtab/scaling/derm/derm_options.h"

namespace trimtab {

// How the graph shares of the input's scenario move, as tracing shows them: learned once from its
// request process, on other days than those of a run, and kept in the user's cache folder under the
// scenario's hash; a file there that cannot be read is learned again. Nothing for a policy that
// does not ask for it, and for a scenario whose graphs answer to nothing.
// Cost: 12 s of CPU time, once; 0.1 s to read.
absl::StatusOr<std::shared_ptr<const ShareKnowledge>> SharesFor(const ExperimentInput& input,
                                                                double span_share,
                                                                const DermOptions& options,
                                                                Context& context);

}  // namespace trimtab
