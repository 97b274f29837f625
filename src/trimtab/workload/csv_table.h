// A small CSV table of numbers with a header: the form of every recording.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/workload/load_series.h"

namespace trimtab {

// Views into the text it was made from, which must outlive it. Plain cells: no quotes.
class CsvTable {
 public:
  // kInvalidArgument: no header.
  static absl::StatusOr<CsvTable> Create(std::string_view text, std::string_view name);

  const std::vector<std::string_view>& header() const { return header_; }
  // The index of the first of `names` that the header has; -1 for none.
  int Column(const std::vector<std::string_view>& names) const;

  // Calls `row` with the row's number in the file, from 1, and its cells; stops at the first error.
  // kInvalidArgument also for a row with another number of cells than the header, and for a table
  // without rows.
  absl::Status ForEachRow(
      const std::function<absl::Status(std::size_t row,
                                       const std::vector<std::string_view>& cells)>& each) const;

  // A cell as a number in [lowest, highest]; kInvalidArgument names file, row, column and value.
  absl::StatusOr<double> Number(std::size_t row, const std::vector<std::string_view>& cells,
                                int column, double lowest, double highest) const;

 private:
  std::string name_;
  std::vector<std::string_view> header_;
  std::string_view body_;
};

}  // namespace trimtab
