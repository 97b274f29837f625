#include "trimtab/tracing/text_hash.h"

#include <cstring>

namespace trimtab {
namespace {

// Odd constants with about half of their bits set: the fractional parts of the square roots of
// 2, 3, 5 and 7.
constexpr std::uint64_t kSeed[4] = {0x6a09e667f3bcc909, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
                                    0xa54ff53a5f1d36f1};

template <class Word>
std::uint64_t Load(const char* from) {
  Word word;
  std::memcpy(&word, from, sizeof(word));
  return word;
}

// The first and the last bytes of a text of at most 16, overlapping in the middle, as two words.
struct TwoWords {
  std::uint64_t first;
  std::uint64_t last;
};
TwoWords ShortText(const char* text, std::size_t size) {
  if (size >= 8) return {Load<std::uint64_t>(text), Load<std::uint64_t>(text + size - 8)};
  if (size >= 4) return {Load<std::uint32_t>(text), Load<std::uint32_t>(text + size - 4)};
  if (size == 0) return {0, 0};
  const auto byte = [text](std::size_t at) {
    return static_cast<std::uint64_t>(static_cast<unsigned char>(text[at]));
  };
  return {byte(0) << 8 | byte(size / 2), byte(size - 1)};
}

}  // namespace

std::uint64_t HashText(std::string_view text) {
  const char* at = text.data();
  std::size_t left = text.size();
  std::uint64_t state = kSeed[0] ^ text.size();
  for (; left > 16; at += 16, left -= 16) {
    state = MixWords(Load<std::uint64_t>(at) ^ kSeed[1], Load<std::uint64_t>(at + 8) ^ state);
  }
  const TwoWords rest = ShortText(at, left);
  return MixWords(MixWords(rest.first ^ kSeed[2], rest.last ^ state), kSeed[3] ^ text.size());
}

TraceId HashTraceId(std::string_view text) {
  const std::uint64_t high = HashText(text);
  if (text.size() <= 16) {
    const TwoWords words = ShortText(text.data(), text.size());
    return {high, MixWords(words.first ^ kSeed[3], words.last ^ kSeed[1] ^ text.size())};
  }
  // The second half depends on another grouping of the bytes: without the first eight, then them.
  return {high, MixWords(HashText(text.substr(8)) ^ kSeed[3],
                         Load<std::uint64_t>(text.data()) ^ kSeed[1])};
}

std::uint64_t HashSpanId(std::string_view text) {
  const std::uint64_t hash = HashText(text);
  return hash == 0 ? 1 : hash;
}

}  // namespace trimtab
