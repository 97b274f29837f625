// The file that a running sweep appends to.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/profiling/sample_manifest.h"
#include "trimtab/profiling/sample_row.h"

namespace trimtab {

// While a sweep runs its rows are in `<path>.part`, with its description beside it; both are valid
// tables for other tools at any time. Finish() puts the whole table at `path` (compressed when that
// ends with ".gz") and removes the parts, so `path` is never half a table. A sweep that is killed
// goes on from its part: rows are appended and flushed to the disk in batches, and a cut last row
// is recognised. Not thread-safe.
class SampleJournal {
 public:
  // Takes up `<path>.part` when there is one. kFailedPrecondition, naming the fields that differ,
  // when it belongs to another sweep than `manifest`; kInvalidArgument when it is damaged;
  // kUnavailable with the system's reason.
  static absl::StatusOr<std::unique_ptr<SampleJournal>> Open(const std::string& path,
                                                             const SampleManifest& manifest);
  ~SampleJournal();
  SampleJournal(const SampleJournal&) = delete;
  SampleJournal& operator=(const SampleJournal&) = delete;

  // The rows taken up, of whole settings only.
  const std::vector<SampleRow>& recovered() const { return recovered_; }

  // All rows of one setting. They are on the disk after Flush(), or after the next kBatchRows.
  absl::Status Append(std::span<const SampleRow> rows);
  static constexpr std::int64_t kBatchRows = 2000;
  absl::Status Flush();

  absl::Status Finish(const SampleManifest& manifest);

 private:
  SampleJournal(std::string path, std::vector<std::string> names, int file);

  std::string path_;
  std::vector<std::string> names_;
  int file_;
  std::vector<SampleRow> recovered_;
  std::string pending_;  // rows not yet written
  std::int64_t pending_rows_ = 0;
};

}  // namespace trimtab
