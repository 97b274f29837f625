// SQLite with statuses and ownership: the only place that calls its interface.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct sqlite3;
struct sqlite3_stmt;

namespace trimtab {

// A prepared statement. Lives no longer than its database. Parameters and columns count from 0.
class SqliteStatement {
 public:
  void BindInteger(int parameter, std::int64_t value);
  // `text` must stay until the next Reset().
  void BindText(int parameter, std::string_view text);
  // True when there is a row, false at the end.
  absl::StatusOr<bool> Step();
  void Reset();

  // SQLite keeps a value of any type in any column. kDataLoss names the first column of the row
  // whose type is not the one of its letter in `types`: i integer, t text. `row` names the row.
  absl::Status CheckTypes(std::string_view types, std::string_view row) const;
  std::int64_t Integer(int column) const;
  std::string Text(int column) const;

 private:
  friend class SqliteDatabase;
  struct Finalizer {
    void operator()(sqlite3_stmt* statement) const;
  };
  SqliteStatement(std::string place, sqlite3_stmt* statement)
      : place_(std::move(place)), statement_(statement) {}

  std::string place_;  // "journal 'run.sqlite'", for messages
  std::unique_ptr<sqlite3_stmt, Finalizer> statement_;
};

// An open database. Codes: kNotFound when it has to exist and does not, kDataLoss for a file that
// is damaged or no database, kUnavailable for a full disk, a lock or an input/output error.
// Thread-safety: one caller at a time.
class SqliteDatabase {
 public:
  enum class Mode : std::uint8_t { kRead, kReadWriteCreate };
  // Touches nothing in an existing file.
  static absl::StatusOr<SqliteDatabase> Open(const std::string& path, Mode mode);

  absl::Status Execute(const std::string& statements);
  absl::StatusOr<SqliteStatement> Prepare(std::string_view statement);
  // The first column of the first row.
  absl::StatusOr<std::int64_t> QueryInteger(std::string_view statement);
  absl::StatusOr<std::string> QueryText(std::string_view statement);

  std::int64_t last_insert_row() const;
  const std::string& place() const { return place_; }

 private:
  struct Closer {
    void operator()(sqlite3* database) const;
  };
  SqliteDatabase(std::string place, sqlite3* database)
      : place_(std::move(place)), database_(database) {}

  std::string place_;
  std::unique_ptr<sqlite3, Closer> database_;
};

}  // namespace trimtab
