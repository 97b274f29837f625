#include "trimtab/experiment/heat_table.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "trimtab/experiment/svg_plot.h"

namespace trimtab {
namespace {

constexpr int kWidth = 860;
constexpr int kLabel = 230;
constexpr int kTop = 64;
constexpr int kCell = 24;
constexpr int kGap = 10;
// The darkest fill, so that the number on it stays readable in light and dark.
constexpr double kDarkest = 0.75;

void RenderRow(const HeatTable::Row& row, const std::vector<double>& heat, double width, int y,
               std::string& out) {
  const auto sink = std::back_inserter(out);
  fmt::format_to(sink, R"(<text x="{}" y="{}" text-anchor="end">{}</text>)", kLabel - 8, y + 16,
                 EscapeXml(row.label));
  for (std::size_t i = 0; i < row.values.size(); ++i) {
    const double x = kLabel + width * static_cast<double>(i);
    fmt::format_to(
        sink,
        R"(<rect class="heat" x="{:.1f}" y="{}" width="{:.1f}" height="{}" opacity="{:.2f}"/>)", x,
        y, width - 2, kCell - 2, heat[i] * kDarkest);
    const bool known = !std::isnan(row.values[i]);
    fmt::format_to(sink, R"(<text class="{}" x="{:.1f}" y="{}" text-anchor="middle">{}</text>)",
                   known ? "" : "soft", x + width / 2 - 1, y + 16,
                   known ? fmt::format("{:.2f}", row.values[i]) : "-");
  }
}

}  // namespace

std::vector<std::vector<double>> HeatOf(const HeatTable& table) {
  double largest = 0;
  for (const HeatTable::Row& row : table.rows) {
    for (const double value : row.values) largest = std::fmax(largest, value);
  }
  std::vector<std::vector<double>> heat;
  for (const HeatTable::Row& row : table.rows) {
    std::vector<double>& of = heat.emplace_back();
    for (const double value : row.values) of.push_back(value > 0 ? value / largest : 0);
  }
  return heat;
}

std::string RenderHeatTable(const HeatTable& table) {
  const auto rows = static_cast<int>(table.rows.size());
  const int height = kTop + rows * kCell + (rows - 1) / table.group * kGap + 14;
  std::string out = fmt::format(
      R"(<svg class="chart" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" role="img" aria-label="{}">)",
      kWidth, height, EscapeXml(table.title));
  const auto sink = std::back_inserter(out);
  out += ChartStyle();
  out += R"(<rect class="paper" width="100%" height="100%"/>)";
  fmt::format_to(sink, R"(<text class="title" x="8" y="22">{}</text>)", EscapeXml(table.title));
  fmt::format_to(sink, R"(<text class="soft" x="{}" y="22" text-anchor="end">{}</text>)",
                 kWidth - 8, EscapeXml(table.value_label));
  fmt::format_to(sink, R"(<text class="soft" x="{}" y="54" text-anchor="end">{}</text>)",
                 kLabel - 8, EscapeXml(table.column_label));
  const double width = static_cast<double>(kWidth - kLabel - 8) /
                       static_cast<double>(std::max<std::size_t>(table.columns.size(), 1));
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    fmt::format_to(sink, R"(<text class="soft" x="{:.1f}" y="54" text-anchor="middle">{}</text>)",
                   kLabel + width * (static_cast<double>(i) + 0.5) - 1,
                   EscapeXml(table.columns[i]));
  }
  const auto heat = HeatOf(table);
  for (int r = 0; r < rows; ++r) {
    const auto i = static_cast<std::size_t>(r);
    RenderRow(table.rows[i], heat[i], width, kTop + r * kCell + r / table.group * kGap, out);
  }
  out += "</svg>\n";
  return out;
}

}  // namespace trimtab
