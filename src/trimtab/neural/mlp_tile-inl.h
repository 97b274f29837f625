// Vector pieces that inference and training share. Compiled once for each instruction set by
// Highway, hence the toggled include guard.
//
// Every piece sums in an order that does not depend on the width of a vector: a sum over inputs or
// samples runs in sequence in its own lane, and a dot product folds sixteen virtual lanes.
#if defined(TRIMTAB_NEURAL_MLP_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TRIMTAB_NEURAL_MLP_TILE_INL_H_
#undef TRIMTAB_NEURAL_MLP_TILE_INL_H_
#else
#define TRIMTAB_NEURAL_MLP_TILE_INL_H_
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace trimtab {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::CappedTag<float, 16>;
using IntTag = hn::RebindToSigned<Tag>;
using Vector = hn::Vec<Tag>;
inline constexpr std::size_t kLanes = hn::MaxLanes(Tag());
// A tile keeps kTileRows x kTileVectors accumulators in registers: 16 of 32 or 8 of 16.
inline constexpr std::size_t kTileRows = kLanes == 16 ? 8 : 4;
inline constexpr std::size_t kTileVectors = 2;
// A tile's two vectors are sixteen columns apart whatever their width: their SiLUs share a
// division, so which column meets which must not depend on the machine.
inline constexpr std::size_t kPairDistance = 16;

// The tile to the right of the one at column j.
HWY_INLINE std::size_t NextTile(std::size_t j) {
  const std::size_t next = j + kLanes;
  return next % 32 == kPairDistance ? next + kPairDistance : next;
}

// The two arithmetics of SimdLevel: x * y + z.
struct Fused {
  static HWY_INLINE Vector MulAdd(Vector x, Vector y, Vector z) { return hn::MulAdd(x, y, z); }
};
struct Unfused {
  static HWY_INLINE Vector MulAdd(Vector x, Vector y, Vector z) {
    return hn::Add(hn::Mul(x, y), z);
  }
};

// sums[r][c] += sum over k of a[r * row_stride + k * step] * b[k * width + c * kPairDistance].
template <class Arithmetic, std::size_t kRows>
HWY_INLINE void Accumulate(const float* HWY_RESTRICT a, std::size_t row_stride, std::size_t step,
                           const float* HWY_RESTRICT b, std::size_t width, std::size_t count,
                           Vector (&sums)[kRows][kTileVectors]) {
  const Tag d;
  for (std::size_t k = 0; k < count; ++k) {
    const Vector b0 = hn::Load(d, b + k * width);
    const Vector b1 = hn::Load(d, b + k * width + kPairDistance);
    for (std::size_t r = 0; r < kRows; ++r) {
      const Vector x = hn::Set(d, a[r * row_stride + k * step]);
      sums[r][0] = Arithmetic::MulAdd(x, b0, sums[r][0]);
      sums[r][1] = Arithmetic::MulAdd(x, b1, sums[r][1]);
    }
  }
}

// exp(-z) for z clamped to [-40, 40]; relative error 2e-6 at the ends, 2e-7 near 0.
template <class Arithmetic>
HWY_INLINE Vector ExpOfNegative(Vector z) {
  const Tag d;
  const Vector clamped = hn::Min(hn::Max(z, hn::Set(d, -40.0f)), hn::Set(d, 40.0f));
  const Vector power = hn::Mul(clamped, hn::Set(d, -1.44269504f));
  // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits.
  const Vector magic = hn::Set(d, 12582912.0f);
  const Vector shifted = hn::Add(power, magic);
  const Vector f = hn::Sub(power, hn::Sub(shifted, magic));
  // 2^f on [-0.5, 0.5].
  Vector sum = hn::Set(d, 1.3390863e-3f);
  sum = Arithmetic::MulAdd(sum, f, hn::Set(d, 9.6760319e-3f));
  sum = Arithmetic::MulAdd(sum, f, hn::Set(d, 5.5503571e-2f));
  sum = Arithmetic::MulAdd(sum, f, hn::Set(d, 2.4022107e-1f));
  sum = Arithmetic::MulAdd(sum, f, hn::Set(d, 6.9314719e-1f));
  sum = Arithmetic::MulAdd(sum, f, hn::Set(d, 1.0f));
  const IntTag di;
  const auto exponent = hn::ShiftLeft<23>(hn::BitCast(di, shifted));
  return hn::BitCast(d, hn::Add(hn::BitCast(di, sum), exponent));
}

// SiLU of two vectors and its derivative: s = 1 / (1 + exp(-z)), value z s, slope s + z s (1 - s).
template <class Arithmetic>
HWY_INLINE void Silu(Vector z0, Vector z1, Vector (&value)[2], Vector (&slope)[2]) {
  const Tag d;
  const Vector one = hn::Set(d, 1.0f);
  const Vector d0 = hn::Add(one, ExpOfNegative<Arithmetic>(z0));
  const Vector d1 = hn::Add(one, ExpOfNegative<Arithmetic>(z1));
  // One division serves both: 1/d0 = d1 / (d0 d1). Division is correctly rounded everywhere,
  // a machine's reciprocal estimate is not.
  const Vector both = hn::Div(one, hn::Mul(d0, d1));
  const Vector s[2] = {hn::Mul(both, d1), hn::Mul(both, d0)};
  const Vector z[2] = {z0, z1};
  for (int i = 0; i < 2; ++i) {
    value[i] = hn::Mul(z[i], s[i]);
    slope[i] = Arithmetic::MulAdd(value[i], hn::Sub(one, s[i]), s[i]);
  }
}

// Dot products of kRows rows with `weights`, `width` a multiple of 32.
template <class Arithmetic, std::size_t kRows>
HWY_INLINE void DotRows(const float* HWY_RESTRICT rows, std::size_t row_stride,
                        const float* HWY_RESTRICT weights, std::size_t width,
                        float* HWY_RESTRICT out) {
  constexpr std::size_t kVectors = 16 / kLanes;
  const Tag d;
  for (std::size_t r = 0; r < kRows; ++r) {
    const float* row = rows + r * row_stride;
    Vector sums[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) sums[v] = hn::Zero(d);
    for (std::size_t j = 0; j < width; j += 16) {
      for (std::size_t v = 0; v < kVectors; ++v) {
        const std::size_t at = j + v * kLanes;
        sums[v] = Arithmetic::MulAdd(hn::Load(d, row + at), hn::Load(d, weights + at), sums[v]);
      }
    }
    alignas(64) float lanes[16];
    for (std::size_t v = 0; v < kVectors; ++v) hn::Store(sums[v], d, lanes + v * kLanes);
    for (std::size_t i = 0; i < 8; ++i) lanes[i] += lanes[i + 8];
    for (std::size_t i = 0; i < 4; ++i) lanes[i] += lanes[i + 4];
    out[r] = (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace trimtab
HWY_AFTER_NAMESPACE();

#endif  // TRIMTAB_NEURAL_MLP_TILE_INL_H_
