#include <memory>
#include <ostream>
#include <string>

#include "absl/status/statusor.h"
#include "trimtab/cli/arguments.h"
#include "trimtab/cli/commands.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/exit_code.h"
#include "trimtab/cli/scenarios.h"
#include "trimtab/kubelet/workload_manifest.h"
#include "trimtab/scenario/scenario.h"

namespace trimtab {

CommandAction DeclareExportWorkloads(Arguments& arguments) {
  const auto name = std::make_shared<std::string>();
  arguments.Positional("scenario", name.get(), "name or file of a scenario");
  return [name](Context& context) -> absl::StatusOr<ExitCode> {
    const auto path = FindScenario(*name);
    if (!path.ok()) return path.status();
    const auto scenario = LoadScenario(*path);
    if (!scenario.ok()) return scenario.status();
    context.out << WorkloadManifest(scenario->cluster);
    return ExitCode::kSuccess;
  };
}

}  // namespace trimtab
