#include "trimtab/experiment/grad_fig_3.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/experiment/imagined_observation.h"
#include "trimtab/experiment/policy_choices.h"
#include "trimtab/experiment/result_page.h"
#include "trimtab/experiment/svg_plot.h"
#include "trimtab/experiment/trade_steps.h"
#include "trimtab/scaling/policies.h"
#include "trimtab/simulation/simulated_samples.h"

namespace trimtab {
namespace {

constexpr int kSteps = 6;
constexpr std::int64_t kRequests = 20'000;
// Of the CPU of the tightest container at the start; profiling reaches 0.8.
constexpr double kStartUtilization = 0.75;
// Microservices that a request of the path visits less often are not traded.
constexpr double kFewestVisits = 0.25;
constexpr std::array kFidelities = {GradFidelity::kCorrected, GradFidelity::kPaper};

// The world of the figure.
struct Path {
  MicroserviceId critical;
  std::vector<MicroserviceId> traded;
  Interference interference;  // where `critical` runs
  TreeSetting setting;        // at the start
};

struct Choice {
  Trade trade;
  std::optional<std::size_t> rank;
  std::optional<Latency> tail;
};
struct PathStep {
  Latency before{0};
  std::vector<MeasuredTrade> trades;
  std::vector<std::optional<Choice>> choices;  // one a fidelity
};

absl::StatusOr<std::vector<MicroserviceId>> MicroservicesOfSearch(const Scenario& scenario) {
  ClusterScenario alone = scenario.cluster;
  std::erase_if(alone.entries, [](const EntrySpec& of) { return of.operation != "hotels"; });
  if (alone.entries.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("scenario '{}' has no operation 'hotels'", scenario.name));
  }
  const auto source = SimulatedSamples::Create(std::move(alone));
  if (!source.ok()) return source.status();
  std::vector<MicroserviceId> visited;
  for (std::size_t i = 0; i < scenario.application.size(); ++i) {
    const MicroserviceId id(i);
    if ((*source)->Traits(id).visits_per_request >= kFewestVisits) visited.push_back(id);
  }
  return visited;
}

// The load at which the tightest container uses kStartUtilization of its CPU.
absl::StatusOr<RequestsPerSecond> StartLoad(const SampleSource& source,
                                            const TreeSetting& setting) {
  double load = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < setting.allocation.size(); ++i) {
    const MicroserviceId id(i);
    const auto cpu =
        source.CpuPerRequest(id, setting.allocation[id].container, setting.interference[i]);
    if (!cpu.ok()) return cpu.status();
    const double busy = InSeconds(*cpu) * source.Traits(id).visits_per_request;
    if (busy <= 0) continue;
    load = std::min(load, InCores(TotalCpu(setting.allocation[id])) / busy * kStartUtilization);
  }
  return RequestsPerSecond(load);
}

absl::StatusOr<Path> MakePath(const Scenario& scenario, const SampleSource& source,
                              const Allocation& initial) {
  const auto critical = scenario.application.Find("reservation");
  if (!critical) {
    return absl::InvalidArgumentError(
        fmt::format("scenario '{}' has no microservice 'reservation'", scenario.name));
  }
  auto traded = MicroservicesOfSearch(scenario);
  if (!traded.ok()) return traded.status();
  Path path{.critical = *critical,
            .traded = *std::move(traded),
            .interference = Interference::None(),
            .setting = {}};
  path.interference.Set(InterferenceKind::kCpu, Ratio(0.40));
  path.interference.Set(InterferenceKind::kMemoryCapacity, Ratio(0.35));
  path.setting.allocation = initial;
  path.setting.interference.assign(initial.size(), Interference::None());
  path.setting.interference[critical->value()] = path.interference;
  const auto load = StartLoad(source, path.setting);
  if (!load.ok()) return load.status();
  path.setting.application_load = *load;
  return path;
}

// What a Monitor would see: interference at the critical microservice, none elsewhere.
absl::StatusOr<Observation> ObservationOf(const Scenario& scenario, const Path& path) {
  const TreeSetting& at = path.setting;
  auto seen =
      ImagineObservation(scenario, at.allocation, at.application_load, Interference::None());
  if (!seen.ok()) return seen.status();
  auto disturbed =
      ImagineObservation(scenario, at.allocation, at.application_load, path.interference);
  if (!disturbed.ok()) return disturbed.status();
  const std::size_t critical = path.critical.value();
  seen->microservices[critical] = std::move(disturbed->microservices[critical]);
  return seen;
}

// The first trade of Grad's plan when the tail is to fall; nothing when no trade helps it.
absl::StatusOr<std::optional<Trade>> GradTrade(const ExperimentInput& input, const Path& path,
                                               GradFidelity fidelity) {
  auto choice = GradChoice(input.scenario, *input.profile, fidelity, std::nullopt);
  if (!choice.ok()) return choice.status();
  choice->parts.grad.most_steps = 1;
  const auto policy = MakePolicy("grad", choice->parts);
  if (!policy.ok()) return policy.status();
  const auto seen = ObservationOf(input.scenario, path);
  if (!seen.ok()) return seen.status();
  // A promise out of reach: every plan raises.
  const auto plan =
      (*policy)->MakePlan({.application = input.scenario.application,
                           .observation = *seen,
                           .desired = path.setting.allocation,
                           .sla = {.latency = Latency(1), .quantile = input.scenario.sla.quantile},
                           .tail_correction = 1,
                           .capacity = CapacityOf(input.scenario),
                           .scale_down_allowed = false});
  if (!plan.ok()) return plan.status();
  for (const PlanStep& step : plan->steps) {
    if (step.action == ScalingAction::kCpu || step.action == ScalingAction::kMemory ||
        step.action == ScalingAction::kReplicas) {
      return Trade{step.microservice, step.action};
    }
  }
  return std::nullopt;
}

absl::StatusOr<PathStep> MakeStep(const ExperimentInput& input, const SampleSource& source,
                                  const Path& path) {
  PathStep step;
  const auto now = source.Measure(
      path.setting, {.relative_standard_error = 0, .most_requests = kRequests}, input.seed);
  if (!now.ok()) return now.status();
  step.before = now->end_to_end_tail;
  std::vector<Trade> trades = TradesOf(path.traded);
  std::vector<std::optional<Trade>> chosen;
  for (const GradFidelity fidelity : kFidelities) {
    const auto trade = GradTrade(input, path, fidelity);
    if (!trade.ok()) return trade.status();
    chosen.push_back(*trade);
    // Grad may trade off the path: then that is measured too.
    if (*trade && std::ranges::find(trades, **trade) == trades.end()) trades.push_back(**trade);
  }
  auto measured = MeasureTrades(input.scenario.application, source, path.setting, trades, kRequests,
                                input.seed, input.threads);
  if (!measured.ok()) return measured.status();
  step.trades = *std::move(measured);
  for (const auto& trade : chosen) {
    auto& choice = step.choices.emplace_back();
    if (!trade) continue;
    choice = Choice{.trade = *trade, .rank = RankOf(step.trades, *trade), .tail = std::nullopt};
    if (choice->rank) choice->tail = step.trades[*choice->rank - 1].tail;
  }
  return step;
}

std::string NameOf(const Application& application, const Trade& trade) {
  return fmt::format("{} {}", application.microservice(trade.microservice).name,
                     ScalingActionName(trade.action));
}

ResultTable StepTable(const Application& application, const std::vector<PathStep>& steps) {
  ResultTable table{
      .title = "the best trade of each step, and Grad's from the same allocation",
      .columns = {{.key = "step", .header = "step"},
                  {.key = "beforeSeconds", .header = "P95 before, ms", .scale = 1e3, .decimals = 2},
                  {.key = "best", .header = "best"},
                  {.key = "bestSeconds", .header = "P95, ms", .scale = 1e3, .decimals = 2},
                  {.key = "trades", .header = "of"}},
      .rows = {}};
  for (const GradFidelity fidelity : kFidelities) {
    const std::string name(GradFidelityName(fidelity));
    table.columns.push_back({.key = name, .header = name});
    table.columns.push_back(
        {.key = name + "Seconds", .header = "P95, ms", .scale = 1e3, .decimals = 2});
    table.columns.push_back({.key = name + "Rank", .header = "rank"});
  }
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const PathStep& step = steps[i];
    std::vector<ResultTable::Cell> row = {static_cast<std::int64_t>(i) + 1, InSeconds(step.before),
                                          NameOf(application, step.trades.front().trade),
                                          InSeconds(step.trades.front().tail),
                                          static_cast<std::int64_t>(step.trades.size())};
    for (const auto& choice : step.choices) {
      if (!choice || !choice->rank) {
        row.insert(row.end(), {std::string("none"), {}, {}});
        continue;
      }
      row.insert(row.end(), {NameOf(application, choice->trade), InSeconds(*choice->tail),
                             static_cast<std::int64_t>(*choice->rank)});
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

ResultTable TradeTable(const Application& application, const std::vector<PathStep>& steps) {
  ResultTable table{
      .title = "every trade of every step",
      .columns = {{.key = "step", .header = "step"},
                  {.key = "rank", .header = "rank"},
                  {.key = "trade", .header = "trade"},
                  {.key = "tailSeconds", .header = "P95, ms", .scale = 1e3, .decimals = 2}},
      .rows = {}};
  for (std::size_t i = 0; i < steps.size(); ++i) {
    for (std::size_t t = 0; t < steps[i].trades.size(); ++t) {
      const MeasuredTrade& of = steps[i].trades[t];
      table.rows.push_back({static_cast<std::int64_t>(i) + 1, static_cast<std::int64_t>(t) + 1,
                            NameOf(application, of.trade), InSeconds(of.tail)});
    }
  }
  return table;
}

// Line segments from each step's allocation to what was measured after it.
struct Segments {
  std::vector<double> x, y;
  void Add(std::size_t step, Latency before, Latency after) {
    x.insert(x.end(), {static_cast<double>(step), static_cast<double>(step) + 1,
                       static_cast<double>(step) + 1});
    y.insert(y.end(), {before.count(), after.count(), std::numeric_limits<double>::quiet_NaN()});
  }
};

Figure FigureOf(const Application& application, const std::vector<PathStep>& steps) {
  Segments all, best;
  std::array<Segments, kFidelities.size()> grad;
  SvgPlot plot({.title = "Every trade at every step, the best taken",
                .x_label = "step",
                .y_label = "P95 end to end, ms",
                .height = 420});
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const PathStep& step = steps[i];
    for (const MeasuredTrade& of : step.trades) all.Add(i, step.before, of.tail);
    best.Add(i, step.before, step.trades.front().tail);
    for (std::size_t f = 0; f < grad.size(); ++f) {
      const auto& choice = step.choices[f];
      if (choice && choice->tail) grad[f].Add(i, step.before, *choice->tail);
    }
    plot.AddSpan(static_cast<double>(i) + 0.01, static_cast<double>(i) + 0.99,
                 NameOf(application, step.trades.front().trade));
  }
  plot.AddLine("every trade", 2, std::move(all.x), std::move(all.y));
  plot.AddLine("Grad corrected's", 1, std::move(grad[0].x), std::move(grad[0].y));
  plot.AddLine("Grad paper's", 5, std::move(grad[1].x), std::move(grad[1].y));
  plot.AddLine("best", 0, std::move(best.x), std::move(best.y));
  return {"trades.svg",
          "P95 after each single trade from the allocation that the best trades so far have led to "
          "(Grad figure 3). Each step bears its best trade.",
          plot.Render()};
}

std::string RankVerdict(const std::vector<PathStep>& steps, std::size_t fidelity) {
  int close = 0, found = 0;
  double kept = 0;
  double possible = 0;
  for (const PathStep& step : steps) {
    const auto& choice = step.choices[fidelity];
    possible += (step.before - step.trades.front().tail).count();
    if (!choice || !choice->tail) continue;
    ++found;
    close += *choice->rank <= 3 ? 1 : 0;
    kept += (step.before - *choice->tail).count();
  }
  return fmt::format(
      "Grad {} chooses among the best three in {} of {} steps and gains {:.0f} % of what the best "
      "trades gain",
      GradFidelityName(kFidelities[fidelity]), close, steps.size(),
      possible > 0 ? kept / possible * 100 : 0.0);
}

std::vector<std::string> VerdictsOf(const Application& application, const Path& path,
                                    const std::vector<PathStep>& steps) {
  std::vector<Trade> best;
  for (const PathStep& step : steps) {
    const Trade& trade = step.trades.front().trade;
    if (std::ranges::find(best, trade) == best.end()) best.push_back(trade);
  }
  const PathStep& first = steps.front();
  const double reduction = (1 - first.trades.front().tail / first.before) * 100;
  const bool elsewhere = first.trades.front().trade.microservice != path.critical;
  std::vector<std::string> verdicts = {
      Judged(best.size() > 1,
             fmt::format("the best of {} steps are {} different trades (the paper: varies across "
                         "all steps)",
                         steps.size(), best.size())),
      Judged(elsewhere, fmt::format("the first step's best is {}, -{:.0f} % (the paper: CPU of "
                                    "frontend before the disturbed {}, -30 %)",
                                    NameOf(application, first.trades.front().trade), reduction,
                                    application.microservice(path.critical).name))};
  for (std::size_t f = 0; f < kFidelities.size(); ++f) verdicts.push_back(RankVerdict(steps, f));
  return verdicts;
}

}  // namespace

absl::StatusOr<ExperimentResult> RunGradFig3(const ExperimentInput& input) {
  const auto source = SimulatedSamples::Create(input.scenario.cluster);
  if (!source.ok()) return source.status();
  const auto start =
      GradChoice(input.scenario, *input.profile, GradFidelity::kCorrected, std::nullopt);
  if (!start.ok()) return start.status();
  auto path = MakePath(input.scenario, **source, *start->initial);
  if (!path.ok()) return path.status();
  const auto bar = input.progress.Start("steps", kSteps);
  std::vector<PathStep> steps;
  for (int i = 0; i < kSteps; ++i) {
    if (input.stopped && input.stopped()) return absl::CancelledError("stopped between steps");
    auto step = MakeStep(input, **source, *path);
    if (!step.ok()) return step.status();
    if (step->trades.empty()) break;
    const MeasuredTrade& best = step->trades.front();
    path->setting.allocation[best.trade.microservice] = best.after;
    steps.push_back(*std::move(step));
    bar(i + 1);
  }
  if (steps.empty()) return absl::InvalidArgumentError("no microservice can be given any more");
  const Application& application = input.scenario.application;
  ExperimentResult result{.tables = {StepTable(application, steps), TradeTable(application, steps)},
                          .figures = {FigureOf(application, steps)},
                          .verdicts = VerdictsOf(application, *path, steps),
                          .next = {}};
  const std::string size = fmt::format(
      "Scenario {}, seed {}: {:.0f} requests/s of all operations, 40 % CPU and 35 % "
      "memory-capacity "
      "interference where reservation runs; {} trades of {} microservices a step, each measured "
      "with {} requests and the same random numbers.",
      input.scenario.name, input.seed, path->setting.application_load.value(),
      steps.front().trades.size(), path->traded.size(), kRequests);
  result.verdicts.push_back(size);
  const auto written = WriteResultPage(input.directory, "Trades step by step", size, result);
  if (!written.ok()) return written;
  return result;
}

}  // namespace trimtab
