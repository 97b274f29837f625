#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "trimtab/cli/arguments.h"
#include "trimtab/cli/commands.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/exit_code.h"
#include "trimtab/cli/output.h"
#include "trimtab/cli/recommendations.h"
#include "trimtab/cli/run_config.h"

namespace trimtab {
namespace {

struct Values {
  RunSettings settings;
  std::string name;
  bool exit_code = false;
  OutputFormat output = OutputFormat::kTable;
};

absl::StatusOr<ExitCode> RunRecommend(const Values& values, Context& context) {
  const auto recommendations = RecommendNow(values.settings, values.name, context);
  if (!recommendations.ok()) return recommendations.status();
  TableOf(*recommendations).Write(values.output, context.color, context.out);
  return CodeOf(*recommendations, values.exit_code);
}

}  // namespace

CommandAction DeclareRecommend(Arguments& arguments) {
  const auto values = std::make_shared<Values>();
  arguments.Positional("name", &values->name, "of one AppScaler; otherwise all",
                       /*required=*/false);
  values->settings.Declare(arguments, SettingsOf::kRecommend);
  arguments.Flag("exit-code", &values->exit_code, "end with 10 when there is something to change");
  arguments.Output(&values->output);
  return [values](Context& context) { return RunRecommend(*values, context); };
}

}  // namespace trimtab
