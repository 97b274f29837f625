#include "trimtab/experiment/derm_fig_3.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
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
#include "trimtab/scaling/derm/derm_solver.h"
#include "trimtab/scaling/derm/graph_tails.h"

namespace trimtab {
namespace {

constexpr int kSimple = 10;
constexpr int kComplex = 40;
constexpr int kShared = 5;
constexpr int kBranches = 5;  // of each parallel step of the complex graph
constexpr double kSimpleShare = 0.9;
constexpr double kLoad = 200;
constexpr int kSeeds = 5;
constexpr std::array kTightness = {1.1, 1.3, 1.8};
constexpr std::array kSimpleAttainments = {0.95, 0.96,  0.965, 0.97, 0.975,
                                           0.98, 0.985, 0.99,  0.995};
// II-B: "20% reduction", at (97 %, 77 %).
constexpr double kPaperSaving = 0.20;
constexpr double kPaperSimple = 0.97;
constexpr double kPaperComplex = 0.77;

double ComplexAttainment(double target, double simple) {
  return (target - kSimpleShare * simple) / (1 - kSimpleShare);
}

std::vector<DermNode> Visits(int first, int last) {
  std::vector<DermNode> visits;
  for (int i = first; i < last; ++i) visits.push_back(DermNode::Visit(i));
  return visits;
}

// The shared microservices one after the other, then the others, kBranches at a time.
DermNode ComplexGraph() {
  std::vector<DermNode> steps = Visits(kSimple - kShared, kSimple);
  for (int first = kSimple; first < kSimple + kComplex - kShared; first += kBranches) {
    steps.push_back(DermNode::Parallel(Visits(first, first + kBranches)));
  }
  return DermNode::Sequence(std::move(steps));
}

// Of one tightness, by seed.
struct TradeOff {
  std::vector<double> saving;   // of the optimum against (target, target)
  std::vector<double> simple;   // p_s of the optimum
  std::vector<double> complex;  // p_c of the optimum
  // Containers over those of (target, target), by p_s of kSimpleAttainments; NaN: infeasible.
  std::array<std::vector<double>, kSimpleAttainments.size()> ratios;
};

absl::Status AddSeed(double tightness, std::uint64_t seed, TradeOff& trade) {
  const auto problem = TwoGraphs(tightness, seed);
  if (!problem.ok()) return problem.status();
  const auto best = SolveDerm(*problem);
  if (!best.ok()) return best.status();
  std::vector<double> totals;
  for (const double simple : kSimpleAttainments) {
    const std::array floors = {simple, ComplexAttainment(problem->target, simple)};
    const auto solution = SolveFloors(*problem, floors);
    if (!solution.ok()) return solution.status();
    totals.push_back(solution->feasible ? solution->total
                                        : std::numeric_limits<double>::quiet_NaN());
  }
  const double uniform = totals.front();
  if (std::isnan(uniform)) {
    return absl::FailedPreconditionError(
        fmt::format("derm-fig-3: seed {}: no containers bring both graphs to {:.0f} %", seed,
                    100 * problem->target));
  }
  for (std::size_t k = 0; k < totals.size(); ++k) trade.ratios[k].push_back(totals[k] / uniform);
  trade.saving.push_back(1 - best->total / uniform);
  trade.simple.push_back(best->graph_attainment[0]);
  trade.complex.push_back(best->graph_attainment[1]);
  return absl::OkStatus();
}

ResultTable OptimumTable(const std::vector<TradeOff>& trades) {
  ResultTable table{
      .title = fmt::format("the optimum, mean and 95 % interval of {} seeds", kSeeds),
      .columns = {{.key = "tightness", .header = "SLA / complex idle P95", .decimals = 1},
                  {.key = "simpleAttainment", .header = "p_s %", .scale = 100, .decimals = 1},
                  {.key = "complexAttainment", .header = "p_c %", .scale = 100, .decimals = 1},
                  {.key = "saving", .header = "saving %", .scale = 100, .decimals = 1},
                  {.key = "savingHalfWidth", .header = "±", .scale = 100, .decimals = 1}},
      .rows = {}};
  for (std::size_t t = 0; t < trades.size(); ++t) {
    const SeedInterval saving = IntervalOf(trades[t].saving);
    table.rows.push_back({kTightness[t], IntervalOf(trades[t].simple).mean,
                          IntervalOf(trades[t].complex).mean, saving.mean, saving.half});
  }
  return table;
}

ResultTable PairTable(const std::vector<TradeOff>& trades) {
  ResultTable table{
      .title = "containers over those of (95 %, 95 %), mean of the seeds",
      .columns = {{.key = "simpleAttainment", .header = "p_s %", .scale = 100, .decimals = 1},
                  {.key = "complexAttainment", .header = "p_c %", .scale = 100, .decimals = 1}},
      .rows = {}};
  for (const double tightness : kTightness) {
    table.columns.push_back({.key = fmt::format("ratioAtTightness{:.0f}Tenths", 10 * tightness),
                             .header = fmt::format("SLA x {:.1f}", tightness),
                             .decimals = 3});
  }
  for (std::size_t k = 0; k < kSimpleAttainments.size(); ++k) {
    const double simple = kSimpleAttainments[k];
    std::vector<ResultTable::Cell> row = {simple, ComplexAttainment(0.95, simple)};
    for (const TradeOff& trade : trades) {
      const double mean = IntervalOf(trade.ratios[k]).mean;
      ResultTable::Cell cell;
      if (!std::isnan(mean)) cell = mean;
      row.push_back(cell);
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

Figure FigureOf(const std::vector<TradeOff>& trades) {
  SvgPlot plot({.title = "Containers over the percentile of the simple graph",
                .x_label = "p_s, % (p_c follows: 0.9 p_s + 0.1 p_c = 95 %)",
                .y_label = "containers, (95 %, 95 %) = 1"});
  for (std::size_t t = 0; t < trades.size(); ++t) {
    std::vector<double> x;
    std::vector<double> y;
    for (std::size_t k = 0; k < kSimpleAttainments.size(); ++k) {
      x.push_back(100 * kSimpleAttainments[k]);
      y.push_back(IntervalOf(trades[t].ratios[k]).mean);
    }
    plot.AddLine(fmt::format("SLA {:.1f} x the idle P95", kTightness[t]), static_cast<int>(t),
                 std::move(x), std::move(y));
  }
  return {"percentile-pairs.svg",
          "Containers when simple and complex graphs are held to different percentiles, all "
          "requests together to 95 % (Derm figure 3b). Mean of the seeds.",
          plot.Render()};
}

std::vector<std::string> VerdictsOf(const std::vector<TradeOff>& trades) {
  std::vector<std::string> verdicts;
  const TradeOff& middle = trades[1];
  const SeedInterval saving = IntervalOf(middle.saving);
  verdicts.push_back(
      Judged(saving.mean + saving.half >= kPaperSaving,
             fmt::format("with the SLA at {:.1f} times the idle P95 of the complex graph the "
                         "optimum ({:.1f} %, {:.1f} %) saves "
                         "{} % against (95 %, 95 %) (the paper: {:.0f} % at ({:.0f} %, {:.0f} %))",
                         kTightness[1], 100 * IntervalOf(middle.simple).mean,
                         100 * IntervalOf(middle.complex).mean, IntervalText(saving, 100, 1),
                         100 * kPaperSaving, 100 * kPaperSimple, 100 * kPaperComplex)));
  verdicts.push_back(fmt::format(
      "how much is saved is mostly a matter of how tight the SLA is: {} % at {:.1f} and {} % at "
      "{:.1f} times the idle P95",
      IntervalText(IntervalOf(trades.front().saving), 100, 1), kTightness.front(),
      IntervalText(IntervalOf(trades.back().saving), 100, 1), kTightness.back()));
  return verdicts;
}

}  // namespace

absl::StatusOr<DermProblem> TwoGraphs(double tightness, std::uint64_t seed) {
  auto problem = MakeDermInstance({.microservices = kSimple + kComplex - kShared,
                                   .graphs = 2,
                                   .tightness = tightness,
                                   .application_load = kLoad,
                                   .seed = seed});
  if (!problem.ok()) return problem.status();
  problem->graphs = {
      {.id = "simple", .share = kSimpleShare, .tree = DermNode::Sequence(Visits(0, kSimple))},
      {.id = "complex", .share = 1 - kSimpleShare, .tree = ComplexGraph()}};
  problem->sla = 1;
  std::vector<LoadLaw::Moments> idle;
  for (const LoadLaw& law : LawsOf(*problem)) idle.push_back(law.At(0));
  DermProblem alone = *problem;
  alone.graphs.erase(alone.graphs.begin());
  alone.graphs.front().share = 1;
  problem->sla = tightness * GraphTails(alone).QuantileOfAll(problem->target, idle);
  return problem;
}

absl::StatusOr<ExperimentResult> RunDermFig3(const ExperimentInput& input) {
  const auto bar = input.progress.Start("percentile pairs", kSeeds * kTightness.size());
  std::vector<TradeOff> trades(kTightness.size());
  for (std::size_t t = 0; t < kTightness.size(); ++t) {
    for (int i = 0; i < kSeeds; ++i) {
      if (input.stopped && input.stopped()) return absl::CancelledError("stopped between seeds");
      const std::uint64_t seed = input.seed + static_cast<std::uint64_t>(i);
      if (const absl::Status s = AddSeed(kTightness[t], seed, trades[t]); !s.ok()) return s;
      bar(static_cast<std::int64_t>(t) * kSeeds + i + 1);
    }
  }
  ExperimentResult result{.tables = {OptimumTable(trades), PairTable(trades)},
                          .figures = {FigureOf(trades)},
                          .verdicts = VerdictsOf(trades),
                          .next = {"trimtab experiment run derm-fig-19"}};
  const std::string size = fmt::format(
      "Seeds {} to {}: two generated graphs, {} microservices one after the other in 90 % of "
      "{:.0f} requests/s; {} in 10 %, {} of them the same, the others five at a time in parallel; "
      "containers are solved for and not rounded, nothing is simulated.",
      input.seed, input.seed + kSeeds - 1, kSimple, kLoad, kComplex, kShared);
  result.verdicts.push_back(size);
  const auto written =
      WriteResultPage(input.directory, "Percentiles of simple and complex graphs", size, result);
  if (!written.ok()) return written;
  return result;
}

}  // namespace trimtab
