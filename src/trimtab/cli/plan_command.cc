#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "trimtab/application/resource_price.h"
#include "trimtab/cli/arguments.h"
#include "trimtab/cli/commands.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/exit_code.h"
#include "trimtab/cli/experiment_support.h"
#include "trimtab/cli/instance_plan.h"
#include "trimtab/experiment/imagined_observation.h"
#include "trimtab/experiment/policy_choices.h"
#include "trimtab/profile/atomic_file.h"
#include "trimtab/quantity/text.h"
#include "trimtab/scaling/plan_json.h"

namespace trimtab {
namespace {

struct Values {
  std::string scenario;
  std::string instance;
  std::string fidelity = "corrected";
  std::string profile;
  std::string simd = "native";
  std::string allocation;
  std::vector<std::string> interference;
  double load = 0;
  Duration sla{0};
  std::uint64_t seed = 1;
  OutputFormat output = OutputFormat::kTable;
};

// "cpu=0.4"
absl::StatusOr<Interference> ParseInterference(const std::vector<std::string>& texts) {
  Interference interference = Interference::None();
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    const auto kind = ParseInterferenceKind(std::string_view(text).substr(0, equals));
    if (!kind.ok()) return kind.status();
    const auto share = equals == std::string::npos
                           ? absl::StatusOr<double>(absl::InvalidArgumentError(""))
                           : ParseNumber(std::string_view(text).substr(equals + 1));
    if (!share.ok() || !(*share >= 0 && *share < 1)) {
      return absl::InvalidArgumentError(
          fmt::format("--interference '{}' is not KIND=SHARE with a share in [0, 1)", text));
    }
    interference.Set(*kind, Ratio(*share));
  }
  return interference;
}

// The allocation to start from: that of an earlier plan, or the policy's own start.
absl::StatusOr<Allocation> StartOf(const Values& values, const PolicyRunOptions& run,
                                   const Application& application) {
  if (values.allocation.empty()) return *run.initial;
  const auto text = ReadWholeFile(values.allocation);
  if (!text.ok()) return text.status();
  auto plan = PlanFromJson(*text, application);
  if (!plan.ok()) {
    return absl::Status(plan.status().code(), fmt::format("'{}': {}", values.allocation,
                                                          std::string(plan.status().message())));
  }
  return plan->target;
}

void WriteText(const Plan& plan, const Application& application, Context& context) {
  Table allocations({{.key = "microservice", .header = "microservice"},
                     {.key = "replicas", .header = "replicas"},
                     {.key = "cpu", .header = "cpu"},
                     {.key = "memory", .header = "memory"}});
  for (std::size_t i = 0; i < application.size(); ++i) {
    const MicroserviceAllocation& of = plan.target[MicroserviceId(i)];
    allocations.AddRow({application.microservice(MicroserviceId(i)).name,
                        static_cast<std::int64_t>(of.replicas), FormatCpu(of.container.cpu),
                        FormatMemory(of.container.memory)});
  }
  Table steps({{.key = "step", .header = "step"},
               {.key = "microservice", .header = "microservice"},
               {.key = "action", .header = "action"},
               {.key = "tail", .header = "P95 ms after"},
               {.key = "reason", .header = "reason"}});
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const PlanStep& step = plan.steps[i];
    Table::Cell tail;
    if (step.tail_after) tail = fmt::format("{:.1f}", step.tail_after->count());
    steps.AddRow({static_cast<std::int64_t>(i + 1),
                  application.microservice(step.microservice).name,
                  std::string(ScalingActionName(step.action)), tail, step.reason});
  }
  steps.WriteText(context.out, context.color);
  context.out << "\n";
  allocations.WriteText(context.out, context.color);
  const ResourceUnits units = UnitsOf(plan.target);
  context.out << fmt::format("\n{}; {:.1f} units ({:.1f} CPU, {:.1f} memory)", plan.summary.message,
                             units.total(), units.cpu, units.memory);
  if (plan.predicted_tail_latency) {
    context.out << fmt::format("; predicted P95 {:.0f} ms", plan.predicted_tail_latency->count());
  }
  context.out << "\n";
  if (plan.feasible) return;
  context.out << "not feasible; bound by";
  for (const MicroserviceId id : plan.binding)
    context.out << " " << application.microservice(id).name;
  context.out << "\n";
}

absl::StatusOr<ExitCode> RunPlan(const Values& values, Context& context) {
  if (values.instance.empty() == values.scenario.empty()) {
    return absl::InvalidArgumentError("expected a scenario or --instance, and not both");
  }
  if (!values.instance.empty()) {
    return RunInstancePlan(
        {.file = values.instance, .fidelity = values.fidelity, .output = values.output}, context);
  }
  BarProgress progress(context.progress);
  auto input = MakeExperimentInput(
      {.scenario = values.scenario, .directory = ".", .seed = values.seed}, progress, context);
  if (!input.ok()) return input.status();
  const Application& application = input->scenario.application;
  const auto interference = ParseInterference(values.interference);
  if (!interference.ok()) return interference.status();
  const auto fidelity = ParseGradFidelity(values.fidelity);
  if (!fidelity.ok()) return fidelity.status();
  const auto profile = ProfileFor(*input, values.profile, values.simd, context);
  if (!profile.ok()) return profile.status();
  const auto run = GradChoice(input->scenario, *profile, *fidelity, std::nullopt);
  if (!run.ok()) return run.status();
  const auto start = StartOf(values, *run, application);
  if (!start.ok()) return start.status();
  const auto seen =
      ImagineObservation(input->scenario, *start, RequestsPerSecond(values.load), *interference);
  if (!seen.ok()) return seen.status();
  Sla sla = input->scenario.sla;
  if (values.sla > Duration(0)) sla.latency = ToLatency(values.sla);
  const auto policy = MakePolicy(run->policy, run->parts);
  if (!policy.ok()) return policy.status();
  const auto plan = (*policy)->MakePlan({.application = application,
                                         .observation = *seen,
                                         .desired = *start,
                                         .sla = sla,
                                         .capacity = CapacityOf(input->scenario)});
  if (!plan.ok()) return plan.status();
  if (values.output == OutputFormat::kTable) {
    WriteText(*plan, application, context);
  } else if (values.output == OutputFormat::kJson) {
    WriteJson(nlohmann::ordered_json::parse(PlanToJson(*plan, application)), context.out);
  } else {
    Table rows({{.key = "microservice"},
                {.key = "replicas"},
                {.key = "cpuCores"},
                {.key = "memoryBytes"}});
    for (std::size_t i = 0; i < application.size(); ++i) {
      const MicroserviceAllocation& of = plan->target[MicroserviceId(i)];
      rows.AddRow({application.microservice(MicroserviceId(i)).name,
                   static_cast<std::int64_t>(of.replicas), InCores(of.container.cpu),
                   of.container.memory.value()});
    }
    rows.WriteCsv(context.out);
  }
  return plan->feasible ? ExitCode::kSuccess : ExitCode::kInfeasible;
}

}  // namespace

CommandAction DeclarePlan(Arguments& arguments) {
  const auto values = std::make_shared<Values>();
  values->load = 263;
  arguments.Positional("scenario", &values->scenario, "name or file of a scenario",
                       /*required=*/false);
  arguments.Option("instance", &values->instance,
                   "instead of a scenario: the fewest containers of the problem in this file",
                   "FILE");
  arguments.Option("load", &values->load, {.min = 0.001, .max = 1e9},
                   "requests per second, all operations");
  arguments.OptionList("interference", &values->interference,
                       "on every host: cpu, memoryCapacity, memoryBandwidth or networkBandwidth",
                       "KIND=SHARE");
  arguments.Option("sla", &values->sla, {.min = Duration(0)},
                   "P95 to hold, such as 250ms; 0s: the scenario's");
  arguments.Option("allocation", &values->allocation,
                   "start from the plan in this file (-o json of an earlier call)", "FILE");
  arguments.Choice("fidelity", &values->fidelity, {"corrected", "paper"},
                   "as an expert would build it, or as published");
  arguments.Option("profile", &values->profile, "trained profile; otherwise made now and kept",
                   "FILE");
  DeclareSimd(arguments, &values->simd);
  arguments.Seed(&values->seed);
  arguments.Output(&values->output);
  return [values](Context& context) { return RunPlan(*values, context); };
}

}  // namespace trimtab
