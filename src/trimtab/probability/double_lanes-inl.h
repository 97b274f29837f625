// Doubles in eight virtual lanes, whatever the width of a vector: a sum over them has the same bits
// on every instruction set. Compiled once for each by Highway, hence the toggled include guard.
#if defined(TRIMTAB_PROBABILITY_DOUBLE_LANES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TRIMTAB_PROBABILITY_DOUBLE_LANES_INL_H_
#undef TRIMTAB_PROBABILITY_DOUBLE_LANES_INL_H_
#else
#define TRIMTAB_PROBABILITY_DOUBLE_LANES_INL_H_
#endif

#include <cstddef>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace trimtab::lanes::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

inline constexpr std::size_t kLanes = 8;
using Tag = hn::CappedTag<double, kLanes>;
using Vector = hn::Vec<Tag>;
inline constexpr std::size_t kWidth = hn::MaxLanes(Tag());
inline constexpr std::size_t kParts = kLanes / kWidth;

HWY_INLINE double Fold(const Vector (&sums)[kParts]) {
  const Tag d;
  alignas(64) double lanes[kLanes];
  for (std::size_t p = 0; p < kParts; ++p) hn::Store(sums[p], d, lanes + p * kWidth);
  for (std::size_t width = kLanes / 2; width > 0; width /= 2) {
    for (std::size_t i = 0; i < width; ++i) lanes[i] += lanes[i + width];
  }
  return lanes[0];
}

}  // namespace trimtab::lanes::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
