// `trimtab plan --on-kubernetes`: the changes that an AppScaler needs now, to be saved and applied.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/exit_code.h"
#include "trimtab/cli/output.h"
#include "trimtab/cli/run_config.h"

namespace trimtab {

struct ClusterPlan {
  std::string name{};  // of the AppScaler; empty: the only one
  bool tells_changes = false;
  OutputFormat output = OutputFormat::kTable;
  std::string file{};  // where the plan is saved; empty: nowhere
};

// Writes nothing to the cluster. kFailedPrecondition: there are several AppScalers. A decision that
// was held is no plan and not saved.
absl::StatusOr<ExitCode> PlanOnKubernetes(const RunSettings& settings, const ClusterPlan& plan,
                                          Context& context);

}  // namespace trimtab
