#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "trimtab/cli/arguments.h"
#include "trimtab/cli/commands.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/eval_composition.h"
#include "trimtab/cli/exit_code.h"
#include "trimtab/cli/output.h"
#include "trimtab/cli/sample_world.h"
#include "trimtab/cli/span_files.h"
#include "trimtab/cli/sweep_bars.h"
#include "trimtab/latency/accuracy.h"
#include "trimtab/latency/cumulant_accuracy.h"
#include "trimtab/latency/latency_models.h"
#include "trimtab/profiling/evaluation.h"
#include "trimtab/profiling/label_check.h"
#include "trimtab/profiling/sample_table.h"
#include "trimtab/profiling/train_profile.h"

namespace trimtab {
namespace {

struct Values {
  std::string samples = "samples.csv";
  std::vector<std::string> models;
  bool masks = false;
  bool cumulants = false;
  std::string scenario;
  std::int64_t labels = LabelCheckOptions().labels;
  std::int64_t requests = LabelCheckOptions().requests;
  std::int64_t threads = 0;
  std::uint64_t seed = 1;
  OutputFormat output = OutputFormat::kTable;
  SpanFiles spans;
  std::string laws_by = "subtree";
  double sampling = 1;
};

// Every microservice that a report knows, in the order in which they first appear.
std::vector<std::string> NamesIn(const std::vector<AccuracyReport>& reports) {
  std::vector<std::string> names;
  for (const AccuracyReport& report : reports) {
    for (const MicroserviceAccuracy& of : report.microservices) {
      if (std::ranges::find(names, of.name) == names.end()) names.push_back(of.name);
    }
  }
  return names;
}

// A column a model, a row a microservice, median and worst below. Nothing where a model had nothing
// to be tested on.
void WriteComparison(const std::vector<AccuracyReport>& reports, Context& context) {
  std::vector<Table::Column> columns = {{.key = "microservice", .header = "accuracy %"}};
  for (const AccuracyReport& report : reports) {
    columns.push_back({.key = report.model, .header = report.model, .decimals = 1});
  }
  Table table(columns);
  for (const std::string& name : NamesIn(reports)) {
    std::vector<Table::Cell> cells = {name};
    for (const AccuracyReport& report : reports) {
      const auto of = std::ranges::find(report.microservices, name, &MicroserviceAccuracy::name);
      Table::Cell cell;
      if (of != report.microservices.end()) cell = of->accuracy;
      cells.push_back(cell);
    }
    table.AddRow(std::move(cells));
  }
  std::vector<Table::Cell> median = {std::string("(median)")};
  std::vector<Table::Cell> worst = {std::string("(worst)")};
  for (const AccuracyReport& report : reports) {
    median.emplace_back(report.median);
    worst.emplace_back(report.worst);
  }
  table.AddRow(std::move(median));
  table.AddRow(std::move(worst));
  table.WriteText(context.out, context.color);
}

void WriteReports(const std::vector<AccuracyReport>& reports, OutputFormat output,
                  Context& context) {
  if (output == OutputFormat::kTable) return WriteComparison(reports, context);
  if (output == OutputFormat::kJson) {
    WriteJson(nlohmann::ordered_json::parse(AccuracyJson(reports)), context.out);
    return;
  }
  Table table({{.key = "model"}, {.key = "microservice"}, {.key = "accuracy"}, {.key = "samples"}});
  for (const AccuracyReport& report : reports) {
    for (const MicroserviceAccuracy& of : report.microservices) {
      table.AddRow({report.model, of.name, of.accuracy, static_cast<std::int64_t>(of.samples)});
    }
  }
  table.WriteCsv(context.out);
}

// Every microservice that has samples to train and to test on.
absl::StatusOr<std::vector<MicroserviceSamples>> DividedOf(const SampleTable& table,
                                                           Context& context) {
  auto divided = DividedSamplesOf(table);
  std::erase_if(divided, [&](const MicroserviceSamples& of) {
    if (!of.test.empty() && !of.training.empty()) return false;
    context.progress.Note(fmt::format("{}: no samples to train or to test on", of.name));
    return true;
  });
  if (divided.empty()) return absl::InvalidArgumentError("the table has no samples held out");
  return divided;
}

std::vector<InterferenceMask> MasksOf(const Values& values) {
  if (values.masks) return StandardMasks();
  return {StandardMasks().front()};
}

absl::StatusOr<std::vector<AccuracyReport>> EvaluateCumulants(const SampleTable& table,
                                                              const Values& values,
                                                              Context& context) {
  const auto divided = DividedOf(table, context);
  if (!divided.ok()) return divided.status();
  NeuralLatencyOptions options;
  options.seed = values.seed;
  return EvaluateCumulantModel(*divided, MasksOf(values), options, ThreadsOf(values.threads));
}

absl::StatusOr<std::vector<AccuracyReport>> EvaluateLatency(const SampleTable& table,
                                                            const Values& values,
                                                            Context& context) {
  if (values.cumulants) return EvaluateCumulants(table, values, context);
  std::vector<std::string> kinds = values.models;
  if (kinds.empty()) {
    for (const LatencyModelKind& kind : LatencyModelKinds()) kinds.emplace_back(kind.name);
  }
  const auto divided = DividedOf(table, context);
  if (!divided.ok()) return divided.status();
  const auto masks = MasksOf(values);
  LatencyModelOptions options;
  options.neural.seed = values.seed;
  options.trees.seed = values.seed;
  SweepBars bars(context.progress);
  const auto show = bars.Callback("train");
  std::vector<AccuracyReport> reports;
  for (std::size_t k = 0; k < kinds.size(); ++k) {
    if (context.stop) return absl::CancelledError("stopped before all models were trained");
    auto of_kind =
        EvaluateLatencyModel(kinds[k], *divided, masks, options, ThreadsOf(values.threads));
    if (!of_kind.ok()) return of_kind.status();
    std::ranges::move(*of_kind, std::back_inserter(reports));
    show(static_cast<std::int64_t>(k) + 1, static_cast<std::int64_t>(kinds.size()));
  }
  return reports;
}

absl::StatusOr<std::vector<AccuracyReport>> EvaluateTails(const SampleTable& table,
                                                          const Values& values, Context& context) {
  SweepBars bars(context.progress);
  TrainingOptions options;
  options.seed = values.seed;
  options.cumulants = false;
  options.threads = ThreadsOf(values.threads);
  options.progress = bars.Callback("train");
  const auto profile = TrainProfile(table, table, options);
  if (!profile.ok()) return profile.status();
  EndToEndTrainingOptions end_to_end;
  end_to_end.seed = values.seed;
  return EvaluateEndToEnd(table, profile->LatencyModels(), end_to_end, ThreadsOf(values.threads));
}

// Labels of the table against runs many times as long.
absl::StatusOr<ExitCode> EvaluateLabels(const SampleTable& samples, const Values& values,
                                        Context& context) {
  if (values.scenario.empty()) {
    return absl::InvalidArgumentError("it measures again: --scenario is missing");
  }
  const auto world = MakeSampleWorld(values.scenario);
  if (!world.ok()) return world.status();
  if (world->hash != samples.manifest.scenario_hash) {
    return absl::FailedPreconditionError(
        fmt::format("the samples are of another scenario (scenarioHash: '{}', the scenario's is "
                    "'{}')",
                    samples.manifest.scenario_hash, world->hash));
  }
  SweepBars bars(context.progress);
  const auto show = bars.Callback("measure again");
  const SweepRunner runner{.threads = ThreadsOf(values.threads),
                           .progress = [&show](const SweepProgress& p) { show(p.done, p.total); },
                           .stop = &context.stop};
  const auto check = CheckLabels(
      samples, *world->source,
      {.labels = values.labels, .requests = values.requests, .seed = values.seed}, runner);
  if (!check.ok()) return check.status();
  Table table({{.key = "labels", .header = "labels"},
               {.key = "meanError", .header = "mean error %", .scale = 100, .decimals = 2},
               {.key = "p90Error", .header = "P90 %", .scale = 100, .decimals = 2},
               {.key = "maxError", .header = "largest %", .scale = 100, .decimals = 2}});
  table.AddRow(
      {static_cast<std::int64_t>(check->labels.size()), check->mean, check->p90, check->max});
  table.Write(values.output, context.color, context.out);
  return ExitCode::kSuccess;
}

using Evaluate = absl::StatusOr<std::vector<AccuracyReport>> (*)(const SampleTable&, const Values&,
                                                                 Context&);

absl::StatusOr<ExitCode> RunComparison(Evaluate evaluate, const Values& values, Context& context) {
  const auto samples = LoadSampleTable(values.samples);
  if (!samples.ok()) return samples.status();
  const auto reports = evaluate(*samples, values, context);
  if (!reports.ok()) return reports.status();
  WriteReports(*reports, values.output, context);
  return ExitCode::kSuccess;
}

absl::StatusOr<ExitCode> RunLabels(const Values& values, Context& context) {
  const auto samples = LoadSampleTable(values.samples);
  if (!samples.ok()) return samples.status();
  return EvaluateLabels(*samples, values, context);
}

void DeclareSamples(Arguments& arguments, Values& values) {
  arguments.Option("samples", &values.samples, "table that `trimtab profile` wrote", "FILE");
}

void DeclareRest(Arguments& arguments, Values& values) {
  arguments.Option("threads", &values.threads, {.min = 0, .max = 1024},
                   "threads to use, 0: one a core; changes no figure");
  arguments.Seed(&values.seed);
  arguments.Output(&values.output);
}

}  // namespace

CommandAction DeclareEvalLatency(Arguments& arguments) {
  const auto values = std::make_shared<Values>();
  DeclareSamples(arguments, *values);
  arguments.OptionList("model", &values->models,
                       "only this one of nn2 to nn6, pwl, xgb; may be repeated", "NAME");
  arguments.Flag("masks", &values->masks,
                 "also with each and with all interferences hidden from the model");
  arguments.Flag("cumulants", &values->cumulants,
                 "instead: mean, deviation and third cumulant, and the P95 that they imply");
  DeclareRest(arguments, *values);
  return [values](Context& context) -> absl::StatusOr<ExitCode> {
    if (values->cumulants && !values->models.empty()) {
      return absl::InvalidArgumentError(
          fmt::format("--cumulants and --model {}: one or the other", values->models.front()));
    }
    return RunComparison(&EvaluateLatency, *values, context);
  };
}

CommandAction DeclareEvalEndToEnd(Arguments& arguments) {
  const auto values = std::make_shared<Values>();
  DeclareSpanFiles(arguments, &values->spans, /*required=*/false);
  arguments.Choice("laws-by", &values->laws_by, {"subtree", "microservice"},
                   "of spans: visits of one law of own latency, those of a microservice that call "
                   "the same or all of them");
  arguments.Option("sampling", &values->sampling, {.min = 1e-6, .max = 1},
                   "of spans: share of the requests that was traced");
  DeclareSamples(arguments, *values);
  DeclareRest(arguments, *values);
  return [values](Context& context) -> absl::StatusOr<ExitCode> {
    if (values->spans.files.empty()) return RunComparison(&EvaluateTails, *values, context);
    if (values->samples != Values().samples) {
      return absl::InvalidArgumentError(
          fmt::format("'{}' and --samples {}: span files or a table, not both",
                      values->spans.files.front(), values->samples));
    }
    const VisitKey key =
        values->laws_by == "subtree" ? VisitKey::kSubtree : VisitKey::kMicroservice;
    return RunEvalComposition(values->spans, key, values->sampling, values->output, context);
  };
}

CommandAction DeclareEvalLabels(Arguments& arguments) {
  const auto values = std::make_shared<Values>();
  DeclareSamples(arguments, *values);
  arguments.Option("scenario", &values->scenario, "the scenario of the samples");
  arguments.Option("labels", &values->labels, {.min = 1, .max = 1'000'000}, "how many are drawn");
  arguments.Option("requests", &values->requests, {.min = 1000, .max = 1'000'000'000},
                   "requests of each long run");
  DeclareRest(arguments, *values);
  return [values](Context& context) { return RunLabels(*values, context); };
}

}  // namespace trimtab
