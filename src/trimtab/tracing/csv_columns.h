// Columns by name, and the numbers in their fields.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace trimtab {

// The header of a CSV file. Names are compared without regard to case and surrounding spaces.
class CsvHeader {
 public:
  explicit CsvHeader(std::span<const std::string_view> fields);

  // The column that bears one of `names`, the first name first; nothing when there is none.
  std::optional<std::size_t> Find(std::initializer_list<std::string_view> names) const;
  std::size_t size() const { return names_.size(); }
  // The names as they were read, for messages.
  std::string ToString() const;

 private:
  std::vector<std::string> names_;
};

// A time as a whole number of nanoseconds, from `text` in a unit of `nanoseconds_per_unit`.
// Nothing when the text is no finite number or the result leaves the range of int64. Digits alone
// are read exactly; a number with a fraction or an exponent is rounded to the nanosecond.
std::optional<std::int64_t> ParseNanoseconds(std::string_view text,
                                             std::int64_t nanoseconds_per_unit);

}  // namespace trimtab
