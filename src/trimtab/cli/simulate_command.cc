#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "trimtab/cli/arguments.h"
#include "trimtab/cli/commands.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/exit_code.h"
#include "trimtab/cli/experiment_support.h"
#include "trimtab/cli/share_cache.h"
#include "trimtab/cli/simulate_on_kubernetes.h"
#include "trimtab/experiment/comparison.h"
#include "trimtab/experiment/policy_choices.h"

namespace trimtab {
namespace {

struct Values {
  std::string scenario;
  std::string policy = "grad";
  std::string fidelity = "corrected";
  std::string profile;
  std::string simd = "native";
  std::string load_file;
  std::string interference_file;
  std::string out = "out/simulate";
  std::int64_t minutes = 400;
  double span_share = 0.02;
  Duration step = std::chrono::seconds(30);
  std::string predictor = std::string(DermPredictorName(DermOptions().predictor));
  double share_error = DermOptions().share_error;
  double hpa_target = OutOfTheBoxHpa().target_utilization;
  Millicores container_cpu = OutOfTheBoxHpa().container.cpu;
  Bytes container_memory = OutOfTheBoxHpa().container.memory;
  bool tuned = false;
  bool on_kubernetes = false;
  OnKubernetesArguments kubernetes;
  std::uint64_t seed = 1;
  OutputFormat output = OutputFormat::kTable;
};

absl::StatusOr<PolicyRunOptions> ChoiceOf(const Values& values, const ExperimentInput& input,
                                          Context& context) {
  const Scenario& scenario = input.scenario;
  std::optional<TunedOptions> tuned;
  if (values.tuned || values.policy == "static") {
    auto loaded =
        LoadTuned(input.scenario_path, scenario.application, ClusterHash(scenario.cluster));
    if (!loaded.ok() && values.tuned) return loaded.status();
    if (loaded.ok()) tuned = *std::move(loaded);
  }
  if (values.policy == "hpa") {
    if (tuned && tuned->hpa) return HpaChoice(scenario, *tuned->hpa);
    return HpaChoice(
        scenario, {.target_utilization = values.hpa_target,
                   .container = {.cpu = values.container_cpu, .memory = values.container_memory}});
  }
  if (values.policy == "static") {
    if (tuned && tuned->static_allocation) return StaticChoice(*tuned->static_allocation);
    auto found = SearchStaticFor(input, static_cast<int>(values.minutes));
    if (!found.ok()) return found.status();
    return StaticChoice(found->allocation);
  }
  if (values.policy == "derm") {
    const auto fidelity = ParseDermFidelity(values.fidelity);
    if (!fidelity.ok()) return fidelity.status();
    const auto distributions = DistributionsFor(input, values.profile, context);
    if (!distributions.ok()) return distributions.status();
    const auto predictor = ParseDermPredictor(values.predictor);
    if (!predictor.ok()) return predictor.status();
    const DermOptions options{.fidelity = *fidelity,
                              .step = values.step,
                              .share_error = values.share_error,
                              .predictor = *predictor};
    auto shares = SharesFor(input, values.span_share, options, context);
    if (!shares.ok()) return shares.status();
    auto run = DermChoice(scenario, *distributions, options);
    if (run.ok()) run->parts.derm_shares = *std::move(shares);
    return run;
  }
  const auto fidelity = ParseGradFidelity(values.fidelity);
  if (!fidelity.ok()) return fidelity.status();
  auto profile = ProfileFor(input, values.profile, values.simd, context);
  if (!profile.ok()) return profile.status();
  return GradChoice(scenario, *profile, *fidelity,
                    tuned && tuned->grad ? tuned->grad : std::nullopt);
}

absl::StatusOr<ExitCode> RunSimulate(const Values& values, Context& context) {
  BarProgress progress(context.progress);
  auto input = MakeExperimentInput({.scenario = values.scenario,
                                    .directory = values.on_kubernetes ? "." : values.out,
                                    .seed = values.seed,
                                    .minutes = static_cast<int>(values.minutes),
                                    .load_file = values.load_file,
                                    .interference_file = values.interference_file},
                                   progress, context);
  if (!input.ok()) return input.status();
  if (values.on_kubernetes) {
    return RunOnKubernetes(values.kubernetes,
                           {.minutes = values.minutes,
                            .span_share = values.span_share,
                            .seed = values.seed,
                            .output = values.output},
                           *input, context);
  }
  auto run = ChoiceOf(values, *input, context);
  if (!run.ok()) return run.status();
  const auto workload = WorkloadOf(*input, static_cast<int>(values.minutes));
  if (!workload.ok()) return workload.status();
  run->minutes = static_cast<int>(values.minutes);
  run->seed = values.seed;
  run->span_share = values.span_share;
  run->directory = values.out;
  run->keep_spans = values.span_share > 0;
  if (auto s = PrepareRunFolder(values.out); !s.ok()) return s;
  const auto bar = progress.Start(run->label, values.minutes);
  auto record =
      RunPolicy(input->scenario, *workload, *run,
                {.progress = [&](double minute) { bar(static_cast<std::int64_t>(minute)); },
                 .stopped = input->stopped,
                 .stopwatch = input->stopwatch});
  if (!record.ok()) return record.status();
  if (auto s = WriteRun(values.out, *record); !s.ok()) return s;
  if (values.output == OutputFormat::kJson) {
    WriteJson(nlohmann::ordered_json::parse(SummaryToJson(record->summary)), context.out);
  } else {
    TableOf(SummaryTable({*record})).Write(values.output, context.color, context.out);
  }
  context.err << fmt::format("wrote {}/summary.json, windows.csv, journal.sqlite{}\n", values.out,
                             run->keep_spans ? ", spans.csv.gz" : "");
  return ExitCode::kSuccess;
}

}  // namespace

CommandAction DeclareSimulate(Arguments& arguments) {
  const auto values = std::make_shared<Values>();
  arguments.Positional("scenario", &values->scenario, "name or file of a scenario");
  arguments.Choice("policy", &values->policy, {"derm", "grad", "hpa", "static"}, "what scales");
  arguments.Choice("fidelity", &values->fidelity, {"corrected", "paper"},
                   "of derm and grad: as an expert would build it, or as published");
  arguments.Option("minutes", &values->minutes, {.min = 6, .max = 100000},
                   "simulated minutes; the first 5 are left out of every result");
  arguments.Option("out", &values->out, "folder for summary, windows, journal and spans", "DIR");
  arguments.Option(
      "step", &values->step, {.min = std::chrono::seconds(1)},
      "of derm: from one decision to the next, longer than a container takes to start");
  arguments.Choice("predictor", &values->predictor, {"network", "persistence"},
                   "of derm: what foresees the mix of call graphs; network: learned from the "
                   "scenario's request process and from the run");
  arguments.Option("share-error", &values->share_error, {.min = 0, .max = 0.5},
                   "of derm: hold the SLA for every mix of call graphs this far (total variation) "
                   "from the predicted one");
  arguments.Option("profile", &values->profile,
                   "trained profile for grad; otherwise one is made now and kept", "FILE");
  arguments.Option("load-file", &values->load_file,
                   "recorded load in place of the scenario's, stretched to the run", "FILE");
  arguments.Option("interference-file", &values->interference_file,
                   "recorded interference in place of the scenario's", "FILE");
  arguments.Option("hpa-target", &values->hpa_target, {.min = 1, .max = 100},
                   "CPU utilisation that hpa aims at, in per cent of the limit");
  arguments.Option("container-cpu", &values->container_cpu, "size of every container of hpa");
  arguments.Option("container-memory", &values->container_memory, "size of every container of hpa");
  arguments.Flag("tuned", &values->tuned, "take the options that the scenario's tuning found");
  arguments.Option("span-share", &values->span_share, {.min = 0, .max = 1},
                   "of the requests that are traced");
  arguments.Flag(
      "on-kubernetes", &values->on_kubernetes,
      "be nodes of a real cluster in wall-clock time: whoever schedules and scales there "
      "does it; --policy and its options have no part in it");
  DeclareOnKubernetes(arguments, &values->kubernetes);
  DeclareSimd(arguments, &values->simd);
  arguments.Seed(&values->seed);
  arguments.Output(&values->output);
  return [values](Context& context) { return RunSimulate(*values, context); };
}

}  // namespace trimtab
