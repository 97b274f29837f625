#include "trimtab/experiment/grad_fig_8b.h"

#include <algorithm>
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
#include "trimtab/profiling/evaluation.h"
#include "trimtab/profiling/train_profile.h"

namespace trimtab {
namespace {

// Grad VI-B: up to 88 %, of which self-attention brings 11 points.
constexpr double kPaperAccuracy = 88;
constexpr double kPaperAttention = 11;
constexpr int kTrainingSeeds = 5;

struct Judged8b {
  std::vector<SeededAccuracy> kinds;
  std::size_t test_runs = 0;
};

absl::StatusOr<Judged8b> JudgeKinds(const ExperimentInput& input, const SampleTable& table,
                                    const ApplicationProfile& profile) {
  const auto bar = input.progress.Start("train end to end", kTrainingSeeds);
  std::vector<std::string> names;
  std::vector<std::vector<double>> accuracies;
  Judged8b judged;
  for (int i = 0; i < kTrainingSeeds; ++i) {
    if (input.stopped && input.stopped()) return absl::CancelledError("stopped while training");
    EndToEndTrainingOptions options;
    options.seed = input.seed + static_cast<std::uint64_t>(i);
    const auto reports = EvaluateEndToEnd(table, profile.LatencyModels(), options, input.threads);
    if (!reports.ok()) return reports.status();
    names.resize(reports->size());
    accuracies.resize(reports->size());
    for (std::size_t k = 0; k < reports->size(); ++k) {
      names[k] = (*reports)[k].model;
      accuracies[k].push_back((*reports)[k].median);
      judged.test_runs = (*reports)[k].microservices.front().samples;
    }
    bar(i + 1);
  }
  for (std::size_t k = 0; k < names.size(); ++k) {
    judged.kinds.push_back(SummarizeSeeds(names[k], accuracies[k]));
  }
  return judged;
}

double MeanOf(const std::vector<SeededAccuracy>& kinds, std::string_view name) {
  const auto of = std::ranges::find(kinds, name, &SeededAccuracy::kind);
  return of == kinds.end() ? 0 : of->mean;
}

ResultTable TableOfKinds(const std::vector<SeededAccuracy>& kinds) {
  ResultTable table{.title = "accuracy (100 % - MAPE) on the runs held out",
                    .columns = {{.key = "predictor", .header = "predictor"},
                                {.key = "mean", .header = "mean %", .decimals = 1},
                                {.key = "low", .header = "lowest %", .decimals = 1},
                                {.key = "high", .header = "highest %", .decimals = 1}},
                    .rows = {}};
  for (const SeededAccuracy& of : kinds) table.rows.push_back({of.kind, of.mean, of.low, of.high});
  return table;
}

Figure FigureOf(const std::vector<SeededAccuracy>& kinds) {
  BarChart chart{.title = "End-to-end tail on runs never seen",
                 .value_label = "100 % - MAPE, mean over training seeds",
                 .series = {"accuracy"},
                 .colors = {0},
                 .groups = {}};
  for (const SeededAccuracy& of : kinds) {
    // The label column holds about 20 characters.
    std::string label = of.kind;
    if (const auto at = label.find("-without-attention"); at != std::string::npos) {
      label.replace(at, std::string::npos, ", no attention");
    }
    chart.groups.push_back({std::move(label), {of.mean}});
  }
  return {"end-to-end-accuracy.svg",
          "Every kind of end-to-end predictor, with and without self-attention (Grad figure 8b).",
          RenderBars(chart)};
}

std::vector<std::string> VerdictsOf(const std::vector<SeededAccuracy>& kinds) {
  const double corrected = MeanOf(kinds, "corrected");
  const double paper = MeanOf(kinds, "paper");
  const double paper_gain = paper - MeanOf(kinds, "paper-without-attention");
  const double corrected_gain = corrected - MeanOf(kinds, "corrected-without-attention");
  return {
      Judged(corrected >= kPaperAccuracy,
             fmt::format("corrected, {:.1f} % on unseen runs (the paper: up to {:.0f} %)",
                         corrected, kPaperAccuracy)),
      Judged(paper >= kPaperAccuracy,
             fmt::format("paper, {:.1f} % on unseen runs (the paper: up to {:.0f} %)", paper,
                         kPaperAccuracy)),
      Judged(paper_gain >= kPaperAttention,
             fmt::format("self-attention brings {:+.1f} points to paper (the paper: {:.0f}) and "
                         "{:+.1f} to corrected",
                         paper_gain, kPaperAttention, corrected_gain)),
      fmt::format("the composition of own latencies alone reaches {:.1f} %",
                  MeanOf(kinds, "composition"))};
}

}  // namespace

SeededAccuracy SummarizeSeeds(std::string kind, const std::vector<double>& accuracies) {
  SeededAccuracy out{.kind = std::move(kind)};
  for (const double accuracy : accuracies) {
    out.mean += accuracy / static_cast<double>(accuracies.size());
  }
  const auto [low, high] = std::ranges::minmax(accuracies);
  out.low = low;
  out.high = high;
  return out;
}

absl::StatusOr<ExperimentResult> RunGradFig8b(const ExperimentInput& input) {
  const auto table = MeasureSamples(input);
  if (!table.ok()) return table.status();
  const auto profile = TrainProfile(
      *table, *table, {.seed = input.seed, .cumulants = false, .threads = input.threads});
  if (!profile.ok()) return profile.status();
  const auto judged = JudgeKinds(input, *table, *profile);
  if (!judged.ok()) return judged.status();
  ExperimentResult result{.tables = {TableOfKinds(judged->kinds)},
                          .figures = {FigureOf(judged->kinds)},
                          .verdicts = VerdictsOf(judged->kinds),
                          .next = {}};
  const std::string size = fmt::format(
      "Scenario {}, seed {}: {} whole-tree runs, {} of them held out and fit to test on; {} "
      "training seeds a kind.",
      input.scenario.name, input.seed, table->manifest.options.tree_runs, judged->test_runs,
      kTrainingSeeds);
  result.verdicts.push_back(size);
  const auto written =
      WriteResultPage(input.directory, "Accuracy of end-to-end predictors", size, result);
  if (!written.ok()) return written;
  return result;
}

}  // namespace trimtab
