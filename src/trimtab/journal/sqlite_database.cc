#include "trimtab/journal/sqlite_database.h"

#include <sqlite3.h>

#include "fmt/format.h"

namespace trimtab {
namespace {

constexpr int kBusyMilliseconds = 2000;

absl::Status StatusOf(const std::string& place, int code, const char* message) {
  const std::string words = fmt::format("{}: {}", place, message);
  switch (code & 0xFF) {  // the primary code; the rest says which kind of it
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::DataLossError(words);
    case SQLITE_CONSTRAINT:
      return absl::FailedPreconditionError(words);
    case SQLITE_TOOBIG:
      return absl::InvalidArgumentError(words);
    default:
      return absl::UnavailableError(words);
  }
}

std::string_view TypeName(int type) {
  switch (type) {
    case SQLITE_INTEGER:
      return "an integer";
    case SQLITE_FLOAT:
      return "a real number";
    case SQLITE_TEXT:
      return "a text";
    case SQLITE_BLOB:
      return "a blob";
    default:
      return "null";
  }
}

}  // namespace

void SqliteStatement::Finalizer::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

void SqliteStatement::BindInteger(int parameter, std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), parameter + 1, value);
}

void SqliteStatement::BindText(int parameter, std::string_view text) {
  sqlite3_bind_text64(statement_.get(), parameter + 1, text.data(), text.size(), SQLITE_STATIC,
                      SQLITE_UTF8);
}

absl::StatusOr<bool> SqliteStatement::Step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return StatusOf(place_, code, sqlite3_errmsg(sqlite3_db_handle(statement_.get())));
}

void SqliteStatement::Reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

absl::Status SqliteStatement::CheckTypes(std::string_view types, std::string_view row) const {
  for (int column = 0; column < static_cast<int>(types.size()); ++column) {
    const bool text = types[static_cast<std::size_t>(column)] == 't';
    const int type = sqlite3_column_type(statement_.get(), column);
    if (type == (text ? SQLITE_TEXT : SQLITE_INTEGER)) continue;
    return absl::DataLossError(fmt::format("{}: {}: column '{}' is {}, expected {}", place_, row,
                                           sqlite3_column_name(statement_.get(), column),
                                           TypeName(type), text ? "a text" : "an integer"));
  }
  return absl::OkStatus();
}

std::int64_t SqliteStatement::Integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string SqliteStatement::Text(int column) const {
  const auto* text = sqlite3_column_text(statement_.get(), column);
  if (text == nullptr) return {};
  return {reinterpret_cast<const char*>(text),  // SQLite hands UTF-8 out as unsigned bytes
          static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

void SqliteDatabase::Closer::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

absl::StatusOr<SqliteDatabase> SqliteDatabase::Open(const std::string& path, Mode mode) {
  const std::string place = fmt::format("journal '{}'", path);
  const int flags =
      mode == Mode::kRead ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  SqliteDatabase database(place, raw);
  if (code != SQLITE_OK) {
    const char* message = raw == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(raw);
    if ((code & 0xFF) == SQLITE_CANTOPEN) {
      return absl::NotFoundError(fmt::format("{}: {}", place, message));
    }
    return StatusOf(place, code, message);
  }
  sqlite3_busy_timeout(raw, kBusyMilliseconds);
  return database;
}

absl::Status SqliteDatabase::Execute(const std::string& statements) {
  const int code = sqlite3_exec(database_.get(), statements.c_str(), nullptr, nullptr, nullptr);
  if (code == SQLITE_OK) return absl::OkStatus();
  return StatusOf(place_, code, sqlite3_errmsg(database_.get()));
}

absl::StatusOr<SqliteStatement> SqliteDatabase::Prepare(std::string_view statement) {
  sqlite3_stmt* raw = nullptr;
  const int code =
      sqlite3_prepare_v3(database_.get(), statement.data(), static_cast<int>(statement.size()),
                         SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  if (code != SQLITE_OK) return StatusOf(place_, code, sqlite3_errmsg(database_.get()));
  return SqliteStatement(place_, raw);
}

absl::StatusOr<std::int64_t> SqliteDatabase::QueryInteger(std::string_view statement) {
  auto prepared = Prepare(statement);
  if (!prepared.ok()) return prepared.status();
  const auto row = prepared->Step();
  if (!row.ok()) return row.status();
  if (!*row) return absl::NotFoundError(fmt::format("{}: no row for {}", place_, statement));
  return prepared->Integer(0);
}

absl::StatusOr<std::string> SqliteDatabase::QueryText(std::string_view statement) {
  auto prepared = Prepare(statement);
  if (!prepared.ok()) return prepared.status();
  const auto row = prepared->Step();
  if (!row.ok()) return row.status();
  if (!*row) return absl::NotFoundError(fmt::format("{}: no row for {}", place_, statement));
  return prepared->Text(0);
}

std::int64_t SqliteDatabase::last_insert_row() const {
  return sqlite3_last_insert_rowid(database_.get());
}

}  // namespace trimtab
