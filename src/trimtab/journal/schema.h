// How a journal is laid out in SQLite, and how a file is recognised as one.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/journal/sqlite_database.h"

namespace trimtab {

// "Trim" in ASCII, in the file's header: tells a journal from any other SQLite file.
inline constexpr std::int64_t kJournalApplicationId = 0x5472696D;
// Raised with every change of the tables below. A newer file is refused, an older one is read.
inline constexpr std::int64_t kJournalSchemaVersion = 1;

// Rows are added and never changed: the triggers make that a rule of the file, not of the program.
inline constexpr std::string_view kJournalSchema = R"sql(
CREATE TABLE runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  startedNanoseconds INTEGER NOT NULL,
  application TEXT NOT NULL,
  policy TEXT NOT NULL,
  slaNanoseconds INTEGER NOT NULL,
  details TEXT NOT NULL);
CREATE TABLE decisions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  run INTEGER NOT NULL REFERENCES runs(id),
  atNanoseconds INTEGER NOT NULL,
  observation TEXT NOT NULL,
  plan TEXT NOT NULL,
  commitment TEXT NOT NULL);
CREATE TABLE outcomes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  decision INTEGER NOT NULL REFERENCES decisions(id),
  kind TEXT NOT NULL CHECK (kind IN ('applied', 'verified')),
  atNanoseconds INTEGER NOT NULL,
  body TEXT NOT NULL);
CREATE INDEX outcomesByDecision ON outcomes(decision);
CREATE TRIGGER keepRuns BEFORE UPDATE ON runs BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER keepRunRows BEFORE DELETE ON runs BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER keepDecisions BEFORE UPDATE ON decisions
  BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER keepDecisionRows BEFORE DELETE ON decisions
  BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER keepOutcomes BEFORE UPDATE ON outcomes
  BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER keepOutcomeRows BEFORE DELETE ON outcomes
  BEGIN SELECT RAISE(ABORT, 'append only'); END;
)sql";

enum class JournalFile : std::uint8_t { kEmpty, kJournal };

// Only reads. kFailedPrecondition for an SQLite file that is no journal or one of a newer schema,
// kDataLoss for a damaged file or one that is no SQLite file.
absl::StatusOr<JournalFile> RecogniseJournal(SqliteDatabase& database);

}  // namespace trimtab
