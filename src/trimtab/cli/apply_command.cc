#include <memory>
#include <ostream>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/cli/arguments.h"
#include "trimtab/cli/commands.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/exit_code.h"
#include "trimtab/cli/run_config.h"
#include "trimtab/clock/system_clock.h"
#include "trimtab/operator/change_set.h"
#include "trimtab/operator/one_shot.h"
#include "trimtab/profile/atomic_file.h"

namespace trimtab {
namespace {

struct Values {
  RunSettings settings;
  std::string file;
};

void WriteReport(const CommitReport& report, std::string_view stage, Context& context) {
  context.out << fmt::format("{}: {} done, {} refused, {} not tried\n", stage,
                             report.accepted.size(), report.refused.size(), report.skipped.size());
  for (const RefusedChange& refused : report.refused) {
    context.err << std::string(refused.why.message()) << '\n';
  }
}

absl::StatusOr<ExitCode> RunApply(const Values& values, Context& context) {
  const auto config = std::make_unique<RunConfig>();
  if (absl::Status valid = values.settings.Resolve(EnvironmentVariable, *config); !valid.ok()) {
    return valid;
  }
  const auto text = ReadWholeFile(values.file);
  if (!text.ok()) return text.status();
  const auto set = ReadChangeSet(*text);
  if (!set.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("{}: {}", values.file, std::string(set.status().message())));
  }
  const SystemClock clock;
  const auto applied = ApplyChangeSet(config->options, *set, clock, context.stop);
  if (!applied.ok()) return applied.status();
  WriteReport(applied->raises, "raises", context);
  WriteReport(applied->lowers, "lowers", context);
  if (!applied->left_out.empty()) {
    context.err << fmt::format("nothing was lowered: {}\n", applied->left_out);
  }
  const bool complete = applied->raises.Complete() && applied->lowers.Complete();
  return complete && applied->left_out.empty() ? ExitCode::kSuccess : ExitCode::kRefused;
}

}  // namespace

CommandAction DeclareApply(Arguments& arguments) {
  const auto values = std::make_shared<Values>();
  arguments.Positional("file", &values->file, "a plan that `trimtab plan --on-kubernetes` saved");
  values->settings.Declare(arguments, SettingsOf::kApply);
  return [values](Context& context) { return RunApply(*values, context); };
}

}  // namespace trimtab
