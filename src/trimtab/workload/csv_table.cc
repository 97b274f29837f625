#include "trimtab/workload/csv_table.h"

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\r' || text.back() == ' ')) text.remove_suffix(1);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return text;
}

std::string_view TakeLine(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return Trimmed(line);
}

void SplitCells(std::string_view line, std::vector<std::string_view>& cells) {
  cells.clear();
  for (;;) {
    const std::size_t end = std::min(line.find(','), line.size());
    cells.push_back(Trimmed(line.substr(0, end)));
    if (end == line.size()) return;
    line.remove_prefix(end + 1);
  }
}

}  // namespace

absl::StatusOr<CsvTable> CsvTable::Create(std::string_view text, std::string_view name) {
  CsvTable table;
  table.name_ = std::string(name);
  const std::string_view line = TakeLine(text);
  if (line.empty()) {
    return absl::InvalidArgumentError(fmt::format("{}:1: the file has no header", name));
  }
  SplitCells(line, table.header_);
  table.body_ = text;
  return table;
}

int CsvTable::Column(const std::vector<std::string_view>& names) const {
  for (const std::string_view name : names) {
    const auto found = std::find(header_.begin(), header_.end(), name);
    if (found != header_.end()) return static_cast<int>(found - header_.begin());
  }
  return -1;
}

absl::Status CsvTable::ForEachRow(
    const std::function<absl::Status(std::size_t row, const std::vector<std::string_view>& cells)>&
        each) const {
  std::string_view rest = body_;
  std::vector<std::string_view> cells;
  std::size_t row = 1;
  bool any = false;
  while (!rest.empty()) {
    const std::string_view line = TakeLine(rest);
    ++row;
    if (line.empty() && rest.empty()) break;  // the newline at the end
    SplitCells(line, cells);
    if (cells.size() != header_.size()) {
      return absl::InvalidArgumentError(fmt::format("{}:{}: {} cells, the header has {}", name_,
                                                    row, cells.size(), header_.size()));
    }
    if (absl::Status status = each(row, cells); !status.ok()) return status;
    any = true;
  }
  if (!any) return absl::InvalidArgumentError(fmt::format("{}: there are no rows", name_));
  return absl::OkStatus();
}

absl::StatusOr<double> CsvTable::Number(std::size_t row, const std::vector<std::string_view>& cells,
                                        int column, double lowest, double highest) const {
  const std::string_view cell = cells[static_cast<std::size_t>(column)];
  const auto value = ParseNumber(cell);
  const std::string_view key = header_[static_cast<std::size_t>(column)];
  if (!value.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("{}:{}: {}: '{}' is not a number", name_, row, key, cell.substr(0, 64)));
  }
  if (!(*value >= lowest && *value <= highest)) {
    return absl::InvalidArgumentError(fmt::format("{}:{}: {} is {}, must be between {} and {}",
                                                  name_, row, key, cell.substr(0, 64), lowest,
                                                  highest));
  }
  return *value;
}

}  // namespace trimtab
