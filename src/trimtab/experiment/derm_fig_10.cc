#include "trimtab/experiment/derm_fig_10.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/experiment/result_page.h"
#include "trimtab/experiment/seed_interval.h"
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
constexpr std::uint64_t kSeeds = 5;
constexpr std::size_t kPaperWindow = 5;
constexpr std::size_t kMostWindow = 10;
constexpr std::string_view kWith = "lstm-paper";
constexpr std::string_view kWithout = "lstm-paper-without-attention";

absl::StatusOr<ShareScores> ScoreOf(std::string_view model, std::size_t window,
                                    const SimulatedShares& shares, const ExperimentInput& input,
                                    std::uint64_t seed) {
  GraphPredictorOptions options;
  options.window = window;
  options.network.samples_read = static_cast<std::int64_t>(kPasses * shares.training.steps());
  options.network.seed = seed;
  options.network.threads = input.threads;
  options.network.stopped = input.stopped;
  auto predictor = TrainGraphPredictor(model, shares.training, options);
  if (!predictor.ok()) return predictor.status();
  std::vector<std::unique_ptr<GraphPredictor>> one;
  one.push_back(*std::move(predictor));
  // The same places for every window.
  const auto scores = ScoreGraphPredictors(one, shares.test, {.window = kMostWindow, .seed = seed});
  if (!scores.ok()) return scores.status();
  return scores->front();
}

// By window, of every seed.
struct WindowScores {
  std::vector<double> with;
  std::vector<double> without;
};

// What one seed says: of the days, and of the networks.
struct SeedScores {
  std::vector<ShareScores> models;
  WindowScores windows;
  std::size_t classes_seen = 0;
};

constexpr std::array<std::string_view, 6> kModels = {
    "lstm", kWith, kWithout, "autoregressive", "moving-average", "persistence"};

absl::StatusOr<SeedScores> ScoreSeed(const ExperimentInput& input, SimulatedShareOptions options,
                                     std::uint64_t seed, const std::function<void()>& one_trained) {
  options.seed = seed;
  const auto shares = SimulateShares(input.scenario, options);
  if (!shares.ok()) return shares.status();
  SeedScores out{.classes_seen = shares->classes_seen};
  for (const std::string_view name : kModels) {
    auto score = ScoreOf(name, kPaperWindow, *shares, input, seed);
    if (!score.ok()) return score.status();
    out.models.push_back(*std::move(score));
    one_trained();
  }
  for (std::size_t window = 1; window <= kMostWindow; ++window) {
    for (const std::string_view name : {kWith, kWithout}) {
      std::vector<double>& scores = name == kWith ? out.windows.with : out.windows.without;
      if (window == kPaperWindow) {
        const auto known = std::ranges::find(out.models, name, &ShareScores::model);
        scores.push_back(100 * known->one_minus_tv);
        continue;
      }
      const auto score = ScoreOf(name, window, *shares, input, seed);
      if (!score.ok()) return score.status();
      scores.push_back(100 * score->one_minus_tv);
      one_trained();
    }
  }
  return out;
}

// Over the seeds, of what `value` takes from each.
template <typename Value>
SeedInterval Over(const std::vector<SeedScores>& seeds, const Value& value) {
  std::vector<double> values;
  for (const SeedScores& of : seeds) values.push_back(value(of));
  return IntervalOf(values);
}

SeedInterval ModelScore(const std::vector<SeedScores>& seeds, std::size_t model) {
  return Over(seeds, [&](const SeedScores& of) { return 100 * of.models[model].one_minus_tv; });
}

SeedInterval WindowScore(const std::vector<SeedScores>& seeds,
                         std::vector<double> WindowScores::* kind, std::size_t window) {
  return Over(seeds, [&](const SeedScores& of) { return (of.windows.*kind)[window - 1]; });
}

Figure ModelFigure(const std::vector<SeedScores>& seeds) {
  BarChart chart{.title = "Graph shares of the next step, days never seen",
                 .value_label = "100 % - total variation, mean over seeds",
                 .series = {"all steps"},
                 .colors = {0},
                 .groups = {}};
  for (std::size_t model = 0; model < kModels.size(); ++model) {
    chart.groups.push_back({std::string(kModels[model]), {ModelScore(seeds, model).mean}});
  }
  return {"graph-dynamics-models.svg",
          "Networks, an autoregressive model, the moving average and persistence (Derm figure "
          "10a).",
          RenderBars(chart)};
}

Figure WindowFigure(const std::vector<SeedScores>& seeds) {
  std::vector<double> windows;
  std::vector<double> with;
  std::vector<double> without;
  for (std::size_t window = 1; window <= kMostWindow; ++window) {
    windows.push_back(static_cast<double>(window));
    with.push_back(WindowScore(seeds, &WindowScores::with, window).mean);
    without.push_back(WindowScore(seeds, &WindowScores::without, window).mean);
  }
  // Not from 0: what windows and attention change would not be seen.
  const double lowest = std::min(std::ranges::min(with), std::ranges::min(without));
  SvgPlot plot({.title = "The paper's network over the length of its window",
                .x_label = "steps in the window",
                .y_label = "100 % - total variation",
                .y_low = std::floor(lowest - 1)});
  plot.AddLine("with attention", 0, windows, std::move(with));
  plot.AddLine("without", 1, windows, std::move(without));
  return {"graph-dynamics-windows.svg",
          "The paper's network with and without attention (Derm figure 10b), mean over seeds; the "
          "axis does not begin at 0.",
          plot.Render()};
}

ResultTable ModelTable(const std::vector<SeedScores>& seeds) {
  ResultTable table{
      .title = fmt::format("graph shares of the next step, window 5, on days never seen; means and "
                           "95 % intervals of {} seeds",
                           seeds.size()),
      .columns = {{.key = "model", .header = "model"},
                  {.key = "oneMinusTvPercent", .header = "1 - TV %", .decimals = 2},
                  {.key = "halfWidth", .header = "±", .decimals = 2},
                  {.key = "aheadOfPersistence", .header = "ahead of persistence", .decimals = 2},
                  {.key = "aheadHalfWidth", .header = "±", .decimals = 2},
                  {.key = "changes", .header = "changes"},
                  {.key = "oneMinusTvAtChangesPercent", .header = "at changes %", .decimals = 2},
                  {.key = "atChangesHalfWidth", .header = "±", .decimals = 2}},
      .rows = {}};
  for (std::size_t model = 0; model < kModels.size(); ++model) {
    const SeedInterval all = ModelScore(seeds, model);
    const SeedInterval ahead = Over(seeds, [&](const SeedScores& of) {
      return 100 * (of.models[model].one_minus_tv - of.models.back().one_minus_tv);
    });
    std::int64_t changes = 0;
    std::vector<double> at_changes;
    for (const SeedScores& of : seeds) {
      changes += static_cast<std::int64_t>(of.models[model].changes);
      if (of.models[model].at_changes) {
        at_changes.push_back(100 * of.models[model].at_changes->mean);
      }
    }
    std::vector<ResultTable::Cell> row = {std::string(kModels[model]),
                                          all.mean,
                                          all.half,
                                          ahead.mean,
                                          ahead.half,
                                          changes,
                                          std::monostate{},
                                          std::monostate{}};
    if (!at_changes.empty()) {
      const SeedInterval there = IntervalOf(at_changes);
      row[6] = there.mean;
      row[7] = there.half;
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

ResultTable WindowTable(const std::vector<SeedScores>& seeds) {
  ResultTable table{.title = "the paper's network over the length of its window",
                    .columns = {{.key = "window", .header = "window"},
                                {.key = "with", .header = "with attention %", .decimals = 2},
                                {.key = "withHalfWidth", .header = "±", .decimals = 2},
                                {.key = "without", .header = "without %", .decimals = 2},
                                {.key = "withoutHalfWidth", .header = "±", .decimals = 2}},
                    .rows = {}};
  for (std::size_t window = 1; window <= kMostWindow; ++window) {
    const SeedInterval with = WindowScore(seeds, &WindowScores::with, window);
    const SeedInterval without = WindowScore(seeds, &WindowScores::without, window);
    table.rows.push_back(
        {static_cast<std::int64_t>(window), with.mean, with.half, without.mean, without.half});
  }
  return table;
}

double MeanOf(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

std::vector<std::string> VerdictsOf(const std::vector<SeedScores>& seeds) {
  const auto score = [&](std::string_view name) {
    return ModelScore(seeds,
                      static_cast<std::size_t>(std::ranges::find(kModels, name) - kModels.begin()))
        .mean;
  };
  const double paper = score(kWith);
  const double autoregressive = score("autoregressive");
  const double average = score("moving-average");
  const SeedInterval ahead = Over(seeds, [](const SeedScores& of) {
    return 100 * (of.models.front().one_minus_tv - of.models.back().one_minus_tv);
  });
  const SeedInterval attention = Over(seeds, [](const SeedScores& of) {
    return MeanOf(of.windows.with) - MeanOf(of.windows.without);
  });
  const SeedInterval longer = Over(
      seeds, [](const SeedScores& of) { return of.windows.with.back() - of.windows.with.front(); });
  return {
      Judged(paper > autoregressive && paper > average,
             fmt::format("the paper's network, {:.1f} %, is ahead of the autoregressive model, "
                         "{:.1f} %, and the moving average, {:.1f} % (the paper: 92 %, 10.8 and "
                         "22.6 points ahead)",
                         paper, autoregressive, average)),
      Judged(ahead.mean >= 0,
             fmt::format("the corrected network, {:.1f} %, is {} points ahead of persistence",
                         score("lstm"), IntervalText(ahead, 1, 2))),
      Judged(attention.mean >= 12.8,
             fmt::format("attention brings {} points over windows of 1 to 10 (the paper: 12.8)",
                         IntervalText(attention, 1, 2))),
      Judged(longer.mean > longer.half,
             fmt::format("a window of 10 is {} points ahead of one of 1 (the paper: rising to "
                         "94.2 %)",
                         IntervalText(longer, 1, 2)))};
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
  options.threads = input.threads;
  options.stopped = input.stopped;
  const auto bar = input.progress.Start(
      "train networks",
      static_cast<std::int64_t>(kSeeds * (kModels.size() + 2 * (kMostWindow - 1))));
  std::int64_t trained = 0;
  std::vector<SeedScores> seeds;
  for (std::uint64_t i = 0; i < kSeeds; ++i) {
    auto scores = ScoreSeed(input, options, input.seed + i, [&] { bar(++trained); });
    if (!scores.ok()) return scores.status();
    seeds.push_back(*std::move(scores));
  }
  ExperimentResult result{.tables = {ModelTable(seeds), WindowTable(seeds)},
                          .figures = {ModelFigure(seeds), WindowFigure(seeds)},
                          .verdicts = VerdictsOf(seeds),
                          .next = {"trimtab eval graph-dynamics train-ticket"}};
  const std::string size = fmt::format(
      "Scenario {}, simulated requests without queues, seeds {} to {} of days and networks: {} "
      "training and {} test steps of 30 s, {} graph classes seen by the first.",
      input.scenario.name, input.seed, input.seed + kSeeds - 1, options.training_steps,
      options.test_steps, seeds.front().classes_seen);
  result.verdicts.push_back(size);
  const auto written =
      WriteResultPage(input.directory, "Prediction of graph dynamics", size, result);
  if (!written.ok()) return written;
  return result;
}

}  // namespace trimtab
