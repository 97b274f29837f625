#include "trimtab/journal/schema.h"

#include "fmt/format.h"

namespace trimtab {

absl::StatusOr<JournalFile> RecogniseJournal(SqliteDatabase& database) {
  // Reading the header is what finds a file that is no database at all.
  const auto application = database.QueryInteger("PRAGMA application_id");
  if (!application.ok()) return application.status();
  const auto version = database.QueryInteger("PRAGMA user_version");
  if (!version.ok()) return version.status();
  const auto tables = database.QueryInteger("SELECT count(*) FROM sqlite_master");
  if (!tables.ok()) return tables.status();
  if (*application == 0 && *version == 0 && *tables == 0) return JournalFile::kEmpty;
  if (*application != kJournalApplicationId) {
    return absl::FailedPreconditionError(
        fmt::format("{}: SQLite file of another program (application id {}, a journal has {})",
                    database.place(), *application, kJournalApplicationId));
  }
  if (*version > kJournalSchemaVersion) {
    return absl::FailedPreconditionError(
        fmt::format("{}: written by a newer program (schema {}, this one knows up to {})",
                    database.place(), *version, kJournalSchemaVersion));
  }
  const auto check = database.QueryText("PRAGMA quick_check(1)");
  if (!check.ok()) return check.status();
  if (*check != "ok") {
    return absl::DataLossError(fmt::format("{}: damaged: {}", database.place(), *check));
  }
  return JournalFile::kJournal;
}

}  // namespace trimtab
