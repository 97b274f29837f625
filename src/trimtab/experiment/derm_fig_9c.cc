#include "trimtab/experiment/derm_fig_9c.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "trimtab/experiment/derm_arms.h"
#include "trimtab/experiment/graph_mix.h"
#include "trimtab/experiment/result_page.h"
#include "trimtab/experiment/seed_interval.h"
#include "trimtab/experiment/simulated_recording.h"
#include "trimtab/experiment/svg_plot.h"
#include "trimtab/neural/parallel_for.h"
#include "trimtab/profiling/composition_evaluation.h"
#include "trimtab/tracing/input_file.h"
#include "trimtab/tracing/span_reader.h"
#include "trimtab/tracing/trace_assembler.h"

namespace trimtab {
namespace {

constexpr double kPaperAccuracy = 85;  // VIII-B1: "up to"
constexpr int kSeeds = 5;
constexpr std::array kLoads = {10.0, 20.0, 30.0, 40.0};  // requests/s
constexpr double kUtilization = 0.5;  // of the most that containers carry, at the last of them
constexpr int kMinutes = 4;           // at each load
constexpr std::int64_t kTraces = 1'000;
constexpr std::int64_t kFewestTraces = 50;
constexpr Duration kMixLength = std::chrono::minutes(20);

// One application: by model, the accuracies in % of its runs.
struct AccuracyOfApplication {
  std::string name;
  std::array<std::vector<double>, std::size(kCompositionModels)> accuracy;
  std::size_t graphs = 0;  // of the last run
  std::size_t traces = 0;  // of all
};

absl::Status AddRecording(const RecordedTraces& traces, AccuracyOfApplication& application) {
  const auto evaluation =
      EvaluateComposition(traces, {.fewest_traces = kFewestTraces, .correlation = false});
  if (!evaluation.ok()) return evaluation.status();
  for (const CompositionAccuracy& of : evaluation->models) {
    application.accuracy[static_cast<std::size_t>(of.model)].push_back(of.p95_accuracy);
  }
  application.graphs = evaluation->graphs;
  application.traces += evaluation->traces;
  return absl::OkStatus();
}

absl::StatusOr<AccuracyOfApplication> SimulatedAccuracy(const ExperimentInput& input) {
  const double highest = kLoads.back();
  const auto mix = CountGraphs(input.scenario, StepSeries::Constant(highest), Duration(0),
                               kMixLength, input.seed);
  if (!mix.ok()) return mix.status();
  const Allocation allocation = SizedFor({.scenario = input.scenario,
                                          .distributions = *input.distributions,
                                          .history = *mix,
                                          .first_load = highest,
                                          .static_load = highest,
                                          .tuning = {}},
                                         highest, kUtilization);
  std::vector<absl::StatusOr<RecordedTraces>> runs(kSeeds, absl::UnknownError("not run"));
  const auto bar = input.progress.Start("trace " + input.scenario.name, kSeeds);
  std::atomic<std::int64_t> done{0};
  ParallelFor(kSeeds, input.threads, [&](std::size_t i) {
    runs[i] = RecordSimulation(input.scenario.cluster, allocation,
                               {.loads = {kLoads.begin(), kLoads.end()},
                                .length = std::chrono::minutes(input.minutes.value_or(kMinutes)),
                                .traces_per_load = kTraces,
                                .seed = input.seed + i,
                                .stopped = input.stopped});
    bar(++done);
  });
  AccuracyOfApplication application;
  application.name = "simulated " + input.scenario.name;
  for (const auto& run : runs) {
    if (!run.ok()) return run.status();
    if (const absl::Status added = AddRecording(*run, application); !added.ok()) return added;
  }
  return application;
}

// Hands every span of a file to the recorder, trace by trace.
class RecordedFile : public SpanSink {
 public:
  explicit RecordedFile(TraceSink& sink) : assembler_({.memory_bound = Mebibytes(256)}, sink) {}
  void Accept(std::span<const TracedSpan> batch) override { assembler_.Add(batch, Instant()); }
  void Finish() { assembler_.Flush(); }

 private:
  TraceAssembler assembler_;
};

absl::StatusOr<AccuracyOfApplication> MeasuredAccuracy(const std::string& path) {
  const auto file = InputFile::Open(path);
  if (!file.ok()) return file.status();
  NameTable names;
  SkipLog skipped;
  TraceRecorder recorder(names, VisitKey::kSubtree, {});
  RecordedFile sink(recorder);
  ReadCounts counts;
  const absl::Status read = ReadSpans(**file, SpanFormat::kAuto,
                                      {.names = names, .skipped = skipped, .sink = sink}, counts);
  if (!read.ok()) return read;
  sink.Finish();
  const auto traces = recorder.Collect();
  if (!traces.ok()) return traces.status();
  AccuracyOfApplication application;
  application.name = "measured " + path.substr(path.rfind('/') + 1);
  if (const absl::Status added = AddRecording(*traces, application); !added.ok()) return added;
  return application;
}

ResultTable TableOfModels(const std::vector<AccuracyOfApplication>& applications) {
  ResultTable table{
      .title = "accuracy of the end-to-end P95 in %: 100 % - |predicted / measured - 1|",
      .columns = {{.key = "application", .header = "application"},
                  {.key = "model", .header = "own latencies as"},
                  {.key = "p95Accuracy", .header = "accuracy %", .decimals = 1},
                  {.key = "p95AccuracyHalfWidth", .header = "±", .decimals = 1},
                  {.key = "runs", .header = "runs"}},
      .rows = {}};
  for (const AccuracyOfApplication& of : applications) {
    for (const CompositionModel model : kCompositionModels) {
      const std::vector<double>& accuracy = of.accuracy[static_cast<std::size_t>(model)];
      const SeedInterval interval = IntervalOf(accuracy);
      table.rows.push_back({of.name, std::string(CompositionModelName(model)), interval.mean,
                            interval.half, static_cast<std::int64_t>(accuracy.size())});
      if (accuracy.size() < 2) table.rows.back()[3] = std::monostate{};
    }
  }
  return table;
}

Figure FigureOfModels(const std::vector<AccuracyOfApplication>& applications) {
  BarChart chart{.title = "End-to-end P95 composed from own latencies",
                 .value_label = "accuracy %",
                 .series = {},
                 .colors = {},
                 .groups = {}};
  for (const CompositionModel model : kCompositionModels) {
    chart.colors.push_back(static_cast<int>(chart.series.size()));
    chart.series.emplace_back(CompositionModelName(model));
  }
  for (const AccuracyOfApplication& of : applications) {
    BarGroup group{.label = of.name, .values = {}};
    for (const auto& accuracy : of.accuracy) group.values.push_back(IntervalOf(accuracy).mean);
    chart.groups.push_back(std::move(group));
  }
  return {"end-to-end-accuracy.svg",
          "How near the P95 of whole requests comes that is composed from own latencies (Derm "
          "figure 9c, without Alibaba's traces).",
          RenderBars(chart)};
}

std::string AccuracyText(const std::vector<double>& accuracy) {
  if (accuracy.size() < 2) return fmt::format("{:.1f}", accuracy.front());
  return IntervalText(IntervalOf(accuracy), 1, 1);
}

std::string VerdictOf(const std::vector<AccuracyOfApplication>& applications) {
  double exponential = 0;
  std::string text;
  for (const AccuracyOfApplication& of : applications) {
    exponential = std::max(exponential, IntervalOf(of.accuracy.front()).mean);
    text += fmt::format("{}{} {} % with Derm's exponential and {} % with the samples themselves",
                        text.empty() ? "" : ", ", of.name, AccuracyText(of.accuracy.front()),
                        AccuracyText(of.accuracy.back()));
  }
  return Judged(exponential >= kPaperAccuracy,
                fmt::format("accuracy of the end-to-end P95: {} (the paper: up to {:.0f} %)", text,
                            kPaperAccuracy));
}

}  // namespace

absl::StatusOr<ExperimentResult> RunDermFig9c(const ExperimentInput& input) {
  std::vector<AccuracyOfApplication> applications;
  std::vector<const ExperimentInput*> simulated = {&input};
  if (input.beside != nullptr) simulated.push_back(input.beside);
  for (const ExperimentInput* of : simulated) {
    auto accuracy = SimulatedAccuracy(*of);
    if (!accuracy.ok()) return accuracy.status();
    applications.push_back(*std::move(accuracy));
  }
  if (!input.data_file.empty()) {
    auto accuracy = MeasuredAccuracy(input.data_file);
    if (!accuracy.ok()) return accuracy.status();
    applications.push_back(*std::move(accuracy));
  }
  ExperimentResult result{.tables = {TableOfModels(applications)},
                          .figures = {FigureOfModels(applications)},
                          .verdicts = {VerdictOf(applications)},
                          .next = {"trimtab eval end-to-end SPANS"}};
  std::string size = fmt::format(
      "Simulated applications, seeds {} to {}: loads of {:.0f} to {:.0f} requests/s for {} minutes "
      "each in one allocation, whose containers carry half of what they can at the last;",
      input.seed, input.seed + kSeeds - 1, kLoads.front(), kLoads.back(),
      input.minutes.value_or(kMinutes));
  for (const AccuracyOfApplication& of : applications) {
    size += fmt::format(" {}: {} traces, number of graphs {};", of.name, of.traces, of.graphs);
  }
  size +=
      " visits are taken as independent and one law stands for the visits that call the same. A "
      "simulated microservice draws its own latencies independently but for queues, so this is no "
      "evidence that real ones are.";
  result.verdicts.push_back(size);
  const auto written =
      WriteResultPage(input.directory, "End-to-end latency from own latencies", size, result);
  if (!written.ok()) return written;
  return result;
}

}  // namespace trimtab
