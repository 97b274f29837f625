#include "trimtab/experiment/grad_fig_7.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/endtoend/end_to_end_trainer.h"
#include "trimtab/experiment/result_page.h"
#include "trimtab/experiment/sampled_application.h"
#include "trimtab/experiment/svg_plot.h"
#include "trimtab/latency/latency_models.h"
#include "trimtab/neural/parallel_for.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/profiling/training_samples.h"

namespace trimtab {
namespace {

constexpr double kGoal = 90;
constexpr double kPaperLatencySeconds = 180;  // "within three minutes", 2,500 microservices
constexpr double kPaperEndToEndSeconds = 60;  // "with a minute"
constexpr std::array<std::int64_t, 7> kLengths = {10'000,  20'000,  50'000, 100'000,
                                                  200'000, 400'000, 600'000};
constexpr std::array<std::size_t, 6> kApplications = {5, 10, 36, 100, 500, 2500};
constexpr std::size_t kLargestUsual = 100;

using Applications = std::vector<MicroserviceSamples>;

struct Cost {
  double cpu_seconds = 0;
  double seconds = 0;
  double median = 0;  // accuracy, in percent
};
struct Row {
  std::size_t microservices = 0;
  Cost fast;
  std::optional<Cost> usual;
};

// What `of` could have been sampled as in another sweep of the same size.
std::vector<LatencySample> Resampled(const std::vector<LatencySample>& of, std::uint64_t seed) {
  RandomStream random(seed, "resample");
  std::vector<LatencySample> drawn;
  drawn.reserve(of.size());
  for (std::size_t i = 0; i < of.size(); ++i) drawn.push_back(of[random.Below(of.size())]);
  return drawn;
}

absl::StatusOr<double> TrainOne(const MicroserviceSamples& samples, bool resample,
                                const NeuralLatencyOptions& options) {
  const auto model =
      resample ? NeuralLatencyModel::Fit(Resampled(samples.training, options.seed), options)
               : NeuralLatencyModel::Fit(samples.training, options);
  if (!model.ok()) return model.status();
  return Accuracy(*model, samples.test);
}

double MedianOf(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

// Trains `count` models; the time includes drawing their samples and testing them, together below
// a twentieth of it.
absl::StatusOr<Cost> TrainMany(const ExperimentInput& input, const Applications& samples,
                               std::size_t count, std::int64_t samples_read) {
  std::vector<absl::StatusOr<double>> accuracy(count, absl::UnknownError("not trained"));
  const Duration cpu = input.processor_time();
  const Duration wall = input.stopwatch();
  ParallelFor(count, input.threads, [&](std::size_t i) {
    if (input.stopped && input.stopped()) {
      accuracy[i] = absl::CancelledError("stopped while training");
      return;
    }
    NeuralLatencyOptions options;
    options.samples_read = samples_read;
    options.seed = input.seed + i;
    accuracy[i] = TrainOne(samples[i % samples.size()], i >= samples.size(), options);
  });
  Cost cost{.cpu_seconds = InSeconds(input.processor_time() - cpu),
            .seconds = InSeconds(input.stopwatch() - wall)};
  std::vector<double> values;
  for (const absl::StatusOr<double>& of : accuracy) {
    if (!of.ok()) return of.status();
    values.push_back(*of);
  }
  cost.median = MedianOf(std::move(values));
  return cost;
}

absl::StatusOr<std::vector<TrainingRung>> Climb(const ExperimentInput& input,
                                                const Applications& samples) {
  const auto bar = input.progress.Start("lengths", static_cast<std::int64_t>(kLengths.size()));
  std::vector<TrainingRung> rungs;
  for (const std::int64_t length : kLengths) {
    const auto cost = TrainMany(input, samples, samples.size(), length);
    if (!cost.ok()) return cost.status();
    rungs.push_back(
        {.samples_read = length, .median = cost->median, .cpu_seconds = cost->cpu_seconds});
    bar(static_cast<std::int64_t>(rungs.size()));
  }
  return rungs;
}

absl::StatusOr<std::vector<Row>> Grow(const ExperimentInput& input, const Applications& samples,
                                      std::int64_t fast_length) {
  const auto bar =
      input.progress.Start("applications", static_cast<std::int64_t>(kApplications.size()));
  std::vector<Row> rows;
  for (const std::size_t count : kApplications) {
    const auto fast = TrainMany(input, samples, count, fast_length);
    if (!fast.ok()) return fast.status();
    Row row{.microservices = count, .fast = *fast, .usual = std::nullopt};
    if (count <= kLargestUsual) {
      const auto usual = TrainMany(input, samples, count, NeuralLatencyOptions{}.samples_read);
      if (!usual.ok()) return usual.status();
      row.usual = *usual;
    }
    rows.push_back(row);
    bar(static_cast<std::int64_t>(rows.size()));
  }
  return rows;
}

// CPU seconds of one end-to-end training on the sweep's whole-tree runs. The latency models that
// feed it are trained in any quality: only the time counts here.
absl::StatusOr<double> EndToEndSeconds(const ExperimentInput& input, const SampleTable& table) {
  std::vector<NeuralLatencyModel> models;
  for (std::size_t m = 0; m < table.manifest.microservices.size(); ++m) {
    NeuralLatencyOptions options;
    options.samples_read = kLengths.front();
    auto model = NeuralLatencyModel::Fit(
        LatencySamplesOf(table, MicroserviceId(m), SampleRole::kTrain), options);
    if (!model.ok()) return model.status();
    models.push_back(*std::move(model));
  }
  std::vector<const LatencyModel*> pointers;
  for (const NeuralLatencyModel& model : models) pointers.push_back(&model);
  const auto samples = EndToEndSamplesOf(table, SampleRole::kTrain, pointers);
  const Duration start = input.processor_time();
  const auto trained = TrainEndToEnd(table.manifest.Names(), samples, {.seed = input.seed});
  if (!trained.ok()) return trained.status();
  return InSeconds(input.processor_time() - start);
}

ResultTable RungTable(const std::vector<TrainingRung>& rungs, std::size_t microservices) {
  ResultTable table{.title = "length of training against accuracy",
                    .columns = {{.key = "samplesRead", .header = "samples read"},
                                {.key = "median", .header = "median accuracy %", .decimals = 1},
                                {.key = "cpuSecondsPerModel",
                                 .header = "CPU ms a model",
                                 .scale = 1e3,
                                 .decimals = 1}},
                    .rows = {}};
  for (const TrainingRung& rung : rungs) {
    table.rows.push_back(
        {rung.samples_read, rung.median, rung.cpu_seconds / static_cast<double>(microservices)});
  }
  return table;
}

ResultTable GrowthTable(const std::vector<Row>& rows, int threads) {
  ResultTable table{
      .title = fmt::format("training all latency models, {} threads", threads),
      .columns = {{.key = "microservices", .header = "microservices"},
                  {.key = "cpuSeconds", .header = "to 90 %: CPU s", .decimals = 2},
                  {.key = "seconds", .header = "seconds", .decimals = 2},
                  {.key = "median", .header = "median accuracy %", .decimals = 1},
                  {.key = "usualCpuSeconds", .header = "usual length: CPU s", .decimals = 2},
                  {.key = "usualMedian", .header = "median accuracy %", .decimals = 1}},
      .rows = {}};
  for (const Row& row : rows) {
    table.rows.push_back({static_cast<std::int64_t>(row.microservices),
                          row.fast.cpu_seconds,
                          row.fast.seconds,
                          row.fast.median,
                          {},
                          {}});
    if (row.usual) {
      table.rows.back()[4] = row.usual->cpu_seconds;
      table.rows.back()[5] = row.usual->median;
    }
  }
  return table;
}

std::vector<Figure> FiguresOf(const std::vector<TrainingRung>& rungs, const std::vector<Row>& rows,
                              std::size_t microservices) {
  std::vector<double> x, fast, usual_x, usual;
  for (const Row& row : rows) {
    x.push_back(std::log10(static_cast<double>(row.microservices)));
    fast.push_back(row.fast.cpu_seconds);
    if (!row.usual) continue;
    usual_x.push_back(x.back());
    usual.push_back(row.usual->cpu_seconds);
  }
  SvgPlot growth({.title = "Training time as the application grows",
                  .x_label = "microservices, as a power of ten",
                  .y_label = "seconds of CPU",
                  .logarithmic_y = true});
  growth.AddLine("until the median reaches 90 %", 0, std::move(x), std::move(fast));
  growth.AddLine("usual length", 1, std::move(usual_x), std::move(usual));
  growth.AddLimit(kPaperLatencySeconds, "the paper, 2,500 microservices on a GPU");

  std::vector<double> cost, accuracy;
  for (const TrainingRung& rung : rungs) {
    cost.push_back(rung.cpu_seconds / static_cast<double>(microservices) * 1e3);
    accuracy.push_back(rung.median);
  }
  SvgPlot convergence({.title = "Accuracy of one latency model against its training time",
                       .x_label = "ms of CPU a model",
                       .y_label = "median accuracy, %",
                       .y_low = std::floor(*std::ranges::min_element(accuracy) / 5) * 5,
                       .y_high = 100});
  convergence.AddLine("4 layers", 0, std::move(cost), std::move(accuracy));
  convergence.AddLimit(kGoal, "90 %");
  return {{"training-growth.svg",
           "CPU time to train the latency models of 5 to 2,500 microservices (Grad figure 7b).",
           growth.Render()},
          {"training-convergence.svg",
           "What a longer training brings (Grad figure 7a asks for its time to converge).",
           convergence.Render()}};
}

std::vector<std::string> VerdictsOf(const std::vector<Row>& rows, double end_to_end_seconds,
                                    int threads) {
  const Row& largest = rows.back();
  const Row& before = rows[rows.size() - 2];
  const double times =
      static_cast<double>(largest.microservices) / static_cast<double>(before.microservices);
  const double growth = largest.fast.cpu_seconds / before.fast.cpu_seconds;
  return {Judged(largest.fast.seconds <= kPaperLatencySeconds && largest.fast.median >= kGoal,
                 fmt::format("{} models to a median of {:.1f} % in {:.1f} s on {} threads, {:.1f} "
                             "s of CPU (the paper: within {:.0f} s on a GPU)",
                             largest.microservices, largest.fast.median, largest.fast.seconds,
                             threads, largest.fast.cpu_seconds, kPaperLatencySeconds)),
          Judged(growth < times,
                 fmt::format("{:.0f} times the microservices take {:.2f} times the CPU time (the "
                             "paper: slower than linear; here every model is trained alone)",
                             times, growth)),
          Judged(end_to_end_seconds <= kPaperEndToEndSeconds,
                 fmt::format("the end-to-end predictor takes {:.2f} s of CPU (the paper: a minute)",
                             end_to_end_seconds))};
}

}  // namespace

std::optional<std::size_t> FirstReaching(std::span<const TrainingRung> rungs, double goal) {
  const auto found =
      std::ranges::find_if(rungs, [goal](const TrainingRung& r) { return r.median >= goal; });
  if (found == rungs.end()) return std::nullopt;
  return static_cast<std::size_t>(std::distance(rungs.begin(), found));
}

absl::StatusOr<ExperimentResult> RunGradFig7(const ExperimentInput& input) {
  const auto table = MeasureSamples(input);
  if (!table.ok()) return table.status();
  const auto samples = JudgedSamplesOf(*table);
  if (!samples.ok()) return samples.status();
  const auto rungs = Climb(input, *samples);
  if (!rungs.ok()) return rungs.status();
  const auto reached = FirstReaching(*rungs, kGoal);
  if (!reached) {
    return absl::FailedPreconditionError(
        fmt::format("the longest training reaches a median accuracy of {:.1f} %, below {:.0f} %",
                    rungs->back().median, kGoal));
  }
  const auto rows = Grow(input, *samples, (*rungs)[*reached].samples_read);
  if (!rows.ok()) return rows.status();
  const auto end_to_end = EndToEndSeconds(input, *table);
  if (!end_to_end.ok()) return end_to_end.status();
  ExperimentResult result{
      .tables = {GrowthTable(*rows, input.threads), RungTable(*rungs, samples->size())},
      .figures = FiguresOf(*rungs, *rows, samples->size()),
      .verdicts = VerdictsOf(*rows, *end_to_end, input.threads),
      .next = {}};
  const std::string size = fmt::format(
      "Scenario {}, seed {}: the samples of {} microservices, {} labels; further microservices are "
      "trained on samples drawn from theirs with replacement. All models of the row are trained.",
      input.scenario.name, input.seed, samples->size(), table->manifest.rows);
  result.verdicts.push_back(size);
  const auto written = WriteResultPage(input.directory, "Training time", size, result);
  if (!written.ok()) return written;
  return result;
}

}  // namespace trimtab
