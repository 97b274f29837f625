// Samples as CSV: the table that other tools read. `docs/profiling.md` describes the columns.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/profiling/sample_row.h"

namespace trimtab {

// The first line of every table, without its line end. Base units, the unit in the name.
std::string_view SampleCsvHeader();

// Names to ids and back; the order of `names` is that of MicroserviceId.
// kInvalidArgument for a name that is empty, double, or holds a comma, quote or control character.
absl::Status ValidateSampleNames(const std::vector<std::string>& names);

// Appends one line with its line end. REQUIRES: valid names, row.microservice within them.
void AppendSampleCsv(const SampleRow& row, const std::vector<std::string>& names, std::string& out);

// One line without its line end. Strict: exactly the columns of the header, every number finite
// and in its bound, a known microservice. kInvalidArgument names column, value and bound.
// ParseSampleCsv(AppendSampleCsv(row)) equals AtTableResolution(row).
absl::StatusOr<SampleRow> ParseSampleCsv(std::string_view line,
                                         const std::vector<std::string>& names);

}  // namespace trimtab
