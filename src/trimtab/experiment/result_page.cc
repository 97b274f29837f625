#include "trimtab/experiment/result_page.h"

#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "trimtab/experiment/html_report.h"
#include "trimtab/experiment/svg_plot.h"
#include "trimtab/profile/atomic_file.h"

namespace trimtab {
namespace {

std::string CellText(const ResultTable::Cell& cell, const ResultTable::Column& column) {
  if (const auto* text = std::get_if<std::string>(&cell)) return EscapeXml(*text);
  if (const auto* count = std::get_if<std::int64_t>(&cell)) return fmt::format("{}", *count);
  if (const auto* number = std::get_if<double>(&cell)) {
    return fmt::format("{:.{}f}", *number * column.scale, column.decimals);
  }
  return "&ndash;";
}

void RenderTable(const ResultTable& table, std::string& out) {
  const auto sink = std::back_inserter(out);
  fmt::format_to(sink, "<h2>{}</h2><div class=\"scroll\"><table class=\"sum\"><thead><tr>",
                 EscapeXml(table.title));
  for (const ResultTable::Column& column : table.columns) {
    fmt::format_to(sink, "<th>{}</th>", EscapeXml(column.header));
  }
  out += "</tr></thead><tbody>";
  for (const auto& row : table.rows) {
    out += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) {
      fmt::format_to(sink, "<td>{}</td>", CellText(row[i], table.columns[i]));
    }
    out += "</tr>";
  }
  out += "</tbody></table></div>";
}

}  // namespace

std::string RenderResult(std::string_view title, std::string_view introduction,
                         const ExperimentResult& result) {
  std::string out = fmt::format(
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
      "<title>{0}</title><style>{1}</style></head><body><h1>{0}</h1><p class=\"soft\">{2}</p>",
      EscapeXml(title), PageStyle(), EscapeXml(introduction));
  const auto sink = std::back_inserter(out);
  out += "<ul>";
  for (const std::string& verdict : result.verdicts) {
    const bool met = verdict.starts_with("met:");
    const bool missed = verdict.starts_with("missed:");
    fmt::format_to(sink, "<li class=\"{}\">{}</li>",
                   met      ? "good"
                   : missed ? "bad"
                            : "",
                   EscapeXml(verdict));
  }
  out += "</ul>";
  for (const Figure& figure : result.figures) {
    fmt::format_to(sink, "<figure>{}<figcaption>{}</figcaption></figure>", figure.svg,
                   EscapeXml(figure.caption));
  }
  for (const ResultTable& table : result.tables) RenderTable(table, out);
  out += "</body></html>\n";
  return out;
}

absl::Status WriteResultPage(const std::string& directory, std::string_view title,
                             std::string_view introduction, const ExperimentResult& result) {
  const std::string folder = directory + "/figures";
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return absl::UnavailableError(fmt::format("creating '{}': {}", folder, error.message()));
  }
  for (const Figure& figure : result.figures) {
    if (auto s = ReplaceFile(folder + "/" + figure.file, figure.svg); !s.ok()) return s;
  }
  return ReplaceFile(directory + "/report.html", RenderResult(title, introduction, result));
}

std::string Judged(bool met, std::string_view sentence) {
  return fmt::format("{}: {}", met ? "met" : "missed", sentence);
}

}  // namespace trimtab
