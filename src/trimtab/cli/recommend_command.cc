#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/cli/arguments.h"
#include "trimtab/cli/commands.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/exit_code.h"
#include "trimtab/cli/output.h"
#include "trimtab/cli/run_config.h"
#include "trimtab/clock/system_clock.h"
#include "trimtab/operator/one_shot.h"
#include "trimtab/operator/scaler_conditions.h"
#include "trimtab/profile/atomic_file.h"

namespace trimtab {
namespace {

struct Values {
  RunSettings settings;
  std::string name;
  std::string out;
  bool exit_code = false;
  OutputFormat output = OutputFormat::kTable;
};

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

Table TableOf(const std::vector<Recommendation>& recommendations) {
  constexpr double kPerMebibyte = 1.0 / (1 << 20);
  Table table({{.key = "namespace", .header = "NAMESPACE"},
               {.key = "appScaler", .header = "APPSCALER"},
               {.key = "workload", .header = "WORKLOAD"},
               {.key = "replicas", .header = "REPLICAS"},
               {.key = "cpuCores", .header = "CPU m", .scale = 1000},
               {.key = "memoryBytes", .header = "MEMORY Mi", .scale = kPerMebibyte},
               {.key = "recommendedReplicas", .header = "-> REPLICAS"},
               {.key = "recommendedCpuCores", .header = "-> CPU m", .scale = 1000},
               {.key = "recommendedMemoryBytes", .header = "-> MEMORY Mi", .scale = kPerMebibyte}});
  for (const Recommendation& of : recommendations) {
    for (std::size_t i = 0; i < of.decision.desired.size(); ++i) {
      const MicroserviceId id(i);
      const MicroserviceAllocation now = of.decision.desired[id];
      const MicroserviceAllocation then = of.decision.safe ? of.decision.safe->target[id] : now;
      table.AddRow({of.scaler.meta.name_space, of.scaler.meta.name,
                    of.application->microservice(id).name, std::int64_t{now.replicas},
                    InCores(now.container.cpu), now.container.memory.as_double(),
                    std::int64_t{then.replicas}, InCores(then.container.cpu),
                    then.container.memory.as_double()});
    }
  }
  return table;
}

// What the numbers rest on, a line each.
void WriteGrounds(const Recommendation& of, std::ostream& err) {
  const Decision& decision = of.decision;
  const std::string name = fmt::format("{}/{}", of.scaler.meta.name_space, of.scaler.meta.name);
  const Latency target = of.scaler.objective.latency;
  std::string line = fmt::format("{}: {:.0f} ms promised", name, InMilliseconds(target));
  if (const auto& measured = decision.observation.measured_tail_latency) {
    line += fmt::format(", {:.0f} ms measured", InMilliseconds(*measured));
  }
  if (decision.plan && decision.plan->predicted_tail_latency) {
    line += fmt::format(", {:.0f} ms expected of the recommendation",
                        InMilliseconds(*decision.plan->predicted_tail_latency));
  }
  err << line << fmt::format(" ({})\n", ReasonOf(decision, target));
  for (const std::string& gap : decision.observation.gaps) err << name << ": " << gap << '\n';
  for (const Trouble& trouble : decision.troubles) err << name << ": " << trouble.words << '\n';
  for (const RivalNotice& rival : of.rivals) err << name << ": " << rival.words << '\n';
  if (decision.plan && !decision.plan->feasible) {
    err << name << ": " << decision.plan->summary.message << '\n';
  }
}

ExitCode CodeOf(const std::vector<Recommendation>& recommendations, bool with_changes) {
  bool changes = false;
  bool infeasible = false;
  for (const Recommendation& of : recommendations) {
    if (of.decision.held) return ExitCode::kInsufficientData;
    infeasible = infeasible || (of.decision.plan && !of.decision.plan->feasible);
    changes = changes || !of.ToChangeSet().changes.empty();
  }
  if (infeasible) return ExitCode::kInfeasible;
  return with_changes && changes ? ExitCode::kChanges : ExitCode::kSuccess;
}

absl::StatusOr<ExitCode> RunRecommend(const Values& values, Context& context) {
  const auto config = std::make_unique<RunConfig>();
  if (absl::Status valid = values.settings.Resolve(Environment, *config); !valid.ok()) return valid;
  const SystemClock clock;
  const auto recommendations = Recommend(config->options, values.name, clock, context.stop);
  if (!recommendations.ok()) return recommendations.status();
  for (const Recommendation& of : *recommendations) WriteGrounds(of, context.err);
  TableOf(*recommendations).Write(values.output, context.color, context.out);
  if (!values.out.empty()) {
    if (recommendations->size() != 1) {
      return absl::InvalidArgumentError(fmt::format(
          "--out takes the plan of one AppScaler, there are {}: name it", recommendations->size()));
    }
    const absl::Status saved =
        ReplaceFile(values.out, ChangeSetToJson(recommendations->front().ToChangeSet()));
    if (!saved.ok()) return saved;
    context.err << fmt::format("wrote {}; `trimtab apply {}` does it\n", values.out, values.out);
  }
  return CodeOf(*recommendations, values.exit_code);
}

void WriteReport(const CommitReport& report, std::string_view stage, Context& context) {
  context.out << fmt::format("{}: {} done, {} refused, {} not tried\n", stage,
                             report.accepted.size(), report.refused.size(), report.skipped.size());
  for (const RefusedChange& refused : report.refused) {
    context.err << std::string(refused.why.message()) << '\n';
  }
}

absl::StatusOr<ExitCode> RunApply(const Values& values, Context& context) {
  const auto config = std::make_unique<RunConfig>();
  if (absl::Status valid = values.settings.Resolve(Environment, *config); !valid.ok()) return valid;
  const auto text = ReadWholeFile(values.name);
  if (!text.ok()) return text.status();
  const auto set = ReadChangeSet(*text);
  if (!set.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("{}: {}", values.name, std::string(set.status().message())));
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

CommandAction DeclareRecommend(Arguments& arguments) {
  const auto values = std::make_shared<Values>();
  arguments.Positional("name", &values->name, "of one AppScaler; otherwise all",
                       /*required=*/false);
  values->settings.Declare(arguments);
  arguments.Option("out", &values->out, "save the recommendation for `trimtab apply`", "FILE");
  arguments.Flag("exit-code", &values->exit_code, "end with 10 when there is something to change");
  arguments.Output(&values->output);
  return [values](Context& context) { return RunRecommend(*values, context); };
}

CommandAction DeclareApply(Arguments& arguments) {
  const auto values = std::make_shared<Values>();
  arguments.Positional("file", &values->name, "a recommendation that was saved with --out");
  values->settings.Declare(arguments);
  return [values](Context& context) { return RunApply(*values, context); };
}

}  // namespace trimtab
