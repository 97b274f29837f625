#include "trimtab/experiment/derm_fig_10.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/experiment/result_page.h"
#include "trimtab/experiment/simulated_shares.h"
#include "trimtab/experiment/svg_plot.h"
#include "trimtab/graphdynamics/graph_predictor.h"
#include "trimtab/graphdynamics/share_scores.h"

namespace trimtab {
namespace {

// 2,880 steps to train on and 720 to test on.
constexpr int kMinutes = 1'800;
// Five blocks: one to test on, and one of the others to validate on.
constexpr int kFewestMinutes = 300;
constexpr std::size_t kTestPart = 5;  // one step in
constexpr std::size_t kPasses = 35;
constexpr std::size_t kPaperWindow = 5;
constexpr std::size_t kMostWindow = 10;
constexpr std::string_view kWith = "lstm-paper";
constexpr std::string_view kWithout = "lstm-paper-without-attention";

absl::StatusOr<ShareScores> ScoreOf(std::string_view model, std::size_t window,
                                    const SimulatedShares& shares, const ExperimentInput& input) {
  GraphPredictorOptions options;
  options.window = window;
  options.network.samples_read = static_cast<std::int64_t>(kPasses * shares.training.steps());
  options.network.seed = input.seed;
  options.network.threads = input.threads;
  options.network.stopped = input.stopped;
  auto predictor = TrainGraphPredictor(model, shares.training, options);
  if (!predictor.ok()) return predictor.status();
  std::vector<std::unique_ptr<GraphPredictor>> one;
  one.push_back(*std::move(predictor));
  // The same places for every window.
  const auto scores =
      ScoreGraphPredictors(one, shares.test, {.window = kMostWindow, .seed = input.seed});
  if (!scores.ok()) return scores.status();
  return scores->front();
}

struct WindowScores {
  std::vector<double> windows;
  std::vector<double> with;
  std::vector<double> without;
};

absl::StatusOr<WindowScores> ScoreWindows(const SimulatedShares& shares,
                                          const ExperimentInput& input) {
  const auto bar =
      input.progress.Start("train windows", static_cast<std::int64_t>(2 * kMostWindow));
  WindowScores out;
  for (std::size_t window = 1; window <= kMostWindow; ++window) {
    const auto with = ScoreOf(kWith, window, shares, input);
    if (!with.ok()) return with.status();
    bar(static_cast<std::int64_t>(2 * window) - 1);
    const auto without = ScoreOf(kWithout, window, shares, input);
    if (!without.ok()) return without.status();
    bar(static_cast<std::int64_t>(2 * window));
    out.windows.push_back(static_cast<double>(window));
    out.with.push_back(100 * with->one_minus_tv);
    out.without.push_back(100 * without->one_minus_tv);
  }
  return out;
}

Figure ModelFigure(const std::vector<ShareScores>& models) {
  BarChart chart{.title = "Graph shares of the next step, days never seen",
                 .value_label = "100 % - total variation",
                 .series = {"all steps"},
                 .colors = {0},
                 .groups = {}};
  for (const ShareScores& of : models) {
    chart.groups.push_back({of.model, {100 * of.one_minus_tv}});
  }
  return {"graph-dynamics-models.svg",
          "Networks, an autoregressive model, the moving average and persistence (Derm figure "
          "10a).",
          RenderBars(chart)};
}

Figure WindowFigure(const WindowScores& scores) {
  SvgPlot plot({.title = "The paper's network over the length of its window",
                .x_label = "steps in the window",
                .y_label = "100 % - total variation"});
  plot.AddLine("with attention", 0, scores.windows, scores.with);
  plot.AddLine("without", 1, scores.windows, scores.without);
  return {"graph-dynamics-windows.svg",
          "The paper's network with and without attention (Derm figure 10b).", plot.Render()};
}

ResultTable ModelTable(const std::vector<ShareScores>& models) {
  ResultTable table{
      .title = "graph shares of the next step, window 5, on days never seen",
      .columns =
          {{.key = "model", .header = "model"},
           {.key = "oneMinusTv", .header = "1 - TV %", .scale = 100, .decimals = 2},
           {.key = "changes", .header = "changes"},
           {.key = "oneMinusTvAtChanges", .header = "at changes %", .scale = 100, .decimals = 2}},
      .rows = {}};
  for (const ShareScores& of : models) {
    std::vector<ResultTable::Cell> row = {of.model, of.one_minus_tv,
                                          static_cast<std::int64_t>(of.changes), std::monostate{}};
    if (of.at_changes) row.back() = of.at_changes->mean;
    table.rows.push_back(std::move(row));
  }
  return table;
}

ResultTable WindowTable(const WindowScores& scores) {
  ResultTable table{.title = "the paper's network over the length of its window",
                    .columns = {{.key = "window", .header = "window"},
                                {.key = "with", .header = "with attention %", .decimals = 2},
                                {.key = "without", .header = "without %", .decimals = 2}},
                    .rows = {}};
  for (std::size_t i = 0; i < scores.windows.size(); ++i) {
    table.rows.push_back({scores.windows[i], scores.with[i], scores.without[i]});
  }
  return table;
}

const ShareScores& Named(const std::vector<ShareScores>& models, std::string_view name) {
  return *std::ranges::find(models, name, &ShareScores::model);
}

std::vector<std::string> VerdictsOf(const std::vector<ShareScores>& models,
                                    const WindowScores& windows) {
  const double paper = Named(models, kWith).one_minus_tv;
  const double persistence = Named(models, "persistence").one_minus_tv;
  const double corrected = Named(models, "lstm").one_minus_tv;
  double gain = 0;
  for (std::size_t i = 0; i < windows.with.size(); ++i) {
    gain += (windows.with[i] - windows.without[i]) / static_cast<double>(windows.with.size());
  }
  return {
      Judged(paper > Named(models, "autoregressive").one_minus_tv &&
                 paper > Named(models, "moving-average").one_minus_tv,
             fmt::format("the paper's network, {:.1f} %, is ahead of the autoregressive model "
                         "and the moving average (the paper: 92 %, 10.8 and 22.6 points ahead)",
                         100 * paper)),
      Judged(corrected >= persistence,
             fmt::format("the corrected network, {:.1f} %, is not behind persistence, {:.1f} %",
                         100 * corrected, 100 * persistence)),
      Judged(gain >= 12.8,
             fmt::format("attention brings {:+.1f} points over windows of 1 to 10 (the paper: "
                         "12.8)",
                         gain)),
      Judged(windows.with.back() > windows.with.front(),
             fmt::format("a window of 10 reaches {:.1f} %, one of 1 {:.1f} % (the paper: rising "
                         "to 94.2 %)",
                         windows.with.back(), windows.with.front()))};
}

}  // namespace

absl::StatusOr<ExperimentResult> RunDermFig10(const ExperimentInput& input) {
  const int minutes = input.minutes.value_or(kMinutes);
  if (minutes < kFewestMinutes) {
    return absl::InvalidArgumentError(
        fmt::format("{} minutes are too few to train and to test on, expected at least {}", minutes,
                    kFewestMinutes));
  }
  SimulatedShareOptions options;
  const auto steps = static_cast<std::size_t>(std::chrono::minutes(minutes) / options.step);
  options.test_steps = steps / kTestPart;
  options.training_steps = steps - options.test_steps;
  options.seed = input.seed;
  options.threads = input.threads;
  options.stopped = input.stopped;
  const auto shares = SimulateShares(input.scenario, options);
  if (!shares.ok()) return shares.status();
  std::vector<ShareScores> models;
  for (const std::string_view name :
       {std::string_view("lstm"), kWith, kWithout, std::string_view("autoregressive"),
        std::string_view("moving-average"), std::string_view("persistence")}) {
    auto score = ScoreOf(name, kPaperWindow, *shares, input);
    if (!score.ok()) return score.status();
    models.push_back(*std::move(score));
  }
  const auto windows = ScoreWindows(*shares, input);
  if (!windows.ok()) return windows.status();
  ExperimentResult result{.tables = {ModelTable(models), WindowTable(*windows)},
                          .figures = {ModelFigure(models), WindowFigure(*windows)},
                          .verdicts = VerdictsOf(models, *windows),
                          .next = {"trimtab eval graph-dynamics train-ticket"}};
  const std::string size = fmt::format(
      "Scenario {}, simulated requests without queues, seed {}: {} training and {} test steps of "
      "30 s, {} graph classes seen; one training seed a network.",
      input.scenario.name, input.seed, shares->training.steps(), shares->test.steps(),
      shares->classes_seen);
  result.verdicts.push_back(size);
  const auto written =
      WriteResultPage(input.directory, "Prediction of graph dynamics", size, result);
  if (!written.ok()) return written;
  return result;
}

}  // namespace trimtab
