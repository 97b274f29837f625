// Register tiles for every instruction set.
#include "trimtab/graphdynamics/matrix_product.h"

#include <algorithm>
#include <cstddef>

#include "trimtab/neural/simd_level.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "trimtab/graphdynamics/matrix_product.cc"
#include "hwy/foreach_target.h"
// foreach_target.h comes first: it includes this file again for each instruction set.
#include "hwy/highway.h"
#include "trimtab/neural/float_lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace trimtab::matrix {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using trimtab::HWY_NAMESPACE::Fused;
using trimtab::HWY_NAMESPACE::kLanes;
using trimtab::HWY_NAMESPACE::Tag;
using trimtab::HWY_NAMESPACE::Unfused;
using trimtab::HWY_NAMESPACE::Vector;
// A tile keeps rows x vectors accumulators in registers: 16 of 32 or 8 of 16.
inline constexpr std::size_t kTileRows = kLanes == 16 ? 8 : 4;
inline constexpr std::size_t kTileVectors = 2;
// Columns come in blocks of 16 whatever the width of a vector.
inline constexpr std::size_t kBlock = 16;
// Below this many rows `b` is read where it lies.
inline constexpr std::size_t kFewRows = 16;
inline constexpr std::size_t kPanelDepth = 256;
inline constexpr std::size_t kPanelColumns = 32;

// kRows rows and kVectors vectors of columns, from (row, column) of the product.
template <class Arithmetic, std::size_t kRows, std::size_t kVectors>
HWY_INLINE void Tile(const MatrixProduct& p, std::size_t row, std::size_t column,
                     const float* HWY_RESTRICT b, std::size_t b_row) {
  const Tag d;
  Vector sums[kRows][kVectors];
  float* c = p.c + row * p.c_row + column;
  for (std::size_t r = 0; r < kRows; ++r) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      sums[r][v] = hn::Load(d, c + r * p.c_row + v * kLanes);
    }
  }
  const float* HWY_RESTRICT a = p.a + row * p.a_row;
  for (std::size_t k = 0; k < p.depth; ++k) {
    Vector from[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) from[v] = hn::Load(d, b + k * b_row + v * kLanes);
    for (std::size_t r = 0; r < kRows; ++r) {
      const Vector x = hn::Set(d, a[r * p.a_row + k * p.a_step]);
      for (std::size_t v = 0; v < kVectors; ++v) {
        sums[r][v] = Arithmetic::MulAdd(x, from[v], sums[r][v]);
      }
    }
  }
  for (std::size_t r = 0; r < kRows; ++r) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      hn::Store(sums[r][v], d, c + r * p.c_row + v * kLanes);
    }
  }
}

// kRows rows over columns [0, columns) of a block of b that starts at column `at` of c.
template <class Arithmetic, std::size_t kRows>
HWY_INLINE void RowsOver(const MatrixProduct& p, std::size_t row, std::size_t at,
                         std::size_t columns, const float* b, std::size_t b_row) {
  // One row needs many sums at a time to hide the latency of a multiply-add.
  constexpr std::size_t kWide = kRows == 1 ? 8 : kTileVectors;
  std::size_t n = 0;
  for (; n + kWide * kLanes <= columns; n += kWide * kLanes) {
    Tile<Arithmetic, kRows, kWide>(p, row, at + n, b + n, b_row);
  }
  for (; n + kTileVectors * kLanes <= columns; n += kTileVectors * kLanes) {
    Tile<Arithmetic, kRows, kTileVectors>(p, row, at + n, b + n, b_row);
  }
  for (; n < columns; n += kLanes) Tile<Arithmetic, kRows, 1>(p, row, at + n, b + n, b_row);
}

// All rows over one block of columns.
template <class Arithmetic>
HWY_INLINE void AllRows(const MatrixProduct& p, std::size_t at, std::size_t columns, const float* b,
                        std::size_t b_row) {
  std::size_t row = 0;
  for (; row + kTileRows <= p.rows; row += kTileRows) {
    RowsOver<Arithmetic, kTileRows>(p, row, at, columns, b, b_row);
  }
  for (; row + 4 <= p.rows; row += 4) RowsOver<Arithmetic, 4>(p, row, at, columns, b, b_row);
  for (; row < p.rows; ++row) RowsOver<Arithmetic, 1>(p, row, at, columns, b, b_row);
}

// Rows of b that are far apart fall into the same lines of the cache: with enough rows of a it pays
// to copy a panel of b into one piece first.
template <class Arithmetic>
HWY_INLINE void InPanels(const MatrixProduct& whole, float* HWY_RESTRICT scratch) {
  const Tag d;
  for (std::size_t from = 0; from < whole.depth; from += kPanelDepth) {
    MatrixProduct p = whole;
    p.depth = std::min(kPanelDepth, whole.depth - from);
    p.a = whole.a + from * whole.a_step;
    for (std::size_t n = 0; n < p.columns; n += kPanelColumns) {
      const std::size_t columns = std::min(kPanelColumns, p.columns - n);
      const float* b = whole.b + from * whole.b_row + n;
      for (std::size_t k = 0; k < p.depth; ++k) {
        for (std::size_t j = 0; j < columns; j += kLanes) {
          hn::Store(hn::Load(d, b + k * whole.b_row + j), d, scratch + k * columns + j);
        }
      }
      AllRows<Arithmetic>(p, n, columns, scratch, columns);
    }
  }
}

template <class Arithmetic>
HWY_INLINE void Multiply(const MatrixProduct& p, float* scratch) {
  if (p.rows >= kFewRows) return InPanels<Arithmetic>(p, scratch);
  AllRows<Arithmetic>(p, 0, p.columns, p.b, p.b_row);
}

void AddMatrixProductFor(const MatrixProduct& product, float* scratch, SimdLevel level) {
  static_assert(kBlock % kLanes == 0);
  static_assert(kPanelDepth * kPanelColumns <= kMatrixScratch);
  level == SimdLevel::kNative ? Multiply<Fused>(product, scratch)
                              : Multiply<Unfused>(product, scratch);
}

}  // namespace HWY_NAMESPACE
}  // namespace trimtab::matrix
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trimtab {
namespace matrix {

HWY_EXPORT(AddMatrixProductFor);

}  // namespace matrix

void AddMatrixProduct(const MatrixProduct& product, float* scratch, SimdLevel level) {
  HWY_DYNAMIC_DISPATCH(matrix::AddMatrixProductFor)(product, scratch, level);
}

}  // namespace trimtab
#endif  // HWY_ONCE
