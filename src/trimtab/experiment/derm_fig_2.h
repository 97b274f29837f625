// Derm figure 2: how many types of call graph an application of Alibaba's has.
#pragma once

#include "absl/status/statusor.h"
#include "trimtab/experiment/experiment.h"

namespace trimtab {

// Counts the call graphs of each service in the measured aggregates `input.data_file`, and how many
// of them 95 % of its requests take. kInvalidArgument without such a file or with one that lacks
// the columns service, graph and num_traces; otherwise fails as InputFile.
absl::StatusOr<ExperimentResult> RunDermFig2(const ExperimentInput& input);

}  // namespace trimtab
