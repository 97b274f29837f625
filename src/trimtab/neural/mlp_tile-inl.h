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

#include <cstddef>

#include "hwy/highway.h"
#include "trimtab/neural/float_lanes-inl.h"
#include "trimtab/neural/mlp_shape.h"

HWY_BEFORE_NAMESPACE();
namespace trimtab::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// A tile keeps kTileRows x kTileVectors accumulators in registers: 16 of 32 or 8 of 16.
inline constexpr std::size_t kTileRows = kLanes == 16 ? 8 : 4;
inline constexpr std::size_t kTileVectors = 2;
inline constexpr std::size_t kTileWidth = kTileVectors * kLanes;

// sums[r][c] += sum over k of a[r * row_stride + k * step] * b[k * width + c * kLanes].
template <class Arithmetic, std::size_t kRows>
HWY_INLINE void Accumulate(const float* HWY_RESTRICT a, std::size_t row_stride, std::size_t step,
                           const float* HWY_RESTRICT b, std::size_t width, std::size_t count,
                           Vector (&sums)[kRows][kTileVectors]) {
  const Tag d;
  for (std::size_t k = 0; k < count; ++k) {
    const Vector b0 = hn::Load(d, b + k * width);
    const Vector b1 = hn::Load(d, b + k * width + kLanes);
    for (std::size_t r = 0; r < kRows; ++r) {
      const Vector x = hn::Set(d, a[r * row_stride + k * step]);
      sums[r][0] = Arithmetic::MulAdd(x, b0, sums[r][0]);
      sums[r][1] = Arithmetic::MulAdd(x, b1, sums[r][1]);
    }
  }
}

// The activation and its derivative, see mlp_shape.h.
template <class Arithmetic>
HWY_INLINE void Squareplus(Vector z, Vector& value, Vector& slope) {
  const Tag d;
  const Vector half = hn::Set(d, 0.5f);
  const Vector root = hn::Sqrt(Arithmetic::MulAdd(z, z, hn::Set(d, kSquareplusKnee)));
  value = hn::Mul(half, hn::Add(z, hn::Sub(root, hn::Set(d, kSquareplusKneeRoot))));
  slope = Arithmetic::MulAdd(half, hn::Div(z, root), half);
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

}  // namespace trimtab::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // TRIMTAB_NEURAL_MLP_TILE_INL_H_
