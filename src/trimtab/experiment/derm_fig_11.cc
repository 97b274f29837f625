#include "trimtab/experiment/derm_fig_11.h"

#include <algorithm>
#include <array>
#include <chrono>
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
#include "trimtab/experiment/graph_mix.h"
#include "trimtab/experiment/result_page.h"
#include "trimtab/experiment/seed_interval.h"
#include "trimtab/experiment/svg_plot.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/scaling/derm/counted_tails.h"
#include "trimtab/scaling/derm/derm_models.h"

namespace trimtab {
namespace {

constexpr int kSeeds = 5;
constexpr Duration kDay = std::chrono::minutes(20);
constexpr double kLoad = 30;
constexpr std::array kSpreads = {0.15, 0.3, 0.5, 0.8, 1.2, 2.0};  // of ln(share)
constexpr int kDrawsOfSpread = 2;
constexpr std::array kBounds = {0.05, 0.1, 0.2, 0.5, std::numeric_limits<double>::infinity()};
// VIII-B2: "a KL divergence of 0.2, may lead to an over-allocation ... as much as 103.9%".
constexpr double kPaperDivergence = 0.2;
constexpr double kPaperExcess = 1.039;

struct WrongPlan {
  double divergence = 0;  // KL of the true shares from the wrong ones
  double ratio = 0;       // containers, those for the true shares = 1
  double attainment = 0;  // under the true shares, by the models and the grid
};

double Divergence(const DermProblem& truth, const DermProblem& wrong) {
  double sum = 0;
  for (std::size_t g = 0; g < truth.graphs.size(); ++g) {
    const double p = truth.graphs[g].share;
    if (p > 0) sum += p * std::log(p / wrong.graphs[g].share);
  }
  return sum;
}

DermProblem WithWrongShares(const DermProblem& truth, double spread, RandomStream& random) {
  DermProblem wrong = truth;
  double sum = 0;
  for (DermGraph& graph : wrong.graphs) {
    graph.share *= std::exp(spread * random.Normal());
    sum += graph.share;
  }
  for (DermGraph& graph : wrong.graphs) graph.share /= sum;
  return wrong;
}

double AttainmentWith(const DermProblem& problem, const std::vector<int>& containers) {
  CountedTails tails(problem);
  for (std::size_t i = 0; i < containers.size(); ++i) {
    // Too few to carry the load: nothing that waits there is done in time.
    if (containers[i] < tails.least(i)) return 0;
    tails.Set(i, containers[i]);
  }
  return 1 - tails.CheckedTail();
}

absl::Status AddSeed(const ExperimentInput& input, std::uint64_t seed,
                     std::vector<WrongPlan>& plans) {
  const auto mix =
      CountGraphs(input.scenario, StepSeries::Constant(kLoad), Duration(0), kDay, seed);
  if (!mix.ok()) return mix.status();
  const DermProblem truth = ProblemOf(input.scenario, DermModels::Of(*input.distributions), *mix,
                                      kLoad, InSeconds(input.scenario.sla.latency));
  const auto right = PlanFor(truth);
  if (!right.ok()) return right.status();
  if (!right->counts.feasible) return absl::OkStatus();
  RandomStream random(seed, "wrong shares");
  for (const double spread : kSpreads) {
    for (int draw = 0; draw < kDrawsOfSpread; ++draw) {
      const DermProblem wrong = WithWrongShares(truth, spread, random);
      const auto plan = PlanFor(wrong);
      if (!plan.ok()) return plan.status();
      if (!plan->counts.feasible) continue;
      plans.push_back({.divergence = Divergence(truth, wrong),
                       .ratio = static_cast<double>(plan->counts.total) /
                                static_cast<double>(right->counts.total),
                       .attainment = AttainmentWith(truth, plan->counts.containers)});
    }
  }
  return absl::OkStatus();
}

std::vector<WrongPlan> Between(const std::vector<WrongPlan>& plans, double low, double high) {
  std::vector<WrongPlan> some;
  std::ranges::copy_if(plans, std::back_inserter(some), [&](const WrongPlan& plan) {
    return plan.divergence >= low && plan.divergence < high;
  });
  return some;
}

ResultTable TableOfPlans(const std::vector<WrongPlan>& plans, double target) {
  ResultTable table{
      .title = "plans for wrong shares, by their divergence",
      .columns =
          {{.key = "divergenceBelow", .header = "KL below", .decimals = 2},
           {.key = "plans", .header = "plans"},
           {.key = "meanContainerRatio", .header = "containers, mean", .decimals = 3},
           {.key = "leastContainerRatio", .header = "least", .decimals = 3},
           {.key = "mostContainerRatio", .header = "most", .decimals = 3},
           {.key = "meanAttainment", .header = "within SLA %", .scale = 100, .decimals = 1},
           {.key = "missedShare", .header = "plans below target %", .scale = 100, .decimals = 0}},
      .rows = {}};
  double low = 0;
  for (const double bound : kBounds) {
    const std::vector<WrongPlan> some = Between(plans, low, bound);
    low = bound;
    ResultTable::Cell below;
    if (std::isfinite(bound)) below = bound;
    ResultTable::Cell mean;
    ResultTable::Cell least;
    ResultTable::Cell most;
    ResultTable::Cell kept;
    ResultTable::Cell missed;
    if (!some.empty()) {
      const auto n = static_cast<double>(some.size());
      std::vector<double> ratios;
      double attainment = 0;
      double misses = 0;
      for (const WrongPlan& plan : some) {
        ratios.push_back(plan.ratio);
        attainment += plan.attainment / n;
        misses += plan.attainment < target ? 1 / n : 0;
      }
      mean = IntervalOf(ratios).mean;
      least = std::ranges::min(ratios);
      most = std::ranges::max(ratios);
      kept = attainment;
      missed = misses;
    }
    table.rows.push_back({below, std::int64_t{std::ssize(some)}, mean, least, most, kept, missed});
  }
  return table;
}

Figure FigureOf(std::vector<WrongPlan> plans) {
  std::ranges::sort(plans, {}, &WrongPlan::divergence);
  SvgPlot plot({.title = "Plans for wrong shares",
                .x_label = "KL divergence of the true shares from the predicted ones",
                .y_label = "containers, true shares = 1; share within the SLA"});
  std::vector<double> x;
  std::vector<double> ratio;
  std::vector<double> attainment;
  for (const WrongPlan& plan : plans) {
    x.push_back(plan.divergence);
    ratio.push_back(plan.ratio);
    attainment.push_back(plan.attainment);
  }
  if (!x.empty()) {
    plot.AddLine("containers", 0, x, std::move(ratio));
    plot.AddLine("share of requests within the SLA", 1, x, std::move(attainment));
  }
  return {"wrong-shares.svg",
          "Containers of plans that were made for wrong shares, and what they keep of the promise "
          "under the true ones (Derm figure 11).",
          plot.Render()};
}

}  // namespace

absl::StatusOr<ExperimentResult> RunDermFig11(const ExperimentInput& input) {
  const auto bar = input.progress.Start("plans for wrong shares", kSeeds);
  std::vector<WrongPlan> plans;
  for (int i = 0; i < kSeeds; ++i) {
    if (input.stopped && input.stopped()) return absl::CancelledError("stopped between seeds");
    const std::uint64_t seed = input.seed + static_cast<std::uint64_t>(i);
    if (const absl::Status s = AddSeed(input, seed, plans); !s.ok()) return s;
    bar(i + 1);
  }
  if (plans.empty()) {
    return absl::FailedPreconditionError("derm-fig-11: no plan holds the SLA under any shares");
  }
  const double target = input.scenario.sla.quantile.level();
  const WrongPlan& most = *std::ranges::max_element(plans, {}, &WrongPlan::ratio);
  const WrongPlan& worst = *std::ranges::min_element(plans, {}, &WrongPlan::attainment);
  ExperimentResult result{
      .tables = {TableOfPlans(plans, target)},
      .figures = {FigureOf(plans)},
      .verdicts = {Judged(most.ratio - 1 >= kPaperExcess,
                          fmt::format("wrong shares ask for {:.0f} % more containers at the most, "
                                      "at a divergence of {:.2f} (the paper: {:.0f} % at {:.1f})",
                                      100 * (most.ratio - 1), most.divergence, 100 * kPaperExcess,
                                      kPaperDivergence)),
                   fmt::format("the promise {}: at worst {:.1f} % of the requests stay within the "
                               "SLA (promised {:.0f} %), at a divergence of {:.2f}",
                               worst.attainment < target ? "is missed" : "is kept",
                               100 * worst.attainment, 100 * target, worst.divergence)},
      .next = {"trimtab experiment run derm-fig-18"}};
  const std::string size = fmt::format(
      "Scenario {}, seeds {} to {}: the shares of a day at {:.0f} requests/s, each times a random "
      "factor; {} plans, attainment under the true shares by the models and the grid, not "
      "simulated.",
      input.scenario.name, input.seed, input.seed + kSeeds - 1, kLoad, plans.size());
  result.verdicts.push_back(size);
  const auto written = WriteResultPage(input.directory, "Plans for wrong shares", size, result);
  if (!written.ok()) return written;
  return result;
}

}  // namespace trimtab
