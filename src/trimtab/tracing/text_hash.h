// Ids and names as hashes: spans carry numbers, never text.
#pragma once

#include <cstdint>
#include <string_view>

#include "trimtab/tracing/span.h"

namespace trimtab {

// Folds the 128-bit product of two words into one: the step of every hash of this room.
inline std::uint64_t MixWords(std::uint64_t a, std::uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// 64 bits of a text, the same in every run; 8 bytes a step. Meant for ids that are already random
// or small: no defence against texts made to collide.
std::uint64_t HashText(std::string_view text);

// A trace id from its text. Two texts of 2^32 different ones collide with a probability of 2^-65.
TraceId HashTraceId(std::string_view text);

// A span id from its text; never 0, which stands for "no parent".
std::uint64_t HashSpanId(std::string_view text);

}  // namespace trimtab
