#include "trimtab/tracing/byte_scan.h"

#include <bit>
#include <cstring>

// Highway compiles this file once for each instruction set; the machinery is its own.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "trimtab/tracing/byte_scan.cc"
#include <hwy/foreach_target.h>
// The order matters: foreach_target.h must come first.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace trimtab::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR
constexpr std::size_t kLanes = 1;
#else
constexpr std::size_t kLanes = HWY_MAX_BYTES < 64 ? HWY_MAX_BYTES : 64;
#endif
using Vectors = hn::FixedTag<std::uint8_t, kLanes>;

// The bits of a block of 64 bytes for which `matches` holds.
template <class Matches>
HWY_INLINE std::uint64_t BlockBits(const std::uint8_t* block, const Matches& matches) {
  const Vectors d;
  std::uint64_t bits = 0;
  for (std::size_t at = 0; at < 64; at += kLanes) {
    std::uint8_t mask[8] = {};
    hn::StoreMaskBits(d, matches(hn::LoadU(d, block + at)), mask);
    std::uint64_t part = 0;
    std::memcpy(&part, mask, sizeof(part));
    if constexpr (kLanes < 8) part &= (std::uint64_t{1} << kLanes) - 1;
    bits |= part << at;
  }
  return bits;
}

std::size_t FindSeparators(const char* text, std::size_t size, std::uint32_t* positions) {
  const Vectors d;
  const auto comma = hn::Set(d, ',');
  const auto line_end = hn::Set(d, '\n');
  const auto quote = hn::Set(d, '"');
  std::uint32_t* out = positions;
  std::size_t at = 0;
  for (; at + 64 <= size; at += 64) {
    std::uint64_t bits = BlockBits(reinterpret_cast<const std::uint8_t*>(text) + at, [&](auto v) {
      return hn::Or(hn::Or(hn::Eq(v, comma), hn::Eq(v, line_end)), hn::Eq(v, quote));
    });
    for (; bits != 0; bits &= bits - 1) {
      *out++ = static_cast<std::uint32_t>(at) + static_cast<std::uint32_t>(std::countr_zero(bits));
    }
  }
  for (; at < size; ++at) {
    if (text[at] == ',' || text[at] == '\n' || text[at] == '"') {
      *out++ = static_cast<std::uint32_t>(at);
    }
  }
  return static_cast<std::size_t>(out - positions);
}

void ClassifyJson(const char* text, std::size_t count, JsonBytes* result) {
  const Vectors d;
  const auto quote = hn::Set(d, '"');
  const auto backslash = hn::Set(d, '\\');
  const auto opening = hn::Set(d, '{');
  const auto closing = hn::Set(d, '}');
  for (std::size_t i = 0; i < count; ++i) {
    const auto* block = reinterpret_cast<const std::uint8_t*>(text) + 64 * i;
    const auto equal_to = [block](auto wanted) {
      return BlockBits(block, [wanted](auto v) { return hn::Eq(v, wanted); });
    };
    result[i] = {.quotes = equal_to(quote),
                 .backslashes = equal_to(backslash),
                 .opening = equal_to(opening),
                 .closing = equal_to(closing)};
  }
}

}  // namespace trimtab::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trimtab {

HWY_EXPORT(FindSeparators);
HWY_EXPORT(ClassifyJson);

std::size_t FindSeparators(const char* text, std::size_t size, std::uint32_t* positions) {
  return HWY_DYNAMIC_DISPATCH(FindSeparators)(text, size, positions);
}

void ClassifyJson(const char* text, std::size_t count, JsonBytes* result) {
  HWY_DYNAMIC_DISPATCH(ClassifyJson)(text, count, result);
}

}  // namespace trimtab
#endif
