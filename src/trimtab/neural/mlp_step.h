// One fused optimiser step of the dense network: forward, backward and Adam on one mini-batch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "trimtab/neural/aligned_floats.h"
#include "trimtab/neural/mlp_shape.h"
#include "trimtab/neural/simd_level.h"

namespace trimtab {

// A mini-batch. `rows` is a multiple of 8; rows that only fill it up have weight 0.
struct MlpBatch {
  const float* inputs = nullptr;   // [rows][padded_inputs], padding zero
  const float* targets = nullptr;  // [rows]
  const float* weights = nullptr;  // [rows], what a row's gradient is multiplied by
  std::size_t rows = 0;
};

// Adam (Kingma & Ba 2015, algorithm 1), the bias corrections folded into its factors.
struct AdamStep {
  float first_decay = 0.9f;
  float second_decay = 0.999f;
  float rate = 0;          // learning rate / (1 - first_decay^t)
  float second_scale = 1;  // 1 / (1 - second_decay^t)
  float epsilon = 1e-8f;
};

// The memory of one training run; allocates at construction only. One thread at a time.
class MlpTrainingState {
 public:
  // Steps keep the network monotone along `monotone_inputs`, if its weights are at the start.
  // REQUIRES: a valid shape and valid inputs; max_rows a multiple of 8.
  MlpTrainingState(const MlpShape& shape, std::size_t max_rows,
                   std::span<const MonotoneInput> monotone_inputs);

  const MlpShape& shape() const { return shape_; }
  float* weights() { return weights_.data(); }
  const float* weights() const { return weights_.data(); }
  // To be called after `weights` was written from outside: copies what the backward pass reads
  // transposed.
  void WeightsChanged();

 private:
  friend struct MlpStepAccess;

  MlpShape shape_;
  std::size_t max_rows_;
  AlignedFloats weights_;
  AlignedFloats first_moment_;
  AlignedFloats second_moment_;
  AlignedFloats transposed_;   // [hidden_layers - 1][padded_hidden][padded_hidden]
  AlignedFloats activations_;  // [hidden_layers][max_rows][padded_hidden]
  AlignedFloats slopes_;       // as activations_
  AlignedFloats deltas_;       // [2][max_rows][padded_hidden]
  AlignedFloats residuals_;    // [max_rows]
  AlignedFloats ones_;         // [max_rows]
  // [direction + 1][low, high][padded_hidden]: the bounds of the weights out of a row.
  AlignedFloats bounds_;
  std::vector<std::int8_t> input_directions_;  // [padded_inputs], 0 for a free input
  std::vector<std::int8_t> unit_directions_;   // [padded_hidden], all 0 without constraint
};

// Lowers the weighted Huber loss of the network on `batch` by one Adam step. `huber` is the
// residual, in units of the target, from which the loss is linear. Gradients stay in registers.
// Allocates nothing. Cost: 32 rows of 7-32-32-32-1 take about 3 us with AVX-512.
// REQUIRES: batch.rows <= the state's max_rows.
void TrainMlpStep(MlpTrainingState& state, const MlpBatch& batch, float huber, const AdamStep& adam,
                  SimdLevel level);

}  // namespace trimtab
