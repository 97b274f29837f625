// A table of samples with its description, and how it is read from disk.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/profiling/sample_manifest.h"
#include "trimtab/profiling/sample_row.h"

namespace trimtab {

struct SampleTable {
  SampleManifest manifest;
  std::vector<SampleRow> rows;  // by setting, then microservice, then replica
};

// The description of the table at `table_path`: "samples.csv" has "samples.csv.json".
std::string ManifestPath(std::string_view table_path);

absl::StatusOr<SampleManifest> LoadManifest(const std::string& table_path);

// Reads a table, plain or gzip, a line at a time, with its description. Strict: the first bad line
// is kInvalidArgument with file, line, column, value and bound; a cut file, or a number of rows
// that the description does not give, is kDataLoss. kFailedPrecondition for another version.
absl::StatusOr<SampleTable> LoadSampleTable(const std::string& path);

// What an interrupted sweep left behind: the rows of its whole settings. A cut last line is
// dropped, and so are the rows of the last setting, for some of them may be missing. A bad line
// before that is an error as in LoadSampleTable.
struct RecoveredSamples {
  std::vector<SampleRow> rows;
  std::size_t bytes = 0;  // of the text, header and rows: where the sweep goes on
};
absl::StatusOr<RecoveredSamples> RecoverSamples(std::string_view text,
                                                const std::vector<std::string>& names);

}  // namespace trimtab
