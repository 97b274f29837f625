#include "trimtab/experiment/planned_containers.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "trimtab/experiment/graph_mix.h"
#include "trimtab/experiment/result_page.h"
#include "trimtab/experiment/seed_interval.h"
#include "trimtab/experiment/svg_plot.h"
#include "trimtab/scaling/derm/derm_models.h"

namespace trimtab {
namespace {

constexpr int kSeeds = 5;
constexpr int kMinutes = 60;  // the first third, from full states, is left out

// By seed; those that no allocation serves are left out.
struct PlannedPoint {
  double x = 0;
  std::vector<double> continuous = {};  // what the mix needs, without what rounding adds
  std::vector<double> whole = {};
  int infeasible = 0;
};

absl::Status AddSeed(const ExperimentInput& input, const Scenario& scenario, double load,
                     std::uint64_t seed, PlannedPoint& point) {
  const Duration length = std::chrono::minutes(input.minutes.value_or(kMinutes));
  const auto mix = CountGraphs(scenario, StepSeries::Constant(load), length / 3, length, seed);
  if (!mix.ok()) return mix.status();
  const auto plan = PlanFor(ProblemOf(scenario, DermModels::Of(*input.distributions), *mix, load,
                                      InSeconds(scenario.sla.latency)));
  if (!plan.ok()) return plan.status();
  if (!plan->counts.feasible) {
    ++point.infeasible;
    return absl::OkStatus();
  }
  point.continuous.push_back(plan->solution.total);
  point.whole.push_back(static_cast<double>(plan->counts.total));
  return absl::OkStatus();
}

double MeanContainers(const PlannedPoint& point) {
  return point.continuous.empty() ? 0 : IntervalOf(point.continuous).mean;
}

ResultTable TableOfPlans(const PlannedAxis& axis, const std::vector<PlannedPoint>& points) {
  ResultTable table{
      .title =
          fmt::format("containers that Derm plans, mean and 95 % interval of {} seeds", kSeeds),
      .columns = {{.key = axis.key, .header = axis.label},
                  {.key = "continuousContainers", .header = "containers", .decimals = 1},
                  {.key = "halfWidth", .header = "±", .decimals = 1},
                  {.key = "wholeContainers", .header = "whole ones", .decimals = 1},
                  {.key = "infeasibleSeeds", .header = "infeasible seeds"}},
      .rows = {}};
  for (const PlannedPoint& point : points) {
    ResultTable::Cell mean;
    ResultTable::Cell half;
    ResultTable::Cell whole;
    if (!point.continuous.empty()) {
      mean = IntervalOf(point.continuous).mean;
      half = IntervalOf(point.continuous).half;
      whole = IntervalOf(point.whole).mean;
    }
    table.rows.push_back({point.x, mean, half, whole, std::int64_t{point.infeasible}});
  }
  return table;
}

std::string SentenceOf(const PlannedAxis& axis, const std::vector<PlannedPoint>& points) {
  const auto most = std::ranges::max_element(points, {}, MeanContainers);
  std::vector<double> means;
  for (const PlannedPoint& point : points) means.push_back(MeanContainers(point));
  return Judged(axis.as_paper(means),
                fmt::format("by {} Derm plans {:.1f} containers at {:.0f}, {:.1f} at {:.0f}, the "
                            "most {:.1f} at {:.0f} (the paper: {})",
                            axis.label, means.front(), points.front().x, means.back(),
                            points.back().x, MeanContainers(*most), most->x, axis.paper));
}

}  // namespace

absl::Status AddPlannedContainers(const ExperimentInput& input, const PlannedAxis& axis,
                                  const std::string& part, ExperimentResult& result) {
  const auto bar = input.progress.Start("plans", std::ssize(axis.xs) * kSeeds);
  std::vector<PlannedPoint> points;
  for (const double x : axis.xs) {
    PlannedPoint& point = points.emplace_back(PlannedPoint{.x = x});
    const auto [scenario, load] = axis.setting(x);
    for (int i = 0; i < kSeeds; ++i) {
      if (input.stopped && input.stopped()) return absl::CancelledError("stopped between plans");
      const std::uint64_t seed = input.seed + static_cast<std::uint64_t>(i);
      if (const absl::Status s = AddSeed(input, scenario, load, seed, point); !s.ok()) return s;
      bar((std::ssize(points) - 1) * kSeeds + i + 1);
    }
  }
  SvgPlot plot({.title = fmt::format("Containers that Derm plans (Derm figure {})", part),
                .x_label = axis.label,
                .y_label = "containers",
                .height = 360,
                .y_low = 0});
  std::vector<double> planned_x;
  std::vector<double> planned;
  for (const PlannedPoint& point : points) {
    if (point.continuous.empty()) continue;
    planned_x.push_back(point.x);
    planned.push_back(MeanContainers(point));
  }
  if (!planned.empty()) plot.AddLine("planned", 0, std::move(planned_x), std::move(planned));
  result.tables.push_back(TableOfPlans(axis, points));
  result.figures.push_back({"containers.svg",
                            fmt::format("What the plan for the mix of graphs needs, SLA {:.0f} ms.",
                                        1e3 * InSeconds(input.scenario.sla.latency)),
                            plot.Render()});
  result.verdicts.push_back(SentenceOf(axis, points));
  return absl::OkStatus();
}

}  // namespace trimtab
