#include "trimtab/experiment/derm_fig_16.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/experiment/comparison.h"
#include "trimtab/experiment/derm_cells.h"
#include "trimtab/experiment/derm_outcomes.h"
#include "trimtab/experiment/result_page.h"
#include "trimtab/experiment/seed_interval.h"
#include "trimtab/experiment/svg_plot.h"
#include "trimtab/workload/recording.h"

namespace trimtab {
namespace {

constexpr int kSeeds = 5;
constexpr std::uint64_t kOtherSeeds = 1000;
constexpr int kMinutes = 40;
constexpr std::array kArms = {DermArm::kCorrected, DermArm::kNetwork, DermArm::kPaper,
                              DermArm::kHistory,   DermArm::kUniform, DermArm::kHpa,
                              DermArm::kHpaTuned,  DermArm::kStatic};
constexpr std::size_t kNetworkArm = 1;
constexpr std::size_t kHistoryArm = 3;
constexpr std::size_t kUniformArm = 4;
constexpr double kPaperSaving = 0.60;    // VIII-C2: "by up to 60% ... on average"
constexpr double kPaperLearning = 0.40;  // VIII-D1

struct DynamicRuns {
  double sla = 0;  // s
  std::string load;
  int minutes = 0;
  int skip = 0;
  std::vector<CellOutcome> outcomes;

  const CellOutcome& At(std::size_t arm, std::size_t seed) const {
    return outcomes[arm * kSeeds + seed];
  }
};

// With the peak of the scenario's own load, where that is a fitted description: the recording is
// played in place of it, and its rates are those of another application.
absl::StatusOr<StepSeries> WithPeakOf(const Scenario& scenario, StepSeries recording) {
  const auto* own = std::get_if<StretchedSeries>(&scenario.workload.load);
  const double peak = std::ranges::max(recording.values());
  if (own == nullptr || peak <= 0) return recording;
  std::vector<double> values = recording.values();
  for (double& value : values) value *= own->fitted.highest / peak;
  return StepSeries::Create(recording.step(), std::move(values));
}

// The scenario's load or what was recorded, one value after another over `minutes`.
absl::StatusOr<StepSeries> LoadOver(const ExperimentInput& input, int minutes) {
  ExperimentInput with = input;
  if (!input.data_file.empty()) {
    const auto text = ReadRecordingFile(input.data_file);
    if (!text.ok()) return text.status();
    const auto recording = ParseLoadRecording(*text, input.data_file);
    if (!recording.ok()) return recording.status();
    auto steps = ToSteps(*recording);
    if (steps.ok()) steps = WithPeakOf(input.scenario, *std::move(steps));
    if (!steps.ok()) return steps.status();
    with.recorded.load = *std::move(steps);
  }
  auto workload = WorkloadOf(with, minutes);
  if (!workload.ok()) return workload.status();
  return std::move(workload->load);
}

absl::StatusOr<DynamicRuns> RunAll(const ExperimentInput& input) {
  DynamicRuns runs;
  runs.sla = InSeconds(input.scenario.sla.latency);
  runs.minutes = input.minutes.value_or(kMinutes);
  runs.skip = std::min(5, runs.minutes / 2);
  const auto load = LoadOver(input, runs.minutes);
  if (!load.ok()) return load.status();
  runs.load = input.data_file.empty() && !input.recorded.load ? "a fitted description realised once"
                                                              : "the recording";
  const CellSetting setting{.slas = {runs.sla},
                            .series = *load,
                            .static_load = std::ranges::max(load->values()),
                            .minutes = runs.minutes,
                            .skip_minutes = runs.skip,
                            .history_seed = input.seed + kOtherSeeds};
  const auto tunings = TuneArms(input, setting, 0, input.seed + kOtherSeeds);
  if (!tunings.ok()) return tunings.status();
  std::vector<DermCell> cells;
  for (const DermArm arm : kArms) {
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
      cells.push_back(
          {.arm = arm, .tuning = tunings->front(), .sla = runs.sla, .seed = input.seed + seed});
    }
  }
  auto outcomes = RunCells(input, setting, cells);
  if (!outcomes.ok()) return outcomes.status();
  runs.outcomes = *std::move(outcomes);
  return runs;
}

struct ArmFigures {
  std::vector<double> containers;
  std::vector<double> violations;
  std::vector<double> minutes_above;  // share of the minutes whose P95 is above the SLA
  std::vector<double> p95;
};

ArmFigures FiguresOfArm(const DynamicRuns& runs, std::size_t arm) {
  ArmFigures figures;
  for (std::size_t seed = 0; seed < kSeeds; ++seed) {
    const CellOutcome& of = runs.At(arm, seed);
    figures.containers.push_back(of.containers);
    figures.violations.push_back(of.violations.front());
    figures.p95.push_back(of.p95_seconds);
    double above = 0;
    double all = 0;
    for (const CellMinute& minute : of.minutes) {
      if (minute.minute < runs.skip) continue;
      all += 1;
      above += minute.p95_seconds > runs.sla ? 1 : 0;
    }
    figures.minutes_above.push_back(all > 0 ? above / all : 0);
  }
  return figures;
}

// Share of the other's containers, seed by seed.
SeedInterval SavingOf(const ArmFigures& arm, const ArmFigures& other) {
  std::vector<double> savings;
  for (std::size_t seed = 0; seed < kSeeds; ++seed) {
    savings.push_back(1 - arm.containers[seed] / other.containers[seed]);
  }
  return IntervalOf(savings);
}

ResultTable TableOfArms(const DynamicRuns& runs) {
  ResultTable table{
      .title = fmt::format("means and 95 % intervals of {} seeds", kSeeds),
      .columns =
          {{.key = "policy", .header = "policy"},
           {.key = "containers", .header = "containers", .decimals = 1},
           {.key = "containersHalfWidth", .header = "±", .decimals = 1},
           {.key = "violationShare", .header = "requests above SLA %", .scale = 100, .decimals = 2},
           {.key = "violationHalfWidth", .header = "±", .scale = 100, .decimals = 2},
           {.key = "minutesAboveShare",
            .header = "minutes with P95 above %",
            .scale = 100,
            .decimals = 1},
           {.key = "p95Seconds", .header = "P95 ms", .scale = 1000}},
      .rows = {}};
  for (std::size_t arm = 0; arm < kArms.size(); ++arm) {
    const ArmFigures of = FiguresOfArm(runs, arm);
    const SeedInterval containers = IntervalOf(of.containers);
    const SeedInterval violations = IntervalOf(of.violations);
    std::vector<ResultTable::Cell> row;
    row.reserve(table.columns.size());
    row.emplace_back(std::string(DermArmName(kArms[arm])));
    row.emplace_back(containers.mean);
    row.emplace_back(containers.half);
    row.emplace_back(violations.mean);
    row.emplace_back(violations.half);
    row.emplace_back(IntervalOf(of.minutes_above).mean);
    row.emplace_back(IntervalOf(of.p95).mean);
    table.rows.push_back(std::move(row));
  }
  return table;
}

Figure TimeFigure(const ExperimentInput& input, const DynamicRuns& runs, std::string file,
                  std::string caption, std::string label, double scale, double CellMinute::* value,
                  bool with_sla) {
  SvgPlot plot({.title = label, .x_label = "minute", .y_label = label, .logarithmic_y = with_sla});
  for (std::size_t arm = 0; arm < kArms.size(); ++arm) {
    std::vector<double> x;
    std::vector<double> y;
    for (const CellMinute& minute : runs.At(arm, 0).minutes) {
      x.push_back(minute.minute);
      y.push_back(scale * minute.*value);
    }
    plot.AddLine(std::string(DermArmName(kArms[arm])), static_cast<int>(arm), std::move(x),
                 std::move(y), /*step=*/true);
  }
  if (with_sla) plot.AddLimit(1e3 * runs.sla, "SLA");
  return {std::move(file), fmt::format("{} Seed {}.", caption, input.seed), plot.Render()};
}

absl::StatusOr<ExperimentResult> Finish(const ExperimentInput& input, const DynamicRuns& runs,
                                        std::string_view title, ExperimentResult result) {
  std::vector<OutcomeOfArm> outcomes;
  for (std::size_t arm = 0; arm < kArms.size(); ++arm) {
    for (std::size_t seed = 0; seed < kSeeds; ++seed) {
      outcomes.push_back({kArms[arm], &runs.At(arm, seed), 0});
    }
  }
  result.tables.insert(result.tables.begin(), TableOfArms(runs));
  result.tables.push_back(ExpectationTable(outcomes));
  result.verdicts.push_back(ExpectationVerdict(outcomes));
  result.next = {"trimtab experiment run derm-fig-12"};
  const std::string size = fmt::format(
      "Scenario {}, SLA {:.0f} ms (the paper's 350 ms is below what these graphs take on idle "
      "containers), {} simulated minutes of which the first {} do not count, one "
      "series of loads ({}) with the arrivals of seeds {} to {}; the target of the tuned HPA and "
      "the "
      "static size, made for the largest load, are the best of four runs on another seed, Derm is "
      "not tuned; the network and the history know the same simulated days, of the scenario's own "
      "load on other seeds; Sinan, Erms, Kraken and Firm are not built.",
      input.scenario.name, 1e3 * runs.sla, runs.minutes, runs.skip, runs.load, input.seed,
      input.seed + kSeeds - 1);
  result.verdicts.push_back(size);
  const auto written = WriteResultPage(input.directory, title, size, result);
  if (!written.ok()) return written;
  return result;
}

// Against the cheapest arm other than Derm's that keeps the promise.
std::string SavingVerdict(const DynamicRuns& runs, std::size_t derm, double allowed) {
  const ArmFigures ours = FiguresOfArm(runs, derm);
  std::optional<std::size_t> rival;
  const auto containers = [&](std::size_t arm) {
    return IntervalOf(FiguresOfArm(runs, arm).containers).mean;
  };
  for (std::size_t arm = kUniformArm; arm < kArms.size(); ++arm) {
    if (IntervalOf(FiguresOfArm(runs, arm).violations).mean > allowed) continue;
    if (!rival || containers(arm) < containers(*rival)) rival = arm;
  }
  const bool holds = IntervalOf(ours.violations).mean <= allowed;
  std::string sentence =
      fmt::format("{} has {:.1f} containers and {} the promise", DermArmName(kArms[derm]),
                  containers(derm), holds ? "holds" : "does not hold");
  if (!rival) return Judged(false, sentence + ", and no other policy does");
  const SeedInterval saving = SavingOf(ours, FiguresOfArm(runs, *rival));
  sentence += fmt::format(
      "; the cheapest other policy that holds it is {} with {:.1f}, a saving of {} % (the paper: "
      "up to {:.0f} %)",
      DermArmName(kArms[*rival]), containers(*rival), IntervalText(saving, 100, 1),
      100 * kPaperSaving);
  return Judged(holds && saving.mean >= kPaperSaving, sentence);
}

std::string TailVerdict(const DynamicRuns& runs, std::size_t derm) {
  const SeedInterval above = IntervalOf(FiguresOfArm(runs, derm).minutes_above);
  return Judged(above.mean == 0,
                fmt::format("{}'s P95 is above the SLA in {} % of the minutes (the paper: never)",
                            DermArmName(kArms[derm]), IntervalText(above, 100, 1)));
}

}  // namespace

absl::StatusOr<ExperimentResult> RunDermFig16(const ExperimentInput& input) {
  const auto runs = RunAll(input);
  if (!runs.ok()) return runs.status();
  const double allowed = 1 - input.scenario.sla.quantile.level();
  ExperimentResult result{
      .tables = {},
      .figures = {TimeFigure(input, *runs, "containers.svg",
                             "Containers over 40 minutes of changing load (Derm figure 16).",
                             "containers", 1, &CellMinute::containers, false)},
      .verdicts = {SavingVerdict(*runs, 0, allowed), SavingVerdict(*runs, kNetworkArm, allowed)},
      .next = {}};
  return Finish(input, *runs, "Containers under a changing load", std::move(result));
}

absl::StatusOr<ExperimentResult> RunDermFig17(const ExperimentInput& input) {
  const auto runs = RunAll(input);
  if (!runs.ok()) return runs.status();
  ExperimentResult result{
      .tables = {},
      .figures = {TimeFigure(input, *runs, "tail-latency.svg",
                             "P95 of each minute over 40 minutes of changing load (Derm figure "
                             "17).",
                             "P95, ms", 1e3, &CellMinute::p95_seconds, true)},
      .verdicts = {TailVerdict(*runs, 0), TailVerdict(*runs, kNetworkArm)},
      .next = {}};
  return Finish(input, *runs, "P95 under a changing load", std::move(result));
}

absl::StatusOr<ExperimentResult> RunDermFig18(const ExperimentInput& input) {
  const auto runs = RunAll(input);
  if (!runs.ok()) return runs.status();
  const ArmFigures windows = FiguresOfArm(*runs, 0);
  const ArmFigures network = FiguresOfArm(*runs, kNetworkArm);
  const ArmFigures history = FiguresOfArm(*runs, kHistoryArm);
  const SeedInterval saving = SavingOf(network, history);
  BarChart chart{.title = "Where the shares of the graphs come from",
                 .value_label = "containers, mean over seeds",
                 .series = {"containers"},
                 .colors = {0},
                 .groups = {{"the network", {IntervalOf(network.containers).mean}},
                            {"the last windows", {IntervalOf(windows.containers).mean}},
                            {"the whole history", {IntervalOf(history.containers).mean}}}};
  ExperimentResult result{
      .tables = {},
      .figures = {{"graph-learning.svg",
                   "Containers with and without knowing how the mix of graphs changes (Derm figure "
                   "18).",
                   RenderBars(chart)}},
      .verdicts = {Judged(
                       saving.mean >= kPaperLearning,
                       fmt::format(
                           "graph shares by the network save {} % of the containers that "
                           "those of the whole history take, with {:.2f} % of the requests "
                           "above the SLA instead of {:.2f} % (the paper: {:.0f} %)",
                           IntervalText(saving, 100, 1), 100 * IntervalOf(network.violations).mean,
                           100 * IntervalOf(history.violations).mean, 100 * kPaperLearning)),
                   fmt::format("the last windows save {} % of the same, with {:.2f} %",
                               IntervalText(SavingOf(windows, history), 100, 1),
                               100 * IntervalOf(windows.violations).mean)},
      .next = {}};
  return Finish(input, *runs, "With and without graph learning", std::move(result));
}

}  // namespace trimtab
