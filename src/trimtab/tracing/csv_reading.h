// What every reader of spans from comma-separated rows does around its rows.
#pragma once

#include <cstddef>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/tracing/csv_columns.h"
#include "trimtab/tracing/csv_rows.h"
#include "trimtab/tracing/input_file.h"
#include "trimtab/tracing/span_reader.h"

namespace trimtab {

// Finds the layout in the header with `find_layout`(CsvHeader, path), makes a `RowReader`(layout,
// path, context) of it and hands it every row: Add(row) returns the spans that the row became,
// Skip(row, reason, value) notes a malformed one, Flush() hands on what is held. What was read
// before an error of the file is handed on too.
template <class RowReader, class FindLayout>
absl::Status ReadCsvWith(const FindLayout& find_layout, InputFile& input, ReadContext context,
                         ReadCounts& counts) {
  CsvRows rows(input);
  const absl::StatusOr<CsvRows::Row> header = rows.Next();
  if (!header.ok()) return header.status();
  if (header->state != CsvRows::RowState::kRow) {
    return absl::InvalidArgumentError(fmt::format("'{}': row 1: no header", input.path()));
  }
  const auto layout = find_layout(CsvHeader(header->fields), input.path());
  if (!layout.ok()) return layout.status();
  RowReader reader(*layout, input.path(), context);
  for (;;) {
    const absl::StatusOr<CsvRows::Row> row = rows.Next();
    if (!row.ok() || row->state == CsvRows::RowState::kEnd) {
      reader.Flush();
      return row.status();
    }
    ++counts.rows;
    if (row->state == CsvRows::RowState::kRow) {
      counts.spans += std::size_t{reader.Add(*row)};
    } else {
      reader.Skip(*row, Describe(row->state), {});
    }
  }
}

}  // namespace trimtab
