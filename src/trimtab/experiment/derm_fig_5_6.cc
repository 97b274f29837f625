#include "trimtab/experiment/derm_fig_5_6.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "trimtab/callgraph/call_tree.h"
#include "trimtab/experiment/planned_containers.h"
#include "trimtab/experiment/result_page.h"
#include "trimtab/experiment/svg_plot.h"
#include "trimtab/simulation/request_graphs.h"
#include "trimtab/simulation/request_process.h"

namespace trimtab {
namespace {

constexpr const char* kOperation = "search";
constexpr const char* kArgument = "distance";
constexpr int kSeeds = 5;
// Simulated; the first third, from full states, is left out.
constexpr int kMinutes = 60;

struct EdgePoint {
  double x = 0;
  double calls = 0;  // mean over the seeds
  double error = 0;  // standard error of it
};

absl::Status CheckFigureScenario(const ClusterScenario& cluster, const std::string& name) {
  const bool has_operation = std::ranges::find(cluster.entries, kOperation,
                                               &EntrySpec::operation) != cluster.entries.end();
  const bool has_argument = std::ranges::find(cluster.arguments, kArgument, &ArgumentSpec::name) !=
                            cluster.arguments.end();
  if (has_operation && has_argument && !cluster.states.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format(
      "scenario '{}' lacks the operation '{}', the argument '{}' or a state; one that has them is "
      "train-ticket-querying",
      name, kOperation, kArgument));
}

// Mean calls of the searches of one run of the request process.
double MeanCalls(const ClusterScenario& cluster, double load, SimNanos length, std::uint64_t seed) {
  RequestProcess process(cluster, StepSeries::Constant(load), seed);
  RequestGraphs graphs(cluster, process, ClassKey::kMultiplicity, seed);
  std::vector<double> calls_of_kind;  // -1: not known yet
  double sum = 0;
  double searches = 0;
  for (Request request = process.Next(); request.time < length; request = process.Next()) {
    if (request.time < length / 3) continue;
    if (cluster.entries[request.entry].operation != kOperation) continue;
    if (request.kind >= calls_of_kind.size()) calls_of_kind.resize(request.kind + 1, -1);
    double& calls = calls_of_kind[request.kind];
    if (calls < 0) calls = static_cast<double>(TotalCalls(graphs.TreeOf(request)));
    sum += calls;
    ++searches;
  }
  return searches > 0 ? sum / searches : 0;
}

EdgePoint EdgePointAt(const ExperimentInput& input, const ClusterScenario& cluster, double x,
                      double load) {
  const Duration length = std::chrono::minutes(input.minutes.value_or(kMinutes));
  std::vector<double> calls;
  EdgePoint point{.x = x};
  for (int i = 0; i < kSeeds; ++i) {
    calls.push_back(
        MeanCalls(cluster, load, length.count(), input.seed + static_cast<std::uint64_t>(i)));
    point.calls += calls.back() / kSeeds;
  }
  for (const double value : calls) {
    point.error += (value - point.calls) * (value - point.calls) / (kSeeds - 1) / kSeeds;
  }
  point.error = std::sqrt(point.error);
  return point;
}

ResultTable TableOfPoints(const char* key, const char* header,
                          const std::vector<EdgePoint>& points) {
  ResultTable table{
      .title = "calls of a search",
      .columns = {{.key = key, .header = header},
                  {.key = "calls", .header = "calls", .decimals = 1},
                  {.key = "standardError", .header = "standard error", .decimals = 2}},
      .rows = {}};
  for (const EdgePoint& point : points) table.rows.push_back({point.x, point.calls, point.error});
  return table;
}

Figure FigureOfPoints(const char* file, std::string title, const char* label,
                      const std::vector<EdgePoint>& points) {
  std::vector<double> x;
  std::vector<double> y;
  for (const EdgePoint& point : points) {
    x.push_back(point.x);
    y.push_back(point.calls);
  }
  SvgPlot plot({.title = title, .x_label = label, .y_label = "calls of a search", .height = 360});
  plot.AddLine("simulated", 0, std::move(x), std::move(y));
  return {file, std::move(title), plot.Render()};
}

// The coefficient of determination of a straight line.
double StraightLine(const std::vector<EdgePoint>& points, double& slope) {
  double mx = 0;
  double my = 0;
  for (const EdgePoint& p : points) {
    mx += p.x / static_cast<double>(points.size());
    my += p.calls / static_cast<double>(points.size());
  }
  double xx = 0;
  double xy = 0;
  double yy = 0;
  for (const EdgePoint& p : points) {
    xx += (p.x - mx) * (p.x - mx);
    xy += (p.x - mx) * (p.calls - my);
    yy += (p.calls - my) * (p.calls - my);
  }
  slope = xy / xx;
  return yy > 0 ? xy * xy / xx / yy : 1;
}

absl::StatusOr<ExperimentResult> Finish(const ExperimentInput& input, const char* title,
                                        ExperimentResult result) {
  const std::string size = fmt::format(
      "Scenario {}: the request process alone, {} seeds from {}, {} simulated minutes each "
      "without their first third. What tickets and distance do to a graph is assumed in the "
      "scenario: this "
      "shows that the assumption gives the figure's shape, not that TrainTicket does.",
      input.scenario.name, kSeeds, input.seed, input.minutes.value_or(kMinutes));
  result.verdicts.push_back(size);
  if (auto s = WriteResultPage(input.directory, title, size, result); !s.ok()) return s;
  return result;
}

}  // namespace

absl::StatusOr<ExperimentResult> RunDermFig5(const ExperimentInput& input) {
  const ClusterScenario& cluster = input.scenario.cluster;
  if (auto s = CheckFigureScenario(cluster, input.scenario.name); !s.ok()) return s;
  const std::vector<double> loads = {5, 10, 20, 30, 40, 50, 60, 80, 100, 150, 200};
  const auto bar = input.progress.Start("loads", static_cast<std::int64_t>(loads.size()));
  std::vector<EdgePoint> points;
  for (const double load : loads) {
    if (input.stopped && input.stopped()) return absl::CancelledError("stopped between loads");
    points.push_back(EdgePointAt(input, cluster, load, load));
    bar(static_cast<std::int64_t>(points.size()));
  }
  const double first = points.front().calls;
  const double last = points.back().calls;
  ExperimentResult result{
      .tables = {TableOfPoints("requestsPerSecond", "requests/s", points)},
      .figures = {FigureOfPoints("edges-over-load.svg",
                                 "Calls of a search over the load (Derm figure 5(b))",
                                 "requests/s of all operations", points)},
      .verdicts = {Judged(
          last < 0.75 * first,
          fmt::format("calls of a search fall from {:.0f} at {:.0f} requests/s to "
                      "{:.0f} at {:.0f}, {:.0f} % (the paper: from about 400 to "
                      "250, 38 %)",
                      first, loads.front(), last, loads.back(), 100 * (1 - last / first)))},
      .next = {}};
  const PlannedAxis axis{.key = "requestsPerSecond",
                         .label = "requests/s",
                         .paper = "rising up to 30 requests/s, then 47 % fewer",
                         .as_paper =
                             [](std::span<const double> containers) {
                               return containers.back() <=
                                      (1 - 0.47) * std::ranges::max(containers);
                             },
                         .xs = {5, 10, 20, 30, 60, 100, 200},
                         .setting = [&](double x) { return std::pair(input.scenario, x); }};
  if (auto s = AddPlannedContainers(input, axis, "5(a)", result); !s.ok()) return s;
  return Finish(input, "Edges and containers over the load", std::move(result));
}

absl::StatusOr<ExperimentResult> RunDermFig6(const ExperimentInput& input) {
  ClusterScenario cluster = input.scenario.cluster;
  if (auto s = CheckFigureScenario(cluster, input.scenario.name); !s.ok()) return s;
  ArgumentSpec& distance = *std::ranges::find(cluster.arguments, kArgument, &ArgumentSpec::name);
  constexpr double kLoad = 20;
  const auto values = static_cast<std::size_t>(distance.last - distance.first + 1);
  const auto bar = input.progress.Start("distances", static_cast<std::int64_t>(values));
  std::vector<EdgePoint> points;
  for (std::size_t i = 0; i < values; ++i) {
    if (input.stopped && input.stopped()) return absl::CancelledError("stopped between distances");
    distance.mixes = {ArgumentMix{}};
    distance.mixes[0].weights.assign(values, 0);
    distance.mixes[0].weights[i] = 1;
    points.push_back(EdgePointAt(
        input, cluster, static_cast<double>(distance.first) + static_cast<double>(i), kLoad));
    bar(static_cast<std::int64_t>(points.size()));
  }
  double slope = 0;
  const double fit = StraightLine(points, slope);
  ExperimentResult result{
      .tables = {TableOfPoints("distance", "distance", points)},
      .figures = {FigureOfPoints("edges-over-distance.svg",
                                 "Calls of a search over the distance (Derm figure 6(b))",
                                 "distance", points)},
      .verdicts = {Judged(
          fit > 0.99 && slope > 0,
          fmt::format("calls of a search grow by {:.1f} a unit of distance at {:.0f} "
                      "requests/s, R2 of a straight line {:.4f} (the paper: almost "
                      "linear)",
                      slope, kLoad, fit))},
      .next = {}};
  const PlannedAxis axis{
      .key = "distance",
      .label = "distance",
      .paper = "6 times as many at distance 6 as at distance 1",
      .as_paper =
          [](std::span<const double> containers) {
            return containers.back() >= 6 * containers.front();
          },
      .xs = {1, 2, 3, 4, 5, 6},
      .setting =
          [&](double x) {
            Scenario scenario = input.scenario;
            ArgumentSpec& of =
                *std::ranges::find(scenario.cluster.arguments, kArgument, &ArgumentSpec::name);
            of.mixes = {ArgumentMix{}};
            of.mixes[0].weights.assign(values, 0);
            of.mixes[0].weights[static_cast<std::size_t>(x) - static_cast<std::size_t>(of.first)] =
                1;
            return std::pair(std::move(scenario), kLoad);
          }};
  if (auto s = AddPlannedContainers(input, axis, "6(a)", result); !s.ok()) return s;
  return Finish(input, "Edges and containers over the distance", std::move(result));
}

}  // namespace trimtab
