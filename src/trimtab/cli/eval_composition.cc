#include "trimtab/cli/eval_composition.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/profiling/composition_evaluation.h"

namespace trimtab {
namespace {

std::string NameOf(const CompositionAccuracy& of) {
  return std::string(CompositionModelName(of.model)) + (of.correlated ? ", correlated" : "");
}

// A row a model: the accuracy, and the share of requests within each predicted quantile.
void WriteTable(const CompositionEvaluation& evaluation, const RecordedTraces& traces,
                Context& context) {
  std::vector<Table::Column> columns = {
      {.key = "model", .header = "model"},
      {.key = "p95Accuracy", .header = "P95 accuracy %", .decimals = 1}};
  for (const double level : kCompositionLevels) {
    const std::string header = fmt::format("within P{:g} %", 100 * level);
    columns.push_back({.key = header, .header = header, .scale = 100, .decimals = 1});
  }
  for (const ComposedLoad& load : evaluation.models.front().loads) {
    const std::string header =
        fmt::format("P95 at {:.3g}/s", traces.loads[load.load].traces_per_second);
    columns.push_back({.key = header, .header = header, .scale = 1000, .decimals = 1});
  }
  Table table(std::move(columns));
  for (const CompositionAccuracy& of : evaluation.models) {
    std::vector<Table::Cell> cells = {NameOf(of), of.p95_accuracy};
    for (const double within : of.within) cells.emplace_back(within);
    for (const ComposedLoad& load : of.loads) cells.emplace_back(load.predicted_p95);
    table.AddRow(std::move(cells));
  }
  std::vector<Table::Cell> measured = {std::string("(measured)"), {}};
  for (const double level : kCompositionLevels) measured.emplace_back(level);
  for (const ComposedLoad& load : evaluation.models.front().loads) {
    measured.emplace_back(load.measured_p95);
  }
  table.AddRow(std::move(measured));
  fmt::print(context.out,
             "{} traces of {} graphs; correlation of the visits of a request {:.2f} and {:.2f}\n"
             "Composed over the graphs, beside what was measured; latencies in ms\n",
             evaluation.traces, evaluation.graphs, evaluation.correlations[0],
             evaluation.correlations[1]);
  table.WriteText(context.out, context.color);
}

nlohmann::ordered_json EvaluationJson(const CompositionEvaluation& evaluation,
                                      const RecordedTraces& traces) {
  using Json = nlohmann::ordered_json;
  Json models = Json::array();
  for (const CompositionAccuracy& of : evaluation.models) {
    Json loads = Json::array();
    for (const ComposedLoad& load : of.loads) {
      loads.push_back({{"tracesPerSecond", traces.loads[load.load].traces_per_second},
                       {"measuredP95Seconds", load.measured_p95},
                       {"predictedP95Seconds", load.predicted_p95},
                       {"p95Accuracy", load.accuracy}});
    }
    Json calibration = Json::array();
    for (std::size_t i = 0; i < std::size(kCompositionLevels); ++i) {
      calibration.push_back({{"level", kCompositionLevels[i]}, {"share", of.within[i]}});
    }
    models.push_back({{"model", CompositionModelName(of.model)},
                      {"correlated", of.correlated},
                      {"p95Accuracy", of.p95_accuracy},
                      {"calibration", std::move(calibration)},
                      {"loads", std::move(loads)}});
  }
  return {{"traces", evaluation.traces},
          {"graphs", evaluation.graphs},
          {"correlations", evaluation.correlations},
          {"models", std::move(models)}};
}

void WriteCsv(const CompositionEvaluation& evaluation, const RecordedTraces& traces,
              Context& context) {
  Table table({{.key = "model"},
               {.key = "correlated"},
               {.key = "tracesPerSecond"},
               {.key = "measuredP95Seconds"},
               {.key = "predictedP95Seconds"},
               {.key = "p95Accuracy"}});
  for (const CompositionAccuracy& of : evaluation.models) {
    for (const ComposedLoad& load : of.loads) {
      table.AddRow({std::string(CompositionModelName(of.model)),
                    static_cast<std::int64_t>(of.correlated),
                    traces.loads[load.load].traces_per_second, load.measured_p95,
                    load.predicted_p95, load.accuracy});
    }
  }
  table.WriteCsv(context.out);
}

}  // namespace

absl::StatusOr<ExitCode> RunEvalComposition(const SpanFiles& spans, VisitKey key, double sampling,
                                            OutputFormat output, Context& context) {
  NameTable names;
  SkipLog skipped;
  TraceRecorder recorder(names, key, {.sampling = sampling});
  AssembledSpans sink(recorder);
  if (const absl::Status read = ReadSpanFiles(spans, names, skipped, sink, context); !read.ok()) {
    return read;
  }
  sink.Finish();
  const auto traces = recorder.Collect();
  if (!traces.ok()) return traces.status();
  const auto evaluation = EvaluateComposition(*traces, {});
  if (absl::IsInvalidArgument(evaluation.status())) {
    fmt::print(context.err, "{}\n", std::string(evaluation.status().message()));
    return ExitCode::kInsufficientData;
  }
  if (!evaluation.ok()) return evaluation.status();
  switch (output) {
    case OutputFormat::kTable:
      WriteTable(*evaluation, *traces, context);
      break;
    case OutputFormat::kJson:
      WriteJson(EvaluationJson(*evaluation, *traces), context.out);
      break;
    case OutputFormat::kCsv:
      WriteCsv(*evaluation, *traces, context);
      break;
  }
  return ExitCode::kSuccess;
}

}  // namespace trimtab
