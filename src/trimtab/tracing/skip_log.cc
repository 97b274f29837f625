#include "trimtab/tracing/skip_log.h"

#include <fmt/format.h>

namespace trimtab {
namespace {

constexpr std::size_t kLongestValue = 60;

// A value as it may be printed: short, and without control characters that a terminal would obey.
std::string Printable(std::string_view value) {
  const bool is_long = value.size() > kLongestValue;
  std::string text(value.substr(0, kLongestValue));
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return is_long ? text + "..." : text;
}

}  // namespace

void SkipLog::Add(std::string_view file, std::uint64_t row, std::string_view reason,
                  std::string_view value, std::uint64_t count) {
  if (count == 0) return;
  total_ += count;
  const auto entry = by_reason_.find(reason);
  if (entry != by_reason_.end()) {
    entry->second += count;
  } else {
    by_reason_.emplace(reason, count);
  }
  if (examples_.size() >= examples_kept_) return;
  examples_.push_back({.file = std::string(file),
                       .row = row,
                       .reason = value.empty()
                                     ? std::string(reason)
                                     : fmt::format("{}: '{}'", reason, Printable(value))});
}

}  // namespace trimtab
