#include "trimtab/experiment/derm_fig_19.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/experiment/graph_floors.h"
#include "trimtab/experiment/result_page.h"
#include "trimtab/experiment/seed_interval.h"
#include "trimtab/experiment/svg_plot.h"
#include "trimtab/scaling/derm/derm_instance_generator.h"
#include "trimtab/scaling/derm/derm_rounding.h"
#include "trimtab/scaling/derm/derm_solver.h"

namespace trimtab {
namespace {

constexpr int kSeeds = 5;
constexpr int kMicroservices = 50;
constexpr int kGraphs = 12;
constexpr std::array kTightness = {1.3, 1.5, 2.0};
// VIII-D2: "a saving of nearly 32%".
constexpr double kPaperSaving = 0.32;

struct Case {
  bool parallel = false;
  double tightness = 0;
};

struct CaseFigures {
  std::vector<double> optimised;  // containers, by seed that both can serve
  std::vector<double> uniform;
  std::vector<double> saving;
  int infeasible = 0;  // seeds at which no allocation brings every graph to the target
};

absl::Status AddSeed(const Case& of, std::uint64_t seed, CaseFigures& figures) {
  const auto problem = MakeDermInstance({.microservices = kMicroservices,
                                         .graphs = kGraphs,
                                         .parallel = of.parallel,
                                         .tightness = of.tightness,
                                         .seed = seed});
  if (!problem.ok()) return problem.status();
  const auto solution = SolveDerm(*problem);
  if (!solution.ok()) return solution.status();
  const DermCounts counts = RoundDerm(*problem, *solution);
  const auto uniform = PlanUniform(*problem);
  if (!uniform.ok()) return uniform.status();
  if (!counts.feasible || !uniform->counts.feasible) {
    ++figures.infeasible;
    return absl::OkStatus();
  }
  const auto ours = static_cast<double>(counts.total);
  const auto theirs = static_cast<double>(uniform->counts.total);
  figures.optimised.push_back(ours);
  figures.uniform.push_back(theirs);
  figures.saving.push_back(1 - ours / theirs);
  return absl::OkStatus();
}

std::string NameOf(const Case& of) {
  return fmt::format("{}, SLA x {:.1f}", of.parallel ? "trees" : "sequences", of.tightness);
}

ResultTable TableOfCases(const std::vector<Case>& cases, const std::vector<CaseFigures>& figures) {
  ResultTable table{
      .title =
          fmt::format("containers, means of {} seeds without those that are infeasible", kSeeds),
      .columns = {{.key = "graphs", .header = "graphs"},
                  {.key = "slaOverIdleP95", .header = "SLA / idle P95", .decimals = 1},
                  {.key = "optimisedContainers", .header = "optimised", .decimals = 1},
                  {.key = "uniformContainers", .header = "every graph 95 %", .decimals = 1},
                  {.key = "saving", .header = "saving %", .scale = 100, .decimals = 1},
                  {.key = "savingHalfWidth", .header = "±", .scale = 100, .decimals = 1},
                  {.key = "infeasibleSeeds", .header = "infeasible seeds"}},
      .rows = {}};
  for (std::size_t c = 0; c < cases.size(); ++c) {
    const CaseFigures& of = figures[c];
    ResultTable::Cell optimised;
    ResultTable::Cell uniform;
    ResultTable::Cell saving;
    ResultTable::Cell half;
    if (!of.saving.empty()) {
      optimised = IntervalOf(of.optimised).mean;
      uniform = IntervalOf(of.uniform).mean;
      saving = IntervalOf(of.saving).mean;
      half = IntervalOf(of.saving).half;
    }
    table.rows.push_back({std::string(cases[c].parallel ? "trees" : "sequences"),
                          cases[c].tightness, optimised, uniform, saving, half,
                          std::int64_t{of.infeasible}});
  }
  return table;
}

Figure FigureOf(const std::vector<Case>& cases, const std::vector<CaseFigures>& figures) {
  BarChart chart{.title = "Containers with and without scaling optimisation",
                 .value_label = "containers, mean over seeds",
                 .series = {"optimised", "every graph 95 %"},
                 .colors = {0, 1},
                 .groups = {}};
  for (std::size_t c = 0; c < cases.size(); ++c) {
    if (figures[c].saving.empty()) continue;
    chart.groups.push_back(
        {NameOf(cases[c]),
         {IntervalOf(figures[c].optimised).mean, IntervalOf(figures[c].uniform).mean}});
  }
  return {"optimisation-savings.svg",
          "One promise for all requests together against the same promise for every graph (Derm "
          "figure 19).",
          RenderBars(chart)};
}

std::string VerdictOf(const std::vector<Case>& cases, const std::vector<CaseFigures>& figures) {
  double least = 1;
  double most = 0;
  std::string where;
  for (std::size_t c = 0; c < cases.size(); ++c) {
    if (figures[c].saving.empty()) continue;
    const double saving = IntervalOf(figures[c].saving).mean;
    least = std::min(least, saving);
    if (saving <= most) continue;
    most = saving;
    where = NameOf(cases[c]);
  }
  return Judged(most >= kPaperSaving,
                fmt::format("scaling optimisation saves {:.1f} % ({}) at the most and {:.1f} % at "
                            "the least (the paper: nearly {:.0f} %)",
                            100 * most, where, 100 * least, 100 * kPaperSaving));
}

}  // namespace

absl::StatusOr<ExperimentResult> RunDermFig19(const ExperimentInput& input) {
  std::vector<Case> cases;
  for (const bool parallel : {false, true}) {
    for (const double tightness : kTightness) cases.push_back({parallel, tightness});
  }
  const auto bar =
      input.progress.Start("instances", static_cast<std::int64_t>(cases.size()) * kSeeds);
  std::vector<CaseFigures> figures(cases.size());
  for (std::size_t c = 0; c < cases.size(); ++c) {
    for (int i = 0; i < kSeeds; ++i) {
      if (input.stopped && input.stopped()) return absl::CancelledError("stopped between seeds");
      const std::uint64_t seed = input.seed + static_cast<std::uint64_t>(i);
      if (const absl::Status s = AddSeed(cases[c], seed, figures[c]); !s.ok()) return s;
      bar(static_cast<std::int64_t>(c) * kSeeds + i + 1);
    }
  }
  ExperimentResult result{.tables = {TableOfCases(cases, figures)},
                          .figures = {FigureOf(cases, figures)},
                          .verdicts = {VerdictOf(cases, figures)},
                          .next = {"trimtab experiment run derm-fig-3"}};
  const std::string size = fmt::format(
      "Seeds {} to {}: generated instances of {} microservices and {} graphs at 1,000 requests/s; "
      "nothing is simulated, and the baselines of the paper's figure are left out.",
      input.seed, input.seed + kSeeds - 1, kMicroservices, kGraphs);
  result.verdicts.push_back(size);
  const auto written =
      WriteResultPage(input.directory, "Savings by scaling optimisation", size, result);
  if (!written.ok()) return written;
  return result;
}

}  // namespace trimtab
