#include "trimtab/experiment/figures.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "trimtab/experiment/run_record.h"
#include "trimtab/experiment/svg_plot.h"

namespace trimtab {
namespace {

template <class F>
std::vector<double> Column(const RunRecord& run, F&& of) {
  std::vector<double> values;
  values.reserve(run.windows.size());
  for (const WindowRow& row : run.windows) values.push_back(of(row));
  return values;
}

std::vector<double> Minutes(const RunRecord& run) {
  return Column(run, [](const WindowRow& row) { return row.minute; });
}

void ShadeSurge(const PolicyComparison& comparison, SvgPlot& plot) {
  if (comparison.surge) plot.AddSpan(comparison.surge->first, comparison.surge->second, "surge");
}

Figure TailLatency(const PolicyComparison& comparison) {
  SvgPlot plot({.title = "Tail latency",
                .x_label = "minute",
                .y_label = "P95 in ms (log)",
                .height = 340,
                .logarithmic_y = true});
  ShadeSurge(comparison, plot);
  plot.AddLimit(comparison.sla_seconds * 1e3,
                fmt::format("SLA {:.0f} ms", comparison.sla_seconds * 1e3));
  for (std::size_t i = 0; i < comparison.runs.size(); ++i) {
    const RunRecord& run = comparison.runs[i];
    plot.AddLine(run.label, static_cast<int>(i), Minutes(run),
                 Column(run, [](const WindowRow& row) { return row.p95_seconds * 1e3; }));
  }
  return {"tail-latency.svg",
          "P95 end-to-end latency of each one-minute window against the SLA, timeouts included.",
          plot.Render()};
}

Figure LoadAndInterference(const PolicyComparison& comparison) {
  const RunRecord& run = comparison.runs.front();
  SvgPlot plot({.title = "Load and interference",
                .x_label = "minute",
                .y_label = "requests/s",
                .height = 240});
  ShadeSurge(comparison, plot);
  plot.AddLine("application load", 0, Minutes(run),
               Column(run, [](const WindowRow& row) { return row.application_load; }));
  const std::pair<const char*, std::size_t> kStrips[] = {
      {"CPU", 0}, {"mem. cap.", 1}, {"mem. bw", 2}, {"network", 3}};
  for (const auto& [name, kind] : kStrips) {
    plot.AddStrip(name, Minutes(run), Column(run, [kind = kind](const WindowRow& row) {
                    return row.interference[kind];
                  }));
  }
  return {"load-interference.svg",
          "What every policy faced: offered load, and the four interferences (darker is higher).",
          plot.Render()};
}

Figure ResourceUnitsOverTime(const PolicyComparison& comparison) {
  SvgPlot plot({.title = "Resource units",
                .x_label = "minute",
                .y_label = "units (0.2 core or 100 MiB)",
                .height = 280});
  ShadeSurge(comparison, plot);
  for (std::size_t i = 0; i < comparison.runs.size(); ++i) {
    const RunRecord& run = comparison.runs[i];
    plot.AddLine(run.label, static_cast<int>(i), Minutes(run),
                 Column(run, [](const WindowRow& row) { return row.units.total(); }), true);
  }
  return {"resource-units.svg",
          "Limits of all containers, from creation to gone, pending and draining included.",
          plot.Render()};
}

Figure ResourceCdf(const PolicyComparison& comparison) {
  SvgPlot plot({.title = "CDF of resource use",
                .x_label = "units (0.2 core or 100 MiB)",
                .y_label = "share of windows",
                .height = 280,
                .y_low = 0,
                .y_high = 1});
  for (std::size_t i = 0; i < comparison.runs.size(); ++i) {
    std::vector<double> units;
    for (const WindowRow& row : comparison.runs[i].windows) {
      if (row.minute >= comparison.skip_minutes) units.push_back(row.units.total());
    }
    std::sort(units.begin(), units.end());
    std::vector<double> share;
    for (std::size_t k = 0; k < units.size(); ++k) {
      share.push_back(static_cast<double>(k + 1) / static_cast<double>(units.size()));
    }
    if (!units.empty()) {
      units.insert(units.begin(), units.front());
      share.insert(share.begin(), 0.0);
    }
    plot.AddLine(comparison.runs[i].label, static_cast<int>(i), std::move(units), std::move(share),
                 true);
  }
  return {"resource-cdf.svg", "Further left is cheaper; a long right end is a surge paid for.",
          plot.Render()};
}

Figure Bars(const PolicyComparison& comparison, std::string file, std::string caption,
            std::string title, std::string value_label, std::string format,
            const std::vector<std::pair<std::string, double (*)(const RunSummary&)>>& series) {
  BarChart chart{.title = std::move(title),
                 .value_label = std::move(value_label),
                 .series = {},
                 .colors = {},
                 .groups = {},
                 .value_format = std::move(format)};
  for (std::size_t i = 0; i < series.size(); ++i) {
    chart.series.push_back(series[i].first);
    chart.colors.push_back(static_cast<int>(i));
  }
  for (const RunRecord& run : comparison.runs) {
    BarGroup group{run.label, {}};
    for (const auto& [name, of] : series) group.values.push_back(of(run.summary));
    chart.groups.push_back(std::move(group));
  }
  return {std::move(file), std::move(caption), RenderBars(chart)};
}

// Bars of rounds: most commits need none, and the long tail would fill the page one by one.
struct RoundsBin {
  const char* label;
  std::size_t first;
  std::size_t last;
};
constexpr std::array kRoundsBins = {RoundsBin{"0 further", 0, 0},
                                    RoundsBin{"1 further", 1, 1},
                                    RoundsBin{"2 further", 2, 2},
                                    RoundsBin{"3 to 5 further", 3, 5},
                                    RoundsBin{"6 to 10 further", 6, 10},
                                    RoundsBin{"more", 11, std::numeric_limits<std::size_t>::max()}};

Figure PrepareRounds(const PolicyComparison& comparison) {
  BarChart chart{.title = "Further Prepare rounds after a commit",
                 .value_label = "commits",
                 .series = {},
                 .colors = {},
                 .groups = {},
                 .value_format = "{:.0f}"};
  for (std::size_t i = 0; i < comparison.runs.size(); ++i) {
    chart.series.push_back(comparison.runs[i].label);
    chart.colors.push_back(static_cast<int>(i));
  }
  for (const RoundsBin& bin : kRoundsBins) {
    BarGroup group{bin.label, {}};
    for (const RunRecord& run : comparison.runs) {
      const auto& counts = run.summary.prepare_rounds;
      double commits = 0;
      for (std::size_t rounds = bin.first; rounds < counts.size() && rounds <= bin.last; ++rounds) {
        commits += static_cast<double>(counts[rounds]);
      }
      group.values.push_back(commits);
    }
    chart.groups.push_back(std::move(group));
  }
  return {"prepare-rounds.svg",
          "How many commits held at once (0) and how many needed that many rounds more.",
          RenderBars(chart)};
}

}  // namespace

std::vector<Figure> MakeFigures(const PolicyComparison& comparison) {
  return {
      TailLatency(comparison),
      LoadAndInterference(comparison),
      ResourceUnitsOverTime(comparison),
      ResourceCdf(comparison),
      Bars(comparison, "violations.svg", "Share of windows and of requests above the SLA.",
           "SLA violations", "per cent", "{:.2f}",
           {{"windows", [](const RunSummary& s) { return s.sla_violation_share * 100; }},
            {"requests", [](const RunSummary& s) { return s.request_violation_share * 100; }}}),
      Bars(comparison, "cpu-memory.svg", "Where the units went: CPU and memory apart.",
           "Mean resource units", "units", "{:.1f}",
           {{"CPU", [](const RunSummary& s) { return s.mean_resource_units.cpu; }},
            {"memory", [](const RunSummary& s) { return s.mean_resource_units.memory; }}}),
      PrepareRounds(comparison),
  };
}

}  // namespace trimtab
