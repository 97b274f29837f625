// Products of small dense matrices, the inner loop of training and predicting.
#pragma once

#include <cstddef>

#include "trimtab/neural/simd_level.h"

namespace trimtab {

// c[m][n] += sum over k of a[m * a_row + k * a_step] * b[k * b_row + n]. The step lets `a` be read
// transposed: a_row 1 and a_step the length of its row.
struct MatrixProduct {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::size_t depth = 0;
  const float* a = nullptr;
  std::size_t a_row = 0;
  std::size_t a_step = 1;
  const float* b = nullptr;
  std::size_t b_row = 0;
  float* c = nullptr;
  std::size_t c_row = 0;
};

// Floats that a product may need to lay its operand `b` out anew.
inline constexpr std::size_t kMatrixScratch = std::size_t{256} * 32;

// Every sum runs over k in sequence in a lane of its own, so that the result depends neither on the
// width of a vector nor on how many rows are computed together. Allocates nothing.
// REQUIRES: `columns` and the rows of b and c multiples of 16; b, c and scratch on 64-byte
// boundaries; scratch of kMatrixScratch floats, of one thread.
// Cost: 60 to 80 % of the machine's peak from 32 rows; bound by reading `b` at one row.
void AddMatrixProduct(const MatrixProduct& product, float* scratch, SimdLevel level);

}  // namespace trimtab
