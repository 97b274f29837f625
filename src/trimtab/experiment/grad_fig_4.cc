#include "trimtab/experiment/grad_fig_4.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/experiment/heat_table.h"
#include "trimtab/experiment/result_page.h"
#include "trimtab/experiment/trade_gains.h"
#include "trimtab/neural/parallel_for.h"
#include "trimtab/simulation/simulated_samples.h"

namespace trimtab {
namespace {

constexpr Millicores kCpu{400};
// Below the memory that the services touch, so that more of it helps.
constexpr Bytes kMemory = Mebibytes(110);
constexpr LabelAccuracy kAccuracy{.relative_standard_error = 0.01, .most_requests = 54'000};

// One microservice under one varied factor.
struct Line {
  std::string label;
  std::vector<std::optional<StationSetting>> settings;  // one a column; none: not possible
  std::vector<GainCell> cells;
};
struct Panel {
  std::string file;
  std::string title;
  std::string caption;
  std::string column_label;
  std::vector<int> percents;  // the columns
  std::vector<Line> lines;
};

// Makes settings of one scenario.
class Settings {
 public:
  Settings(const Scenario& scenario, const SampleSource& source)
      : scenario_(scenario), source_(source) {}

  absl::StatusOr<MicroserviceId> Find(std::string_view name) const {
    if (const auto id = scenario_.application.Find(name)) return *id;
    return absl::InvalidArgumentError(
        fmt::format("scenario '{}' has no microservice '{}'", scenario_.name, name));
  }

  // With enough load, undisturbed, for this share of the CPU.
  absl::StatusOr<StationSetting> At(MicroserviceId id, Bytes memory, double utilization) const {
    StationSetting setting{id, {kCpu, memory}, RequestsPerSecond(0), Interference::None()};
    const auto cpu = source_.CpuPerRequest(id, setting.container, setting.interference);
    if (!cpu.ok()) return cpu.status();
    setting.container_load = RequestsPerSecond(utilization * InCores(kCpu) / InSeconds(*cpu));
    return setting;
  }

  // What it cannot give back and all pages it touches.
  Bytes TouchedMemory(MicroserviceId id) const {
    const MemorySpec& memory = scenario_.cluster.microservices[id.value()].memory;
    return memory.heap + memory.file_pages;
  }
  const ScalingBounds& BoundsOf(MicroserviceId id) const {
    return scenario_.application.microservice(id).bounds;
  }

 private:
  const Scenario& scenario_;
  const SampleSource& source_;
};

absl::StatusOr<Panel> MemoryPanel(const Settings& settings) {
  Panel panel{.file = "sensitivity-memory.svg",
              .title = "Sensitivity over memory",
              .caption =
                  "Memory touched over the container's limit (Grad figure 4a). Above 100 % "
                  "pages are missing; 0.4 core, used to 60 % when all pages are there.",
              .column_label = "touched / limit, %",
              .percents = {20, 40, 60, 80, 90, 100, 110, 120, 130},
              .lines = {}};
  for (const char* name : {"rate", "search", "profile"}) {
    const auto id = settings.Find(name);
    if (!id.ok()) return id.status();
    const Bytes touched = settings.TouchedMemory(*id);
    const auto base = settings.At(*id, touched, 0.6);
    if (!base.ok()) return base.status();
    Line& line = panel.lines.emplace_back(Line{.label = name, .settings = {}, .cells = {}});
    for (const int percent : panel.percents) {
      StationSetting setting = *base;
      setting.container.memory = Bytes(touched.value() * 100 / percent);
      const ScalingBounds& bounds = settings.BoundsOf(*id);
      const bool inside = setting.container.memory >= bounds.smallest.memory &&
                          setting.container.memory <= bounds.largest.memory;
      line.settings.push_back(inside ? std::optional(setting) : std::nullopt);
    }
  }
  return panel;
}

absl::StatusOr<Panel> LoadPanel(const Settings& settings) {
  Panel panel{.file = "sensitivity-load.svg",
              .title = "Sensitivity over load",
              .caption =
                  "Load as the share of the CPU that it uses (Grad figure 4b); 0.4 core and "
                  "110 MiB.",
              .column_label = "load, % of CPU",
              .percents = {10, 20, 30, 40, 50, 60, 70, 80, 90},
              .lines = {}};
  for (const char* name : {"geo", "frontend", "rate"}) {
    const auto id = settings.Find(name);
    if (!id.ok()) return id.status();
    Line& line = panel.lines.emplace_back(Line{.label = name, .settings = {}, .cells = {}});
    for (const int percent : panel.percents) {
      const auto setting = settings.At(*id, kMemory, percent / 100.0);
      if (!setting.ok()) return setting.status();
      line.settings.emplace_back(*setting);
    }
  }
  return panel;
}

absl::StatusOr<Panel> InterferencePanel(const Settings& settings) {
  Panel panel{.file = "sensitivity-interference.svg",
              .title = "Sensitivity of frontend over interference",
              .caption =
                  "Share of one resource of the host that others use (Grad figure 4c); 0.4 "
                  "core, used to 30 % when undisturbed, and 110 MiB.",
              .column_label = "used by others, %",
              .percents = {0, 10, 20, 30, 40, 50, 60, 70, 80},
              .lines = {}};
  const auto id = settings.Find("frontend");
  if (!id.ok()) return id.status();
  const auto base = settings.At(*id, kMemory, 0.3);
  if (!base.ok()) return base.status();
  for (const InterferenceKind kind : kInterferenceKinds) {
    Line& line = panel.lines.emplace_back(
        Line{.label = std::string(InterferenceName(kind)), .settings = {}, .cells = {}});
    for (const int percent : panel.percents) {
      StationSetting setting = *base;
      setting.interference.Set(kind, Ratio(percent / 100.0));
      line.settings.emplace_back(setting);
    }
  }
  return panel;
}

absl::Status FillLine(const ExperimentInput& input, const SampleSource& source, Line& line) {
  const auto models = input.profile->LatencyModels();
  line.cells.resize(line.settings.size());
  std::vector<absl::Status> failures(line.settings.size());
  ParallelFor(line.settings.size(), input.threads, [&](std::size_t i) {
    if (!line.settings[i]) return;
    const StationSetting& setting = *line.settings[i];
    line.cells[i].predicted = PredictGains(*models[setting.microservice.value()], setting);
    const auto measured = MeasureGains(source, setting, kAccuracy, input.seed);
    failures[i] = measured.status();
    if (measured.ok()) line.cells[i].measured = *measured;
  });
  for (const absl::Status& failure : failures) {
    if (!failure.ok()) return failure;
  }
  return absl::OkStatus();
}

double Milliseconds(const std::optional<TradeGains>& of, Latency TradeGains::* member) {
  return of ? ((*of).*member).count() : std::numeric_limits<double>::quiet_NaN();
}

// Predicted above measured, CPU above memory.
Figure FigureOf(const Panel& panel) {
  HeatTable table{.title = panel.title,
                  .column_label = panel.column_label,
                  .value_label = "ms off the P95 own latency",
                  .columns = {},
                  .rows = {},
                  .group = 4};
  for (const int percent : panel.percents) table.columns.push_back(fmt::format("{}", percent));
  for (const Line& line : panel.lines) {
    for (const auto& [what, member] : {std::pair{"+0.2 core", &TradeGains::by_cpu},
                                       std::pair{"+100 MiB", &TradeGains::by_memory}}) {
      HeatTable::Row predicted{fmt::format("{} {}, profile", line.label, what), {}};
      HeatTable::Row measured{"measured", {}};
      for (const GainCell& cell : line.cells) {
        predicted.values.push_back(Milliseconds(cell.predicted, member));
        measured.values.push_back(Milliseconds(cell.measured, member));
      }
      table.rows.push_back(std::move(predicted));
      table.rows.push_back(std::move(measured));
    }
  }
  return {panel.file, panel.caption, RenderHeatTable(table)};
}

ResultTable TableOfPanel(const Panel& panel) {
  const auto column = [](std::string key, std::string header) {
    return ResultTable::Column{
        .key = std::move(key), .header = std::move(header), .scale = 1e3, .decimals = 2};
  };
  ResultTable table{.title = panel.title + ", ms",
                    .columns = {{.key = "of", .header = "of"},
                                {.key = "percent", .header = panel.column_label},
                                column("tailSeconds", "P95 measured"),
                                column("cpuSeconds", "+0.2 core: profile"),
                                column("cpuMeasuredSeconds", "measured"),
                                column("memorySeconds", "+100 MiB: profile"),
                                column("memoryMeasuredSeconds", "measured")},
                    .rows = {}};
  for (const Line& line : panel.lines) {
    for (std::size_t i = 0; i < line.cells.size(); ++i) {
      const GainCell& cell = line.cells[i];
      const auto seconds = [](const std::optional<TradeGains>& of, Latency TradeGains::* member) {
        return of ? ResultTable::Cell(InSeconds((*of).*member)) : ResultTable::Cell();
      };
      table.rows.push_back({line.label, static_cast<std::int64_t>(panel.percents[i]),
                            seconds(cell.measured, &TradeGains::tail),
                            seconds(cell.predicted, &TradeGains::by_cpu),
                            seconds(cell.measured, &TradeGains::by_cpu),
                            seconds(cell.predicted, &TradeGains::by_memory),
                            seconds(cell.measured, &TradeGains::by_memory)});
    }
  }
  return table;
}

// Columns in which memory takes more off than CPU, measured: "110 %, 120 %"; "none".
std::string WhereMemoryWins(const Panel& panel, const Line& line) {
  std::string where;
  for (std::size_t i = 0; i < line.cells.size(); ++i) {
    const auto& of = line.cells[i].measured;
    if (!of || of->by_memory <= of->by_cpu) continue;
    where += fmt::format("{}{} %", where.empty() ? "" : ", ", panel.percents[i]);
  }
  return where.empty() ? "nowhere" : "at " + where;
}

std::string AgreementVerdict(const Panel& panel) {
  Agreement all;
  for (const Line& line : panel.lines) {
    const Agreement of = AgreementOf(line.cells);
    all.cells += of.cells;
    all.same += of.same;
  }
  return Judged(all.same * 10 >= all.cells * 9,
                fmt::format("{}: the profile prefers the resource that helps more in {} of {} "
                            "cells with a clear difference (goal 90 %)",
                            panel.title, all.same, all.cells));
}

// Figure 4c: under high memory-capacity interference CPU helps frontend more than memory.
std::string ContendedVerdict(const Panel& panel) {
  constexpr int kHigh = 60;
  const Line& line = panel.lines[static_cast<std::size_t>(InterferenceKind::kMemoryCapacity)];
  for (std::size_t i = 0; i < line.cells.size(); ++i) {
    const auto& of = line.cells[i].measured;
    if (panel.percents[i] != kHigh || !of) continue;
    return Judged(of->by_cpu > of->by_memory,
                  fmt::format("frontend under {} % memory-capacity interference: +0.2 core takes "
                              "{:.2f} ms off, +100 MiB {:.2f} ms (the paper: CPU more)",
                              kHigh, of->by_cpu.count(), of->by_memory.count()));
  }
  return "frontend cannot run under high memory-capacity interference";
}

std::vector<std::string> VerdictsOf(const std::vector<Panel>& panels) {
  std::vector<std::string> verdicts;
  for (const Panel& panel : panels) verdicts.push_back(AgreementVerdict(panel));
  verdicts.push_back(ContendedVerdict(panels.back()));
  constexpr std::string_view kPaper[] = {"below 50 %", "never", "above 75 %"};
  const Panel& memory = panels.front();
  for (std::size_t i = 0; i < memory.lines.size(); ++i) {
    verdicts.push_back(fmt::format("{}: memory helps more than CPU {} (the paper: {})",
                                   memory.lines[i].label, WhereMemoryWins(memory, memory.lines[i]),
                                   kPaper[i]));
  }
  return verdicts;
}

}  // namespace

absl::StatusOr<ExperimentResult> RunGradFig4(const ExperimentInput& input) {
  const auto source = SimulatedSamples::Create(input.scenario.cluster);
  if (!source.ok()) return source.status();
  const Settings settings(input.scenario, **source);
  std::vector<Panel> panels;
  for (const auto make : {&MemoryPanel, &LoadPanel, &InterferencePanel}) {
    auto panel = make(settings);
    if (!panel.ok()) return panel.status();
    panels.push_back(*std::move(panel));
  }
  const auto bar = input.progress.Start("cells", 10);
  std::int64_t done = 0;
  ExperimentResult result{.tables = {}, .figures = {}, .verdicts = {}, .next = {}};
  for (Panel& panel : panels) {
    for (Line& line : panel.lines) {
      if (input.stopped && input.stopped()) return absl::CancelledError("stopped between cells");
      if (auto s = FillLine(input, **source, line); !s.ok()) return s;
      bar(++done);
    }
    result.figures.push_back(FigureOf(panel));
    result.tables.push_back(TableOfPanel(panel));
  }
  result.verdicts = VerdictsOf(panels);
  const std::string size = fmt::format(
      "Scenario {}, seed {}: one container alone, each measured with up to {} requests before and "
      "after with the same random numbers; the profile is asked for the same settings, where it "
      "was "
      "trained.",
      input.scenario.name, input.seed, kAccuracy.most_requests);
  result.verdicts.push_back(size);
  const auto written =
      WriteResultPage(input.directory, "Sensitivity to CPU and memory", size, result);
  if (!written.ok()) return written;
  return result;
}

}  // namespace trimtab
