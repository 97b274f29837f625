// The rows of a comma-separated file of any length, in constant memory.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/tracing/input_file.h"

namespace trimtab {

// RFC 4180: fields may be quoted, a quoted field may hold commas, line ends and doubled quotes.
// Lines end with LF or CR LF; the last one may lack its end. A byte order mark is skipped.
// Thread-safety: none. Memory: four bytes for each of the buffer's bytes, 2.5 MiB in all.
class CsvRows {
 public:
  static constexpr std::size_t kLongestRow = std::size_t{256} << 10;

  enum class RowState {
    kRow,
    kTooLong,     // longer than kLongestRow; skipped up to the next line end
    kUnclosed,    // a quote that nothing closes before the file ends or the row is too long
    kAfterQuote,  // text after the closing quote of a field
    kEnd,         // no more rows
  };
  struct Row {
    RowState state = RowState::kEnd;
    std::uint64_t number = 0;  // the header is 1; a row with line ends inside counts once
    std::span<const std::string_view> fields;  // valid until the next call
  };

  // `input` must outlive the object.
  explicit CsvRows(InputFile& input);

  // The next row. An error is one of the file (see InputFile::Read).
  absl::StatusOr<Row> Next();

 private:
  // Moves the current row to the front of the buffer and reads on; false at the end of the file.
  absl::StatusOr<bool> Refill();
  // The current row, some field of which holds a quote.
  absl::StatusOr<Row> NextQuoted();
  enum class Parsed { kRow, kNeedsMore, kAfterQuote };
  Parsed ParseQuoted();
  absl::StatusOr<Row> SkipLine(RowState state);
  Row Finish(RowState state);
  void AddLastField(const char* begin, const char* end);

  InputFile* input_;
  std::vector<char> buffer_;
  std::size_t size_ = 0;
  std::size_t row_begin_ = 0;
  bool is_at_end_ = false;
  // Separators of the bytes from scan_begin_ on; those before next_separator_ are done with.
  std::size_t scan_begin_ = 0;
  std::vector<std::uint32_t> separators_;
  std::size_t separator_count_ = 0;
  std::size_t next_separator_ = 0;
  std::vector<std::string_view> fields_;
  std::deque<std::string> unquoted_;  // text of quoted fields; a deque, as fields_ points into it
  std::uint64_t number_ = 0;
};

// What is wrong with a row in this state; REQUIRES: neither kRow nor kEnd.
std::string_view Describe(CsvRows::RowState state);

}  // namespace trimtab
