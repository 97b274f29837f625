// Floats in vectors of at most sixteen, the two arithmetics and exp(): what every network's kernels
// share. Compiled once for each instruction set by Highway, hence the toggled include guard.
// Kernels in a namespace of their own name what they take with using-declarations.
#if defined(TRIMTAB_NEURAL_FLOAT_LANES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TRIMTAB_NEURAL_FLOAT_LANES_INL_H_
#undef TRIMTAB_NEURAL_FLOAT_LANES_INL_H_
#else
#define TRIMTAB_NEURAL_FLOAT_LANES_INL_H_
#endif

#include <cstddef>
#include <numbers>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace trimtab::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::CappedTag<float, 16>;
using Vector = hn::Vec<Tag>;
inline constexpr std::size_t kLanes = hn::MaxLanes(Tag());

// The two arithmetics of SimdLevel: x * y + z, rounded once or twice.
struct Fused {
  static HWY_INLINE Vector MulAdd(Vector x, Vector y, Vector z) { return hn::MulAdd(x, y, z); }
};
struct Unfused {
  static HWY_INLINE Vector MulAdd(Vector x, Vector y, Vector z) {
    return hn::Add(hn::Mul(x, y), z);
  }
};

// exp(x) for |x| <= 80; relative error 3e-7 near 0, 2e-6 at |x| = 40, 5e-6 at the ends.
template <class Arithmetic>
HWY_INLINE Vector Exp(Vector x) {
  const Tag d;
  const Vector power = hn::Mul(x, hn::Set(d, std::numbers::log2e_v<float>));
  // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits.
  const Vector magic = hn::Set(d, 12582912.0f);
  const Vector shifted = hn::Add(power, magic);
  const Vector f = hn::Sub(power, hn::Sub(shifted, magic));
  // 2^f on [-0.5, 0.5]: the Taylor series, its last term below 2e-8.
  Vector sum = hn::Set(d, 1.5403530e-4f);
  sum = Arithmetic::MulAdd(sum, f, hn::Set(d, 1.3333558e-3f));
  sum = Arithmetic::MulAdd(sum, f, hn::Set(d, 9.6181291e-3f));
  sum = Arithmetic::MulAdd(sum, f, hn::Set(d, 5.5504109e-2f));
  sum = Arithmetic::MulAdd(sum, f, hn::Set(d, 2.4022651e-1f));
  sum = Arithmetic::MulAdd(sum, f, hn::Set(d, std::numbers::ln2_v<float>));
  sum = Arithmetic::MulAdd(sum, f, hn::Set(d, 1.0f));
  const hn::RebindToSigned<Tag> di;
  const auto exponent = hn::ShiftLeft<23>(hn::BitCast(di, shifted));
  return hn::BitCast(d, hn::Add(hn::BitCast(di, sum), exponent));
}

}  // namespace trimtab::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
