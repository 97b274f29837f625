// What `recommend` and `plan --on-kubernetes` share: one look at a cluster, and how it is told.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/exit_code.h"
#include "trimtab/cli/output.h"
#include "trimtab/cli/run_config.h"
#include "trimtab/operator/one_shot.h"

namespace trimtab {

// Decides once for the AppScaler of that name, or for all where it is empty, and says on stderr
// what the decisions rest on. Writes nothing to the cluster.
absl::StatusOr<std::vector<Recommendation>> RecommendNow(const RunSettings& settings,
                                                         const std::string& name, Context& context);

// A row for each workload: what is and what is recommended.
Table TableOf(const std::vector<Recommendation>& recommendations);

// kInsufficientData where a decision was held, kInfeasible where the promise cannot be kept,
// kChanges where something is to change and the caller wants to know.
ExitCode CodeOf(const std::vector<Recommendation>& recommendations, bool tells_changes);

}  // namespace trimtab
