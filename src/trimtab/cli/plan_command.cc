#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "trimtab/cli/arguments.h"
#include "trimtab/cli/commands.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/exit_code.h"
#include "trimtab/cli/experiment_support.h"
#include "trimtab/cli/instance_plan.h"
#include "trimtab/cli/plan_on_kubernetes.h"
#include "trimtab/cli/plan_report.h"
#include "trimtab/cli/run_config.h"
#include "trimtab/experiment/imagined_observation.h"
#include "trimtab/experiment/policy_choices.h"
#include "trimtab/experiment/share_training.h"
#include "trimtab/profile/atomic_file.h"
#include "trimtab/quantity/text.h"
#include "trimtab/scaling/plan_json.h"

namespace trimtab {
namespace {

struct Values {
  std::string scenario;
  std::string instance;
  std::string policy = "auto";
  std::string fidelity = "corrected";
  std::string profile;
  std::string simd = "native";
  std::string allocation;
  std::vector<std::string> interference;
  double load = 0;
  double share_error = DermOptions().share_error;
  Duration sla{0};
  bool on_kubernetes = false;
  bool exit_code = false;
  RunSettings cluster;
  std::uint64_t seed = 1;
  std::string file;  // to save the result in
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

// Derm where the call graphs answer to arguments or state, Grad elsewhere.
std::string PolicyFor(const std::string& asked, const Scenario& scenario) {
  if (asked != "auto") return asked;
  return GraphsMove(scenario) ? "derm" : "grad";
}

absl::StatusOr<PolicyRunOptions> ChoiceOf(const Values& values, const ExperimentInput& input,
                                          const std::string& policy, Context& context) {
  if (policy == "derm") {
    const auto fidelity = ParseDermFidelity(values.fidelity);
    if (!fidelity.ok()) return fidelity.status();
    const auto distributions = DistributionsFor(input, values.profile, context);
    if (!distributions.ok()) return distributions.status();
    // One plan has no next step that its containers could be late for.
    const Duration step = ContainerStart(input.scenario) + DermOptions().step;
    return DermChoice(input.scenario, *distributions,
                      {.fidelity = *fidelity, .step = step, .share_error = values.share_error});
  }
  const auto fidelity = ParseGradFidelity(values.fidelity);
  if (!fidelity.ok()) return fidelity.status();
  const auto profile = ProfileFor(input, values.profile, values.simd, context);
  if (!profile.ok()) return profile.status();
  return GradChoice(input.scenario, *profile, *fidelity, std::nullopt);
}

// The plan for the load as it is stated. Derm leaves room for growth until it has seen how the load
// changes, so it first watches a steady one; without call graphs in sight it plans nothing.
absl::StatusOr<Plan> PlanSteady(ScalingPolicy& policy, const PlanningInput& input) {
  constexpr int kSteadyWindows = 30;
  if (!input.observation.graph_classes.empty()) {
    Observation without = input.observation;
    without.graph_classes.clear();
    PlanningInput watched{.application = input.application,
                          .observation = without,
                          .desired = input.desired,
                          .sla = input.sla,
                          .capacity = input.capacity};
    for (int i = 0; i < kSteadyWindows; ++i) {
      if (auto kept = policy.MakePlan(watched); !kept.ok()) return kept.status();
    }
  }
  return policy.MakePlan(input);
}

absl::StatusOr<ExitCode> RunPlan(Values& values, Context& context) {
  if (values.on_kubernetes) {
    if (!values.instance.empty()) {
      return absl::InvalidArgumentError("expected --instance or --on-kubernetes, and not both");
    }
    if (!values.profile.empty()) values.cluster.AddProfile(values.profile);
    return PlanOnKubernetes(values.cluster,
                            {.name = values.scenario,
                             .tells_changes = values.exit_code,
                             .output = values.output,
                             .file = values.file},
                            context);
  }
  if (values.instance.empty() == values.scenario.empty()) {
    return absl::InvalidArgumentError("expected a scenario or --instance, and not both");
  }
  if (!values.instance.empty()) {
    if (!values.file.empty()) {
      return absl::InvalidArgumentError("--instance is solved and printed, not saved with -o FILE");
    }
    if (values.policy == "grad") {
      return absl::InvalidArgumentError("--instance is solved by derm, not by --policy grad");
    }
    return RunInstancePlan(
        {.file = values.instance, .fidelity = values.fidelity, .output = values.output}, context);
  }
  BarProgress progress(context.progress);
  auto input = MakeExperimentInput(
      {.scenario = values.scenario, .directory = ".", .seed = values.seed}, progress, context);
  if (!input.ok()) return input.status();
  const Scenario& scenario = input->scenario;
  const auto interference = ParseInterference(values.interference);
  if (!interference.ok()) return interference.status();
  const auto run = ChoiceOf(values, *input, PolicyFor(values.policy, scenario), context);
  if (!run.ok()) return run.status();
  const auto start = StartOf(values, *run, scenario.application);
  if (!start.ok()) return start.status();
  const RequestsPerSecond load(values.load);
  std::vector<GraphClassObservation> graph_classes;
  if (run->policy == "derm") graph_classes = ImagineGraphClasses(scenario, load, values.seed);
  const auto seen =
      ImagineObservation(scenario, *start, load, *interference, std::move(graph_classes));
  if (!seen.ok()) return seen.status();
  Sla sla = scenario.sla;
  if (values.sla > Duration(0)) sla.latency = ToLatency(values.sla);
  const auto policy = MakePolicy(run->policy, run->parts);
  if (!policy.ok()) return policy.status();
  const auto plan = PlanSteady(**policy, {.application = scenario.application,
                                          .observation = *seen,
                                          .desired = *start,
                                          .sla = sla,
                                          .capacity = CapacityOf(scenario)});
  if (!plan.ok()) return plan.status();
  switch (values.output) {
    case OutputFormat::kTable:
      WritePlanText(*plan, scenario.application, *start, context);
      break;
    case OutputFormat::kJson:
      WriteJson(nlohmann::ordered_json::parse(PlanToJson(*plan, scenario.application)),
                context.out);
      break;
    case OutputFormat::kCsv:
      WritePlanCsv(*plan, scenario.application, context);
      break;
  }
  if (!values.file.empty()) {
    const absl::Status saved = ReplaceFile(values.file, PlanToJson(*plan, scenario.application));
    if (!saved.ok()) return saved;
    context.err << fmt::format("wrote {}\n", values.file);
  }
  return plan->feasible ? ExitCode::kSuccess : ExitCode::kInfeasible;
}

}  // namespace

CommandAction DeclarePlan(Arguments& arguments) {
  const auto values = std::make_shared<Values>();
  values->load = 263;
  arguments.Positional("name", &values->scenario,
                       "name or file of a scenario; with --on-kubernetes of an AppScaler",
                       /*required=*/false);
  arguments.Option("instance", &values->instance,
                   "instead of a scenario: the fewest containers of the problem in this file",
                   "FILE");
  arguments.Choice("policy", &values->policy, {"auto", "derm", "grad"},
                   "what plans; auto: derm for a scenario with request arguments or states, by "
                   "which its call graphs change, else grad");
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
  arguments.Option("share-error", &values->share_error, {.min = 0, .max = 0.5},
                   "of derm: hold the SLA for every mix of call graphs this far (total variation) "
                   "from the predicted one");
  arguments.Option("profile", &values->profile,
                   "profile with what the policy plans on; otherwise made now and kept", "FILE");
  arguments.Flag(
      "on-kubernetes", &values->on_kubernetes,
      "plan for an AppScaler of a real cluster as it is now; what is asked for, and how, "
      "stands in the resource");
  arguments.Flag("exit-code", &values->exit_code,
                 "with --on-kubernetes: end with 10 when there is something to change");
  values->cluster.Declare(arguments, SettingsOf::kPlan);
  DeclareSimd(arguments, &values->simd);
  arguments.Seed(&values->seed);
  arguments.OutputOrFile(&values->output, &values->file);
  return [values](Context& context) { return RunPlan(*values, context); };
}

}  // namespace trimtab
