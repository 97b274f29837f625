#include "trimtab/tracing/csv_columns.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <cmath>
#include <system_error>

namespace trimtab {
namespace {

std::string Normalized(std::string_view name) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!name.empty() && is_space(name.front())) name.remove_prefix(1);
  while (!name.empty() && is_space(name.back())) name.remove_suffix(1);
  std::string lower(name);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace

CsvHeader::CsvHeader(std::span<const std::string_view> fields) {
  for (const std::string_view field : fields) names_.push_back(Normalized(field));
}

std::optional<std::size_t> CsvHeader::Find(std::initializer_list<std::string_view> names) const {
  for (const std::string_view name : names) {
    for (std::size_t column = 0; column < names_.size(); ++column) {
      if (names_[column] == name) return column;
    }
  }
  return std::nullopt;
}

std::string CsvHeader::ToString() const {
  constexpr std::size_t kLongest = 200;
  std::string text = fmt::format("{}", fmt::join(names_, ","));
  if (text.size() > kLongest) text = text.substr(0, kLongest) + "...";
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return text;
}

std::optional<std::int64_t> ParseNanoseconds(std::string_view text,
                                             std::int64_t nanoseconds_per_unit) {
  const char* const end = text.data() + text.size();
  std::int64_t result = 0;
  // Eighteen digits fit without a check.
  if (!text.empty() && text.size() <= 18) {
    std::int64_t value = 0;
    const char* at = text.data();
    for (; at != end; ++at) {
      const auto digit = static_cast<unsigned>(static_cast<unsigned char>(*at)) - '0';
      if (digit > 9) break;
      value = value * 10 + static_cast<std::int64_t>(digit);
    }
    if (at == end) {
      if (__builtin_mul_overflow(value, nanoseconds_per_unit, &result)) return std::nullopt;
      return result;
    }
  }
  std::int64_t whole = 0;
  if (const auto [stop, error] = std::from_chars(text.data(), end, whole);
      error == std::errc() && stop == end) {
    if (__builtin_mul_overflow(whole, nanoseconds_per_unit, &result)) return std::nullopt;
    return result;
  }
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  const double nanoseconds = std::round(value * static_cast<double>(nanoseconds_per_unit));
  constexpr double kLimit = 9.2e18;
  if (!(std::abs(nanoseconds) < kLimit)) return std::nullopt;
  return static_cast<std::int64_t>(nanoseconds);
}

}  // namespace trimtab
