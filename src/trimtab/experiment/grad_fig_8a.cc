#include "trimtab/experiment/grad_fig_8a.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/experiment/result_page.h"
#include "trimtab/experiment/sampled_application.h"
#include "trimtab/experiment/svg_plot.h"
#include "trimtab/latency/accuracy.h"
#include "trimtab/latency/latency_models.h"

namespace trimtab {
namespace {

// Grad VI-B: "an average accuracy of up to 90 %", XGBoost 93 %.
constexpr double kPaperNetwork = 90;
constexpr double kPaperTrees = 93;
constexpr double kGoalMedian = 93;
constexpr double kGoalWorst = 90;

struct JudgedModel {
  AccuracyReport report;
  double mean = 0;
  double cpu_seconds = 0;  // of training and testing, over all microservices
};

double MeanOf(const AccuracyReport& report) {
  double sum = 0;
  for (const MicroserviceAccuracy& of : report.microservices) sum += of.accuracy;
  return sum / static_cast<double>(report.microservices.size());
}

absl::StatusOr<std::vector<JudgedModel>> JudgeModels(
    const ExperimentInput& input, const std::vector<MicroserviceSamples>& samples) {
  const std::vector<InterferenceMask> masks = {StandardMasks().front()};
  LatencyModelOptions options;
  options.neural.seed = input.seed;
  options.trees.seed = input.seed;
  const auto kinds = LatencyModelKinds();
  const auto bar = input.progress.Start("train", static_cast<std::int64_t>(kinds.size()));
  std::vector<JudgedModel> judged;
  for (const LatencyModelKind& kind : kinds) {
    if (input.stopped && input.stopped()) return absl::CancelledError("stopped while training");
    const Duration start = input.processor_time();
    auto reports = EvaluateLatencyModel(kind.name, samples, masks, options, input.threads);
    if (!reports.ok()) return reports.status();
    const double seconds = InSeconds(input.processor_time() - start);
    const double mean = MeanOf(reports->front());
    judged.push_back({std::move(reports->front()), mean, seconds});
    bar(static_cast<std::int64_t>(judged.size()));
  }
  return judged;
}

ResultTable ModelTable(const std::vector<JudgedModel>& judged) {
  ResultTable table{.title = "accuracy (100 % - MAPE) on the settings held out",
                    .columns = {{.key = "model", .header = "model"},
                                {.key = "median", .header = "median %", .decimals = 1},
                                {.key = "mean", .header = "mean %", .decimals = 1},
                                {.key = "worst", .header = "worst %", .decimals = 1},
                                {.key = "cpuSeconds", .header = "CPU s", .decimals = 2}},
                    .rows = {}};
  for (const JudgedModel& of : judged) {
    table.rows.push_back(
        {of.report.model, of.report.median, of.mean, of.report.worst, of.cpu_seconds});
  }
  return table;
}

ResultTable MicroserviceTable(const std::vector<JudgedModel>& judged) {
  ResultTable table{.title = "accuracy by microservice, %",
                    .columns = {{.key = "microservice", .header = "microservice"},
                                {.key = "testSamples", .header = "tested on"}},
                    .rows = {}};
  for (const JudgedModel& of : judged) {
    table.columns.push_back({.key = of.report.model, .header = of.report.model, .decimals = 1});
  }
  const auto& first = judged.front().report.microservices;
  for (std::size_t m = 0; m < first.size(); ++m) {
    std::vector<ResultTable::Cell> row = {first[m].name,
                                          static_cast<std::int64_t>(first[m].samples)};
    for (const JudgedModel& of : judged) row.emplace_back(of.report.microservices[m].accuracy);
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::vector<Figure> FiguresOf(const std::vector<JudgedModel>& judged) {
  BarChart accuracy{.title = "Accuracy of latency models on settings they never saw",
                    .value_label = "100 % - MAPE",
                    .series = {"median", "worst microservice"},
                    .colors = {0, 2},
                    .groups = {}};
  BarChart cost{.title = "CPU time to train and test all microservices",
                .value_label = "seconds of CPU",
                .series = {"CPU seconds"},
                .colors = {1},
                .groups = {},
                .value_format = "{:.2f}"};
  for (const JudgedModel& of : judged) {
    accuracy.groups.push_back({of.report.model, {of.report.median, of.report.worst}});
    cost.groups.push_back({of.report.model, {of.cpu_seconds}});
  }
  return {{"latency-accuracy.svg",
           "Median and worst microservice of piecewise-linear models, XGBoost and networks of 2 to "
           "6 layers (Grad figure 8a).",
           RenderBars(accuracy)},
          {"latency-training.svg", "What the accuracy costs.", RenderBars(cost)}};
}

const JudgedModel& Of(const std::vector<JudgedModel>& judged, std::string_view name) {
  for (const JudgedModel& of : judged) {
    if (of.report.model == name) return of;
  }
  return judged.front();
}

std::vector<std::string> VerdictsOf(const std::vector<JudgedModel>& judged) {
  const JudgedModel& network = Of(judged, "nn4");
  const JudgedModel& trees = Of(judged, "xgb");
  const JudgedModel& pwl = Of(judged, "pwl");
  const double deeper = network.mean - Of(judged, "nn3").mean;
  const double deepest = Of(judged, "nn6").mean - network.mean;
  return {
      Judged(
          network.report.median >= kGoalMedian && network.report.worst >= kGoalWorst,
          fmt::format("4 layers, median {:.1f} % and worst {:.1f} % (goal {:.0f} % and {:.0f} %)",
                      network.report.median, network.report.worst, kGoalMedian, kGoalWorst)),
      Judged(network.mean >= kPaperNetwork,
             fmt::format("4 layers, mean {:.1f} % (the paper: up to {:.0f} %)", network.mean,
                         kPaperNetwork)),
      Judged(trees.mean >= kPaperTrees,
             fmt::format("XGBoost, mean {:.1f} % (the paper: {:.0f} %)", trees.mean, kPaperTrees)),
      Judged(network.mean > pwl.mean,
             fmt::format("4 layers are {:.1f} points above piecewise-linear (the paper: "
                         "significantly above)",
                         network.mean - pwl.mean)),
      Judged(deeper > deepest,
             fmt::format("diminishing returns: the 4th layer brings {:+.1f} points, the 5th and "
                         "6th {:+.1f} (the paper: 10 and 2)",
                         deeper, deepest))};
}

}  // namespace

absl::StatusOr<ExperimentResult> RunGradFig8a(const ExperimentInput& input) {
  const auto table = MeasureSamples(input);
  if (!table.ok()) return table.status();
  const auto samples = JudgedSamplesOf(*table);
  if (!samples.ok()) return samples.status();
  const auto judged = JudgeModels(input, *samples);
  if (!judged.ok()) return judged.status();
  ExperimentResult result{.tables = {ModelTable(*judged), MicroserviceTable(*judged)},
                          .figures = FiguresOf(*judged),
                          .verdicts = VerdictsOf(*judged),
                          .next = {}};
  const std::string size = fmt::format(
      "Scenario {}, seed {}: {} labelled samples of {} settings; 15 % of the settings held out.",
      input.scenario.name, input.seed, table->manifest.rows, table->manifest.settings);
  result.verdicts.push_back(size);
  const auto written = WriteResultPage(input.directory, "Accuracy of latency models", size, result);
  if (!written.ok()) return written;
  return result;
}

}  // namespace trimtab
