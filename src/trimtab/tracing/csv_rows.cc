#include "trimtab/tracing/csv_rows.h"

#include <algorithm>
#include <cstring>

#include "trimtab/tracing/byte_scan.h"

namespace trimtab {
namespace {

// What Describe() says of a row that is too long.
static_assert(CsvRows::kLongestRow == 262144);

constexpr std::size_t kBlock = std::size_t{256} << 10;

}  // namespace

std::string_view Describe(CsvRows::RowState state) {
  switch (state) {
    case CsvRows::RowState::kTooLong:
      return "a row longer than 262144 bytes";
    case CsvRows::RowState::kUnclosed:
      return "a quote that is never closed";
    case CsvRows::RowState::kAfterQuote:
      return "text after a closing quote";
    case CsvRows::RowState::kRow:
    case CsvRows::RowState::kEnd:
      break;
  }
  return "nothing";
}

CsvRows::CsvRows(InputFile& input)
    : input_(&input), buffer_(CsvRows::kLongestRow + kBlock), separators_(buffer_.size() + 1) {}

absl::StatusOr<bool> CsvRows::Refill() {
  if (is_at_end_) return false;
  std::memmove(buffer_.data(), buffer_.data() + row_begin_, size_ - row_begin_);
  size_ -= row_begin_;
  row_begin_ = 0;
  // One byte stays free for the line end that the last line may lack.
  const std::size_t wanted = std::min(kBlock, buffer_.size() - 1 - size_);
  for (std::size_t done = 0; done < wanted && !is_at_end_;) {
    const absl::StatusOr<std::size_t> got = input_->Read(buffer_.data() + size_, wanted - done);
    if (!got.ok()) return got.status();
    done += *got;
    size_ += *got;
    is_at_end_ = *got == 0;
  }
  if (size_ == 0) return false;
  if (is_at_end_ && buffer_[size_ - 1] != '\n') buffer_[size_++] = '\n';
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (number_ == 0 && std::string_view(buffer_.data(), size_).starts_with(kByteOrderMark)) {
    row_begin_ = kByteOrderMark.size();
  }
  scan_begin_ = row_begin_;
  separator_count_ =
      FindSeparators(buffer_.data() + scan_begin_, size_ - scan_begin_, separators_.data());
  next_separator_ = 0;
  return true;
}

void CsvRows::AddLastField(const char* begin, const char* end) {
  if (end != begin && end[-1] == '\r') --end;
  fields_.emplace_back(begin, static_cast<std::size_t>(end - begin));
}

CsvRows::Row CsvRows::Finish(RowState state) {
  return {.state = state, .number = ++number_, .fields = fields_};
}

absl::StatusOr<CsvRows::Row> CsvRows::Next() {
  for (;;) {
    fields_.clear();
    const char* const scanned = buffer_.data() + scan_begin_;
    const char* field = buffer_.data() + row_begin_;
    const std::size_t first_separator = next_separator_;
    while (next_separator_ < separator_count_) {
      const char* const at = scanned + separators_[next_separator_];
      if (*at == '"') return NextQuoted();
      ++next_separator_;
      if (*at == '\n') {
        AddLastField(field, at);
        row_begin_ = static_cast<std::size_t>(at + 1 - buffer_.data());
        return Finish(RowState::kRow);
      }
      fields_.emplace_back(field, static_cast<std::size_t>(at - field));
      field = at + 1;
    }
    next_separator_ = first_separator;
    if (size_ - row_begin_ >= kLongestRow) return SkipLine(RowState::kTooLong);
    const absl::StatusOr<bool> more = Refill();
    if (!more.ok()) return more.status();
    if (!*more) return Row{.state = RowState::kEnd, .number = number_, .fields = {}};
  }
}

CsvRows::Parsed CsvRows::ParseQuoted() {
  fields_.clear();
  unquoted_.clear();
  const char* at = buffer_.data() + row_begin_;
  const char* const end = buffer_.data() + size_;
  for (;;) {
    if (at != end && *at == '"') {
      std::string& text = unquoted_.emplace_back();
      for (++at;; ++at) {
        if (at == end) return Parsed::kNeedsMore;
        if (*at == '"') {
          if (at + 1 == end) return Parsed::kNeedsMore;
          if (at[1] != '"') break;
          ++at;
        }
        text += *at;
      }
      ++at;
      fields_.emplace_back(text);
      if (*at == '\r' && at + 1 != end && at[1] == '\n') ++at;
      if (*at != ',' && *at != '\n') return Parsed::kAfterQuote;
    } else {
      // A quote inside a field that does not begin with one stands for itself.
      const char* const field = at;
      while (at != end && *at != ',' && *at != '\n') ++at;
      if (at == end) return Parsed::kNeedsMore;
      if (*at == '\n') {
        AddLastField(field, at);
      } else {
        fields_.emplace_back(field, static_cast<std::size_t>(at - field));
      }
    }
    if (*at++ == '\n') break;
  }
  row_begin_ = static_cast<std::size_t>(at - buffer_.data());
  while (next_separator_ < separator_count_ &&
         scan_begin_ + separators_[next_separator_] < row_begin_) {
    ++next_separator_;
  }
  return Parsed::kRow;
}

absl::StatusOr<CsvRows::Row> CsvRows::NextQuoted() {
  for (;;) {
    switch (ParseQuoted()) {
      case Parsed::kRow:
        return Finish(RowState::kRow);
      case Parsed::kAfterQuote:
        return SkipLine(RowState::kAfterQuote);
      case Parsed::kNeedsMore:
        break;
    }
    if (is_at_end_ || size_ - row_begin_ >= kLongestRow) return SkipLine(RowState::kUnclosed);
    const absl::StatusOr<bool> more = Refill();
    if (!more.ok()) return more.status();
  }
}

absl::StatusOr<CsvRows::Row> CsvRows::SkipLine(RowState state) {
  fields_.clear();
  for (;;) {
    const char* const row = buffer_.data() + row_begin_;
    const void* const line_end = std::memchr(row, '\n', size_ - row_begin_);
    if (line_end != nullptr) {
      row_begin_ =
          static_cast<std::size_t>(static_cast<const char*>(line_end) + 1 - buffer_.data());
      while (next_separator_ < separator_count_ &&
             scan_begin_ + separators_[next_separator_] < row_begin_) {
        ++next_separator_;
      }
      return Finish(state);
    }
    row_begin_ = size_;
    const absl::StatusOr<bool> more = Refill();
    if (!more.ok()) return more.status();
    if (!*more) return Finish(state);
  }
}

}  // namespace trimtab
