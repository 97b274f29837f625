// A journal in one SQLite file.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/journal/journal.h"
#include "trimtab/journal/sqlite_database.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// What every decision of one run of the controller has in common.
struct RunDescription {
  Instant started{};
  std::string application;
  std::string policy;
  Duration sla{0};
  std::string details = "{}";  // JSON: options, seed, versions
};

// Write-ahead log with synchronous=FULL, read back at opening: an append returns when its bytes
// are on the disk, so it survives the death of the process and of the machine's power. Each append
// is one transaction. Readers may read while it is open.
//
// `most_unflushed` relaxes that for what is not acted on: up to so many entries that do not act,
// and outcomes, wait in one transaction for the next entry that acts. A crash may lose them, and so
// may an append that fails. Meant for simulated runs, whose hundred decisions a second are few
// acts.
//
// An existing journal is continued with a new run. Cost: one flush of the disk an append, about
// 0.1 ms where the disk has a fast cache; the file grows by the size of the texts plus 1 KiB.
class SqliteJournal : public Journal {
 public:
  // Creates the file, or continues one. Never overwrites: kFailedPrecondition for another
  // program's file or a newer schema, kDataLoss for a damaged file or one that is no database.
  static absl::StatusOr<std::unique_ptr<SqliteJournal>> Open(const std::string& path,
                                                             const RunDescription& run,
                                                             int most_unflushed = 0);
  ~SqliteJournal() override;
  SqliteJournal(const SqliteJournal&) = delete;
  SqliteJournal& operator=(const SqliteJournal&) = delete;

  absl::StatusOr<std::int64_t> Append(const DecisionEntry& entry) override;
  absl::Status AppendOutcome(std::int64_t decision, OutcomeKind kind, Instant at,
                             const std::string& body) override;

 private:
  SqliteJournal(SqliteDatabase database, std::int64_t run, int most_unflushed,
                SqliteStatement insert_decision, SqliteStatement insert_outcome)
      : database_(std::move(database)),
        run_(run),
        most_unflushed_(most_unflushed),
        insert_decision_(std::move(insert_decision)),
        insert_outcome_(std::move(insert_outcome)) {}

  // Executes the insert, at once or with what follows.
  absl::Status Insert(SqliteStatement& insert, bool flush);

  SqliteDatabase database_;
  std::int64_t run_;
  int most_unflushed_;
  int unflushed_ = 0;                // rows in the open transaction; 0: none is open
  SqliteStatement insert_decision_;  // after database_: destroyed before it
  SqliteStatement insert_outcome_;
};

}  // namespace trimtab
