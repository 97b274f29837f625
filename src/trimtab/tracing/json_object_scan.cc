#include "trimtab/tracing/json_object_scan.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace trimtab {
namespace {

// Bit i of the result is the parity of bits 0 to i: inside a string between its quotes.
std::uint64_t PrefixParity(std::uint64_t bits) {
  for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

}  // namespace

std::uint64_t JsonObjectScan::Escaped(std::uint64_t backslashes) {
  std::uint64_t escaped = is_escaped_ ? 1 : 0;
  is_escaped_ = false;
  // Each backslash that is not escaped itself escapes the byte behind it.
  for (std::uint64_t left = backslashes; left != 0; left &= left - 1) {
    const int at = std::countr_zero(left);
    if ((escaped >> at & 1) != 0) continue;
    if (at == 63) {
      is_escaped_ = true;
    } else {
      escaped |= std::uint64_t{2} << at;
    }
  }
  return escaped;
}

std::optional<std::size_t> JsonObjectScan::FeedBlock(const JsonBytes& block) {
  std::uint64_t quotes = block.quotes;
  if (block.backslashes != 0 || is_escaped_) quotes &= ~Escaped(block.backslashes);
  const std::uint64_t in_string = PrefixParity(quotes) ^ in_string_;
  in_string_ = (in_string >> 63) != 0 ? ~std::uint64_t{0} : 0;
  const std::uint64_t opening = block.opening & ~in_string;
  const std::uint64_t closing = block.closing & ~in_string;
  const auto closed = static_cast<std::uint64_t>(std::popcount(closing));
  if (depth_ > closed) {
    depth_ += static_cast<std::uint64_t>(std::popcount(opening)) - closed;
    return std::nullopt;
  }
  for (std::uint64_t braces = opening | closing; braces != 0; braces &= braces - 1) {
    const int at = std::countr_zero(braces);
    if ((opening >> at & 1) != 0) {
      ++depth_;
    } else if (--depth_ == 0) {
      return static_cast<std::size_t>(at) + 1;
    }
  }
  return std::nullopt;
}

std::optional<std::size_t> JsonObjectScan::Feed(const char* text, std::size_t size) {
  std::array<JsonBytes, 64> blocks;
  std::size_t done = 0;
  while (size - done >= 64) {
    const std::size_t count = std::min(blocks.size(), (size - done) / 64);
    ClassifyJson(text + done, count, blocks.data());
    for (std::size_t block = 0; block < count; ++block, done += 64) {
      if (const auto end = FeedBlock(blocks[block])) return done + *end;
    }
  }
  if (done == size) return std::nullopt;
  // The rest, byte by byte: a padded block would carry its padding into the next piece.
  for (; done < size; ++done) {
    const char c = text[done];
    if (is_escaped_) {
      is_escaped_ = false;
    } else if (c == '\\') {
      is_escaped_ = true;
    } else if (c == '"') {
      in_string_ = ~in_string_;
    } else if (in_string_ == 0 && c == '{') {
      ++depth_;
    } else if (in_string_ == 0 && c == '}' && --depth_ == 0) {
      return done + 1;
    }
  }
  return std::nullopt;
}

}  // namespace trimtab
