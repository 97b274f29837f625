#include "trimtab/journal/sqlite_journal.h"

#include "fmt/format.h"
#include "trimtab/journal/schema.h"

namespace trimtab {
namespace {

constexpr std::int64_t kSynchronousFull = 2;

absl::Status CreateTables(SqliteDatabase& database) {
  return database.Execute(fmt::format(
      "BEGIN IMMEDIATE; {} PRAGMA application_id = {}; PRAGMA user_version = {}; COMMIT;",
      kJournalSchema, kJournalApplicationId, kJournalSchemaVersion));
}

// Durability is not taken on trust: a build of SQLite or a file system may refuse either setting,
// and then says so only here.
absl::Status MakeDurable(SqliteDatabase& database) {
  const auto mode = database.QueryText("PRAGMA journal_mode = WAL");
  if (!mode.ok()) return mode.status();
  if (*mode != "wal") {
    return absl::FailedPreconditionError(
        fmt::format("{}: journal mode is {}, must be wal", database.place(), *mode));
  }
  if (const auto set = database.Execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
      !set.ok()) {
    return set;
  }
  const auto synchronous = database.QueryInteger("PRAGMA synchronous");
  if (!synchronous.ok()) return synchronous.status();
  if (*synchronous != kSynchronousFull) {
    return absl::FailedPreconditionError(fmt::format("{}: synchronous is {}, must be {} (FULL)",
                                                     database.place(), *synchronous,
                                                     kSynchronousFull));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::int64_t> AppendRun(SqliteDatabase& database, const RunDescription& run) {
  auto insert = database.Prepare(
      "INSERT INTO runs(startedNanoseconds, application, policy, slaNanoseconds, details) "
      "VALUES (?, ?, ?, ?, ?)");
  if (!insert.ok()) return insert.status();
  insert->BindInteger(0, run.started.time_since_epoch().count());
  insert->BindText(1, run.application);
  insert->BindText(2, run.policy);
  insert->BindInteger(3, run.sla.count());
  insert->BindText(4, run.details);
  if (const auto done = insert->Step(); !done.ok()) return done.status();
  return database.last_insert_row();
}

// A statement that failed stays unusable until it is reset.
absl::Status StepAndReset(SqliteStatement& statement) {
  const auto done = statement.Step();
  statement.Reset();
  return done.status();
}

}  // namespace

std::string_view OutcomeKindName(OutcomeKind kind) {
  return kind == OutcomeKind::kApplied ? "applied" : "verified";
}

absl::StatusOr<std::unique_ptr<SqliteJournal>> SqliteJournal::Open(const std::string& path,
                                                                   const RunDescription& run,
                                                                   int most_unflushed) {
  auto database = SqliteDatabase::Open(path, SqliteDatabase::Mode::kReadWriteCreate);
  if (!database.ok()) return database.status();
  const auto file = RecogniseJournal(*database);
  if (!file.ok()) return file.status();
  if (const auto durable = MakeDurable(*database); !durable.ok()) return durable;
  if (*file == JournalFile::kEmpty) {
    if (const auto created = CreateTables(*database); !created.ok()) return created;
  }
  const auto id = AppendRun(*database, run);
  if (!id.ok()) return id.status();
  auto decision = database->Prepare(
      "INSERT INTO decisions(run, atNanoseconds, observation, plan, commitment) "
      "VALUES (?, ?, ?, ?, ?)");
  if (!decision.ok()) return decision.status();
  auto outcome = database->Prepare(
      "INSERT INTO outcomes(decision, kind, atNanoseconds, body) VALUES (?, ?, ?, ?)");
  if (!outcome.ok()) return outcome.status();
  return std::unique_ptr<SqliteJournal>(new SqliteJournal(
      *std::move(database), *id, most_unflushed, *std::move(decision), *std::move(outcome)));
}

SqliteJournal::~SqliteJournal() {
  // Nobody is left to be told of a failure, and nothing in it was acted on.
  if (unflushed_ > 0) database_.Execute("COMMIT").IgnoreError();
}

absl::Status SqliteJournal::Insert(SqliteStatement& insert, bool flush) {
  if (most_unflushed_ == 0) return StepAndReset(insert);
  absl::Status status;
  if (unflushed_ == 0) status = database_.Execute("BEGIN IMMEDIATE");
  if (status.ok()) {
    ++unflushed_;
    status = StepAndReset(insert);
  }
  // A row that names an unknown decision fails alone; anything else ends the transaction.
  if (absl::IsFailedPrecondition(status)) {
    --unflushed_;
    if (unflushed_ == 0) database_.Execute("ROLLBACK").IgnoreError();
    return status;
  }
  if (status.ok() && (flush || unflushed_ >= most_unflushed_)) {
    status = database_.Execute("COMMIT");
    if (status.ok()) unflushed_ = 0;
  }
  if (!status.ok() && unflushed_ > 0) {
    database_.Execute("ROLLBACK").IgnoreError();
    unflushed_ = 0;
  }
  return status;
}

absl::StatusOr<std::int64_t> SqliteJournal::Append(const DecisionEntry& entry) {
  insert_decision_.BindInteger(0, run_);
  insert_decision_.BindInteger(1, entry.at.time_since_epoch().count());
  insert_decision_.BindText(2, entry.observation);
  insert_decision_.BindText(3, entry.plan);
  insert_decision_.BindText(4, entry.commitment);
  const absl::Status done = Insert(insert_decision_, entry.acts);
  if (!done.ok()) return done;
  return database_.last_insert_row();
}

absl::Status SqliteJournal::AppendOutcome(std::int64_t decision, OutcomeKind kind, Instant at,
                                          const std::string& body) {
  insert_outcome_.BindInteger(0, decision);
  insert_outcome_.BindText(1, OutcomeKindName(kind));
  insert_outcome_.BindInteger(2, at.time_since_epoch().count());
  insert_outcome_.BindText(3, body);
  const absl::Status done = Insert(insert_outcome_, /*flush=*/false);
  if (absl::IsFailedPrecondition(done)) {
    return absl::NotFoundError(
        fmt::format("{}: there is no decision {}", database_.place(), decision));
  }
  return done;
}

}  // namespace trimtab
