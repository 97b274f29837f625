#include <memory>
#include <ostream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/cli/arguments.h"
#include "trimtab/cli/commands.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/exit_code.h"
#include "trimtab/cli/run_config.h"
#include "trimtab/clock/system_clock.h"
#include "trimtab/operator/run_log.h"
#include "trimtab/operator/scaling_operator.h"

namespace trimtab {
namespace {

struct Values {
  RunSettings settings;
  bool print_config = false;
};

absl::StatusOr<ExitCode> RunController(const Values& values, Context& context) {
  if (values.print_config) {
    const auto yaml = values.settings.ToYaml(EnvironmentVariable);
    if (!yaml.ok()) return yaml.status();
    context.out << *yaml;
    return ExitCode::kSuccess;
  }
  const auto config = std::make_unique<RunConfig>();
  if (absl::Status valid = values.settings.Resolve(EnvironmentVariable, *config); !valid.ok()) {
    return valid;
  }
  const SystemClock clock;
  RunLog log(context.err, clock, config->log_format, config->log_level);
  // An end by a signal is how this command ends: what was begun is finished.
  if (absl::Status ran = RunScalingOperator(config->options, log, clock, context.stop); !ran.ok()) {
    return ran;
  }
  return ExitCode::kSuccess;
}

}  // namespace

CommandAction DeclareRun(Arguments& arguments) {
  const auto values = std::make_shared<Values>();
  values->settings.Declare(arguments, SettingsOf::kRun);
  arguments.Flag("print-config", &values->print_config,
                 "print the settings as a file, without secrets, and leave");
  return [values](Context& context) { return RunController(*values, context); };
}

}  // namespace trimtab
