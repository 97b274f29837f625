// Vector kernels of the end-to-end network's incremental form, for every instruction set.
#pragma once

#include <cstddef>

#include "trimtab/neural/simd_level.h"

namespace trimtab {

// One pair of numbers a token, each in an array of its own, 64-byte aligned and padded with zeros
// to a multiple of 16.
struct TokenPairs {
  const float* first;
  const float* second;
};

// What a row of attention sums up to: total = sum_j e_j, first = sum_j e_j v_j, likewise second,
// with e_j = exp(q . k_j), the logit cut at +-TailNetworkShape::kLogitBound.
struct AttentionSums {
  double total = 0;
  double first = 0;
  double second = 0;
};

// All kernels: thread-safe, allocate nothing, and give bytes that depend on `level` alone.
// The sums of one query over all keys. Cost: O(tokens).
AttentionSums SumAttention(std::size_t tokens, float query_first, float query_second,
                           const TokenPairs& keys, const TokenPairs& values, SimdLevel level);

// exponentials[i] = exp(q_i . k) for one key. Cost: O(tokens).
void ExponentiateKey(std::size_t tokens, const TokenPairs& queries, float key_first,
                     float key_second, float* exponentials, SimdLevel level);

// One row of the backward pass, for query i with softmax weight e_j * inverse_total:
//   slope_j = weight_j (dz_i . v_j - dz_i . a_i)         0 where the logit is cut
//   dq_i = sum_j slope_j k_j ; dk_j += slope_j q_i ; dv_j += weight_j dz_i
struct AttentionRow {
  float query_first;
  float query_second;
  float inverse_total;
  float dz_first;
  float dz_second;
  float dz_dot_a;
};
struct AttentionSlopes {
  float* key_first;
  float* key_second;
  float* value_first;
  float* value_second;
};
// Adds to `slopes` and writes dq_i. Cost: O(tokens).
void BackwardAttentionRow(std::size_t tokens, const AttentionRow& row, const TokenPairs& keys,
                          const TokenPairs& values, const AttentionSlopes& slopes, float* query,
                          SimdLevel level);

// The fully connected part: SiLU(bias + sum_i inputs_i weights_i) . output. `weights` is
// [count][width], width a multiple of 32. Writes the slope of each hidden unit times its output
// weight to `hidden_slopes` [width] unless it is null. Cost: O(count * width).
// REQUIRES: width <= 256.
float EvaluateDense(std::size_t count, std::size_t width, const float* inputs, const float* weights,
                    const float* bias, const float* output, float* hidden_slopes, SimdLevel level);

// by_inputs_i = weights_i . hidden_slopes. Cost: O(count * width).
void BackwardDense(std::size_t count, std::size_t width, const float* weights,
                   const float* hidden_slopes, float* by_inputs, SimdLevel level);

}  // namespace trimtab
