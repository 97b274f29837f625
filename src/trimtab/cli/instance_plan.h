// `trimtab plan --instance FILE`: the optimum of a stated problem, without a scenario.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/exit_code.h"
#include "trimtab/cli/output.h"

namespace trimtab {

struct InstancePlanArguments {
  std::string file;  // as derm_instance_json.h says
  std::string fidelity = "corrected";
  OutputFormat output = OutputFormat::kTable;
};

// Solves, rounds and prints. kInfeasible when no allocation holds the target.
absl::StatusOr<ExitCode> RunInstancePlan(const InstancePlanArguments& arguments, Context& context);

}  // namespace trimtab
