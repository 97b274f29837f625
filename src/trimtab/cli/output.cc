#include "trimtab/cli/output.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"

namespace trimtab {
namespace {

bool IsNumber(const Table::Cell& cell) {
  return std::holds_alternative<std::int64_t>(cell) || std::holds_alternative<double>(cell);
}

std::string CellText(const Table::Cell& cell, const Table::Column& column) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (const auto* flag = std::get_if<bool>(&cell)) return *flag ? "yes" : "no";
  if (const auto* number = std::get_if<double>(&cell)) {
    return fmt::format("{:.{}f}", *number * column.scale, column.decimals);
  }
  if (const auto* number = std::get_if<std::int64_t>(&cell)) {
    if (column.scale == 1) return fmt::format("{}", *number);
    return fmt::format("{:.{}f}", static_cast<double>(*number) * column.scale, column.decimals);
  }
  return "-";
}

std::string CsvText(const Table::Cell& cell) {
  if (const auto* flag = std::get_if<bool>(&cell)) return *flag ? "true" : "false";
  if (const auto* number = std::get_if<double>(&cell)) return fmt::format("{}", *number);
  if (const auto* number = std::get_if<std::int64_t>(&cell)) return fmt::format("{}", *number);
  const auto* text = std::get_if<std::string>(&cell);
  if (text == nullptr) return "";
  if (text->find_first_of(",\"\r\n") == std::string::npos) return *text;
  std::string quoted = "\"";
  for (const char letter : *text) {
    if (letter == '"') quoted += '"';
    quoted += letter;
  }
  return quoted + '"';
}

nlohmann::ordered_json JsonValue(const Table::Cell& cell) {
  return std::visit(
      [](const auto& value) -> nlohmann::ordered_json {
        using Value = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, std::monostate>) {
          return nullptr;
        } else {
          return value;
        }
      },
      cell);
}

// Columns on a terminal: code points, not bytes.
std::size_t DisplayWidth(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char byte) { return (byte & 0xC0) != 0x80; }));
}

}  // namespace

absl::StatusOr<OutputFormat> ParseOutputFormat(std::string_view text) {
  for (const OutputFormat format :
       {OutputFormat::kTable, OutputFormat::kJson, OutputFormat::kCsv}) {
    if (text == OutputFormatName(format)) return format;
  }
  return absl::InvalidArgumentError(
      fmt::format("output format '{}' is none of table, json, csv", text.substr(0, 64)));
}

std::string_view OutputFormatName(OutputFormat format) {
  switch (format) {
    case OutputFormat::kTable:
      return "table";
    case OutputFormat::kJson:
      return "json";
    case OutputFormat::kCsv:
      return "csv";
  }
  std::abort();
}

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

void Table::AddRow(std::vector<Cell> cells) {
  if (cells.size() != columns_.size()) std::abort();
  rows_.push_back(std::move(cells));
}

void Table::WriteText(std::ostream& out, bool color) const {
  std::vector<std::vector<std::string>> texts;
  std::vector<std::size_t> widths;
  std::vector<bool> right;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    widths.push_back(DisplayWidth(columns_[c].header));
    right.push_back(std::ranges::any_of(rows_, [c](const auto& row) { return IsNumber(row[c]); }));
  }
  for (const std::vector<Cell>& row : rows_) {
    std::vector<std::string>& line = texts.emplace_back();
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      line.push_back(CellText(row[c], columns_[c]));
      widths[c] = std::max(widths[c], DisplayWidth(line[c]));
    }
  }
  const auto write_line = [&](const auto& text_of) {
    std::string line;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      const std::string& text = text_of(c);
      const std::string padding(widths[c] - DisplayWidth(text), ' ');
      if (c > 0) line += "  ";
      line += right[c] ? padding + text : text + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
  };
  const std::string header =
      write_line([&](std::size_t c) -> const std::string& { return columns_[c].header; });
  out << (color ? fmt::format("\x1b[1m{}\x1b[0m\n", header) : header + '\n');
  for (const std::vector<std::string>& line : texts) {
    out << write_line([&](std::size_t c) -> const std::string& { return line[c]; }) << '\n';
  }
}

void Table::WriteCsv(std::ostream& out) const {
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    out << (c > 0 ? "," : "") << CsvText(columns_[c].key);
  }
  out << '\n';
  for (const std::vector<Cell>& row : rows_) {
    for (std::size_t c = 0; c < columns_.size(); ++c) out << (c > 0 ? "," : "") << CsvText(row[c]);
    out << '\n';
  }
}

nlohmann::ordered_json Table::ToJson() const {
  nlohmann::ordered_json document = nlohmann::ordered_json::array();
  for (const std::vector<Cell>& row : rows_) {
    nlohmann::ordered_json object = nlohmann::ordered_json::object();
    for (std::size_t c = 0; c < columns_.size(); ++c) object[columns_[c].key] = JsonValue(row[c]);
    document.push_back(std::move(object));
  }
  return document;
}

void Table::Write(OutputFormat format, bool color, std::ostream& out) const {
  switch (format) {
    case OutputFormat::kTable:
      WriteText(out, color);
      break;
    case OutputFormat::kJson:
      WriteJson(ToJson(), out);
      break;
    case OutputFormat::kCsv:
      WriteCsv(out);
      break;
  }
}

void WriteJson(const nlohmann::ordered_json& document, std::ostream& out) {
  out << document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
}

}  // namespace trimtab
