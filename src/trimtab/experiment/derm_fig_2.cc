#include "trimtab/experiment/derm_fig_2.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "fmt/format.h"
#include "trimtab/experiment/result_page.h"
#include "trimtab/experiment/svg_plot.h"
#include "trimtab/tracing/csv_rows.h"
#include "trimtab/tracing/input_file.h"

namespace trimtab {
namespace {

constexpr double kCovered = 0.95;  // of the requests, as Derm's promise
constexpr std::array<std::size_t, 7> kAtLeast = {2, 3, 5, 10, 20, 40, 100};
// II-A: "over 50% of applications contain at least two types", "approximately 10% ... five".
constexpr double kPaperTwo = 0.5;
constexpr double kPaperFive = 0.1;

using GraphsByService = std::map<std::string, std::vector<double>, std::less<>>;  // requests each

struct ColumnPlaces {
  std::size_t service = 0;
  std::size_t traces = 0;
};

absl::StatusOr<std::size_t> PlaceOf(std::span<const std::string_view> header, std::string_view name,
                                    const std::string& path) {
  const auto found = std::ranges::find(header, name);
  if (found == header.end()) {
    return absl::InvalidArgumentError(fmt::format("{}: there is no column '{}'", path, name));
  }
  return static_cast<std::size_t>(found - header.begin());
}

absl::Status AddRow(const CsvRows::Row& row, const ColumnPlaces& places, const std::string& path,
                    GraphsByService& graphs) {
  if (row.state != CsvRows::RowState::kRow) {
    return absl::InvalidArgumentError(
        fmt::format("{}: row {}: {}", path, row.number, Describe(row.state)));
  }
  double traces = 0;
  if (row.fields.size() <= std::max(places.service, places.traces) ||
      !absl::SimpleAtod({row.fields[places.traces].data(), row.fields[places.traces].size()},
                        &traces) ||
      !(traces > 0)) {
    return absl::InvalidArgumentError(fmt::format(
        "{}: row {}: expected a service and a number of traces above 0", path, row.number));
  }
  const std::string_view service = row.fields[places.service];
  auto at = graphs.find(service);
  if (at == graphs.end()) at = graphs.emplace(service, std::vector<double>{}).first;
  at->second.push_back(traces);
  return absl::OkStatus();
}

absl::StatusOr<GraphsByService> ReadGraphs(const std::string& path) {
  const auto file = InputFile::Open(path);
  if (!file.ok()) return file.status();
  CsvRows rows(**file);
  std::optional<ColumnPlaces> places;
  GraphsByService graphs;
  while (true) {
    const auto row = rows.Next();
    if (!row.ok()) return row.status();
    if (row->state == CsvRows::RowState::kEnd) break;
    if (places) {
      if (const absl::Status s = AddRow(*row, *places, path, graphs); !s.ok()) return s;
      continue;
    }
    const auto service = PlaceOf(row->fields, "service", path);
    if (!service.ok()) return service.status();
    const auto traces = PlaceOf(row->fields, "num_traces", path);
    if (!traces.ok()) return traces.status();
    places = ColumnPlaces{.service = *service, .traces = *traces};
  }
  if (graphs.empty()) return absl::InvalidArgumentError(path + ": there is no graph");
  return graphs;
}

// How many of the most frequent make up `share` of all.
std::size_t TypesThatCover(std::vector<double> traces, double share) {
  std::ranges::sort(traces, std::greater<>());
  double all = 0;
  for (const double of : traces) all += of;
  double sum = 0;
  std::size_t types = 0;
  while (types < traces.size() && sum < share * all) sum += traces[types++];
  return types;
}

double ShareAtLeast(const std::vector<std::size_t>& types, std::size_t least) {
  const auto count = std::ranges::count_if(types, [&](std::size_t t) { return t >= least; });
  return static_cast<double>(count) / static_cast<double>(types.size());
}

ResultTable TableOfShares(const std::vector<std::size_t>& all,
                          const std::vector<std::size_t>& covering) {
  ResultTable table{
      .title = "share of the services by their number of graph types",
      .columns = {{.key = "typesAtLeast", .header = "types, at least"},
                  {.key = "share", .header = "services %", .scale = 100, .decimals = 1},
                  {.key = "shareCovering95Percent",
                   .header = "services % (types of 95 % of requests)",
                   .scale = 100,
                   .decimals = 1}},
      .rows = {}};
  for (const std::size_t least : kAtLeast) {
    table.rows.push_back({static_cast<std::int64_t>(least), ShareAtLeast(all, least),
                          ShareAtLeast(covering, least)});
  }
  return table;
}

Figure FigureOf(const std::vector<std::size_t>& all, const std::vector<std::size_t>& covering) {
  SvgPlot plot({.title = "Graph types of a service",
                .x_label = "types (services with more are beyond the right end)",
                .y_label = "share of services with at most so many",
                .y_low = 0,
                .y_high = 1});
  constexpr std::size_t kMostShown = 60;
  const auto add = [&](std::string name, int color, const std::vector<std::size_t>& types) {
    std::vector<double> x;
    std::vector<double> y;
    for (std::size_t most = 0; most <= kMostShown; ++most) {
      x.push_back(static_cast<double>(most));
      y.push_back(1 - ShareAtLeast(types, most + 1));
    }
    plot.AddLine(std::move(name), color, std::move(x), std::move(y), /*step=*/true);
  };
  add("all types", 0, all);
  add("those of 95 % of the requests", 1, covering);
  return {"graph-types.svg",
          "The distribution of the number of graph types a service has (Derm figure 2).",
          plot.Render()};
}

}  // namespace

absl::StatusOr<ExperimentResult> RunDermFig2(const ExperimentInput& input) {
  if (input.data_file.empty()) {
    return absl::InvalidArgumentError(
        "derm-fig-2 counts measured call graphs: --data FILE names a CSV file with one row a graph "
        "and the columns service and num_traces, and none was given");
  }
  const auto graphs = ReadGraphs(input.data_file);
  if (!graphs.ok()) return graphs.status();
  std::vector<std::size_t> all;
  std::vector<std::size_t> covering;
  std::size_t types = 0;
  double traces = 0;
  for (const auto& [service, of] : *graphs) {
    all.push_back(of.size());
    covering.push_back(TypesThatCover(of, kCovered));
    types += of.size();
    for (const double count : of) traces += count;
  }
  const double two = ShareAtLeast(all, 2);
  ExperimentResult result{
      .tables = {TableOfShares(all, covering)},
      .figures = {FigureOf(all, covering)},
      .verdicts = {Judged(two > kPaperTwo,
                          fmt::format("{:.0f} % of the services have two graph types or more (the "
                                      "paper: over {:.0f} %) and {:.0f} % five or more (the paper: "
                                      "about {:.0f} %)",
                                      100 * two, 100 * kPaperTwo, 100 * ShareAtLeast(all, 5),
                                      100 * kPaperFive)),
                   fmt::format("of the types that 95 % of the requests take, {:.0f} % of the "
                               "services have five or more",
                               100 * ShareAtLeast(covering, 5))},
      .next = {}};
  const std::string size = fmt::format(
      "{} services, {} graph types, {:.0f} traces. Nodes of these graphs are interfaces, not "
      "microservices, so they count more types than the paper does; whether the paper's "
      "applications are these services it does not say.",
      graphs->size(), types, traces);
  result.verdicts.push_back(size);
  const auto written = WriteResultPage(input.directory, "Graph types of a service", size, result);
  if (!written.ok()) return written;
  return result;
}

}  // namespace trimtab
