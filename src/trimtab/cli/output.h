// How a command prints its result: as an aligned table, as JSON or as CSV.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"

namespace trimtab {

enum class OutputFormat { kTable, kJson, kCsv };

// "table", "json" or "csv"; the error for anything else names the three.
absl::StatusOr<OutputFormat> ParseOutputFormat(std::string_view text);
std::string_view OutputFormatName(OutputFormat format);

// One row for each thing, one column for each of its properties. Numbers are kept in base units
// (cores, bytes, seconds) for JSON and CSV; a column says how people read them.
class Table {
 public:
  struct Column {
    std::string key = {};     // in JSON and CSV: camelCase with the base unit, "p95Seconds"
    std::string header = {};  // in the text table: with the unit shown there, "P95 ms"
    double scale = 1;         // the text table shows number * scale
    int decimals = 0;         // of a non-integer in the text table
  };
  // Missing is "-" in the table, null in JSON and empty in CSV, as are NaN and infinity in JSON.
  using Cell = std::variant<std::monostate, std::string, std::int64_t, double, bool>;

  explicit Table(std::vector<Column> columns);

  // REQUIRES: as many cells as columns.
  std::size_t row_count() const { return rows_.size(); }
  void AddRow(std::vector<Cell> cells);

  // The aligned text: names to the left, numbers to the right; the header bold where `color`.
  void WriteText(std::ostream& out, bool color) const;
  // RFC 4180 with a header line of keys; numbers in the shortest form that reads back exactly.
  void WriteCsv(std::ostream& out) const;
  // A JSON array of objects.
  nlohmann::ordered_json ToJson() const;

  // Any of the three, each ending with a line break.
  void Write(OutputFormat format, bool color, std::ostream& out) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;  // every row has columns_.size() cells
};

// Indented by two, with a line break at the end; bytes that are not UTF-8 become U+FFFD.
void WriteJson(const nlohmann::ordered_json& document, std::ostream& out);

// A cell for a value that may be missing.
template <class T>
Table::Cell CellOf(const std::optional<T>& value) {
  if (!value.has_value()) return std::monostate{};
  return *value;
}

}  // namespace trimtab
