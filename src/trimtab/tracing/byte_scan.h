// Finds the few bytes that a parser must look at, many at a time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace trimtab {

// Writes the positions of all commas, line ends and double quotes of `text` to `positions`, which
// has room for `size` of them; returns how many. REQUIRES: size < 2^32.
//
// Uses the widest vectors of the machine, chosen at run time; the result does not depend on them.
// Cost: about 0.15 ns a byte with AVX2, 0.5 ns a position.
std::size_t FindSeparators(const char* text, std::size_t size, std::uint32_t* positions);

// What a JSON text of 64 bytes looks like: one bit a byte, the first byte in the lowest bit.
struct JsonBytes {
  std::uint64_t quotes = 0;
  std::uint64_t backslashes = 0;
  std::uint64_t opening = 0;  // {
  std::uint64_t closing = 0;  // }
};

// REQUIRES: 64 readable bytes at `text`; `count` blocks of 64 in all, as many results.
void ClassifyJson(const char* text, std::size_t count, JsonBytes* result);

}  // namespace trimtab
