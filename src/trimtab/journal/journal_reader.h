// Reads a journal: what `explain` and `report` are made from.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/journal/journal.h"
#include "trimtab/journal/sqlite_database.h"
#include "trimtab/journal/sqlite_journal.h"

namespace trimtab {

struct OutcomeRecord {
  OutcomeKind kind = OutcomeKind::kApplied;
  Instant at{};
  std::string body;  // JSON
};

// A decision and everything that became of it, oldest first.
struct DecisionRecord {
  std::int64_t id = 0;
  std::int64_t run = 0;
  DecisionEntry entry;
  std::vector<OutcomeRecord> outcomes;
};

// Opens for reading only; the journal may be written to meanwhile. Whatever reads a row gives
// kDataLoss, with journal, row and column, for a value that no journal holds; the texts are not
// looked into.
// Thread-safety: one caller at a time.
class JournalReader {
 public:
  // kNotFound: no such file. Other codes as SqliteJournal::Open.
  static absl::StatusOr<JournalReader> Open(const std::string& path);

  // 0 in a journal without decisions.
  absl::StatusOr<std::int64_t> LastDecision();
  // The newest one with an outcome kApplied; 0 when nothing was ever committed.
  absl::StatusOr<std::int64_t> LastCommitted();
  // kNotFound names the range that there is.
  absl::StatusOr<DecisionRecord> Decision(std::int64_t id);
  absl::StatusOr<RunDescription> Run(std::int64_t id);
  // Visits decisions [first, last] in order, one in memory at a time.
  absl::Status ForEachDecision(std::int64_t first, std::int64_t last,
                               const std::function<void(const DecisionRecord&)>& visit);

 private:
  explicit JournalReader(SqliteDatabase database) : database_(std::move(database)) {}
  absl::StatusOr<std::vector<OutcomeRecord>> Outcomes(std::int64_t decision);

  SqliteDatabase database_;
};

}  // namespace trimtab
