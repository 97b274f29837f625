// The element-wise parts of an LSTM and of its optimiser, on vectors.
#pragma once

#include <cstddef>

#include "trimtab/neural/simd_level.h"

namespace trimtab {

// One step of a layer of LSTM cells (Hochreiter & Schmidhuber 1997, with a forget gate):
//   i, f, o = sigmoid(z_i), sigmoid(z_f), sigmoid(z_o);  g = tanh(z_g)
//   cell = f * cell_before + i * g;  hidden = o * tanh(cell)
// Gates lie side by side in a row: i, f, g, o, each `width` floats.
struct LstmStep {
  std::size_t rows = 0;
  std::size_t width = 0;
  float* gates = nullptr;              // [rows][4 width]
  const float* cell_before = nullptr;  // [rows][width], or null for zeros
  float* cell = nullptr;               // [rows][width]
  float* squashed = nullptr;           // [rows][width], tanh(cell)
  float* hidden = nullptr;             // [rows][width]
};

// In: gates before their activation. Out: after it, and the other three.
void ForwardLstm(const LstmStep& step, SimdLevel level);

// In: gates after their activation, and what ForwardLstm left; the loss's slopes by `hidden`, and
// by `cell` through the next step. Out: gates hold the slopes before the activation, cell_slopes
// those by cell_before. `hidden` is not read.
void BackwardLstm(const LstmStep& step, const float* hidden_slopes, float* cell_slopes,
                  SimdLevel level);

// values[i] = tanh(values[i]). REQUIRES: a multiple of 16 of them.
void TanhInPlace(std::size_t count, float* values, SimdLevel level);

// One step of Adam (Kingma & Ba 2015, algorithm 1), the bias corrections folded into its factors,
// with decoupled weight decay.
struct AdamFactors {
  float first_decay = 0.9f;
  float second_decay = 0.999f;
  float rate = 0;            // learning rate / (1 - first_decay^t)
  float second_scale = 1;    // 1 / (1 - second_decay^t)
  float gradient_scale = 1;  // what the gradient is multiplied by first
  float shrink = 1;          // what the weights are multiplied by
};
// REQUIRES: `count` a multiple of 16, all arrays on 64-byte boundaries.
void AdamUpdate(std::size_t count, const float* gradient, const AdamFactors& factors,
                float* weights, float* first, float* second, SimdLevel level);

}  // namespace trimtab
