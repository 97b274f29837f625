// Value and gradient of the share network on a few rows at a time.
#pragma once

#include <cstddef>

#include "trimtab/graphdynamics/share_network.h"
#include "trimtab/neural/aligned_floats.h"
#include "trimtab/neural/simd_level.h"

namespace trimtab {

// Windows side by side. Step-major, so that each step of all rows is one matrix.
struct ShareBatch {
  std::size_t rows = 0;
  const float* inputs = nullptr;   // [window][rows][inputs], standardised
  const float* shares = nullptr;   // [window][rows][graphs], as they are; read when copying
  const float* targets = nullptr;  // [rows][graphs]; read by Backward() alone
};

// The memory of one pass: forward, then backward on the same batch. Allocates at construction only.
// Thread-safety: one object, one thread. Weights are 64-byte aligned, laid out as
// ShareNetworkLayout(shape).
// Cost with 49 inputs, 36 classes and window 5: 1.14 M multiply-adds a row forward, 2.2 M backward.
class ShareNetworkPass {
 public:
  // REQUIRES: a shape within its bounds.
  ShareNetworkPass(const ShareNetworkShape& shape, std::size_t max_rows);

  const ShareNetworkLayout& layout() const { return layout_; }

  // Predicted shares: [rows][padded_graphs], valid until the next call.
  const float* Forward(const float* weights, const ShareBatch& batch, SimdLevel level);
  // Adds the gradient of the sum over rows of the cross-entropy -sum_g target_g log share_g to
  // `gradient` and returns that sum. REQUIRES: Forward() on the same arguments came last.
  double Backward(const float* transposed, const ShareBatch& batch, float* gradient,
                  SimdLevel level);

 private:
  // What one layer of cells keeps between forward and backward: [steps][rows] of each.
  struct Cells {
    Cells(std::size_t count, std::size_t width);
    std::size_t width;
    AlignedFloats gates;
    AlignedFloats cell;
    AlignedFloats squashed;
    AlignedFloats hidden;
    AlignedFloats hidden_slopes;
    AlignedFloats cell_slopes;
  };
  struct Input {
    const float* values;
    std::size_t row;
  };

  void Product(std::size_t rows, const Input& a, const float* b, std::size_t columns,
               std::size_t depth, std::size_t b_row, float* c, std::size_t c_row);
  // gradient += a^T slopes
  void WeightGradient(std::size_t rows, const Input& a, std::size_t depth, const float* slopes,
                      std::size_t columns, float* gradient);
  void EncodeLayer(Cells& layer, const float* weights, const WeightBlock& matrix,
                   const WeightBlock& bias, const Input& input, std::size_t depth);
  void EncodeLayerBackward(Cells& layer, const float* transposed, const WeightBlock& matrix,
                           const WeightBlock& bias, const Input& input, std::size_t depth,
                           float* gradient);
  void Decode(const float* weights, const ShareBatch& batch);
  void DecodeBackward(const float* transposed, const ShareBatch& batch, float* gradient);
  void Attend(const float* weights, const ShareBatch& batch);
  void AttendBackward(const float* transposed, const ShareBatch& batch, float* gradient);
  void Output(const float* weights);
  double OutputBackward(const float* transposed, const ShareBatch& batch, float* gradient);

  ShareNetworkShape shape_;
  ShareNetworkLayout layout_;
  SimdLevel level_ = SimdLevel::kPortable;
  std::size_t rows_ = 0;
  AlignedFloats scratch_;
  Cells first_;
  Cells second_;
  Cells decoder_;
  AlignedFloats start_;             // [rows][decoder], d_0
  AlignedFloats start_slopes_;      // [rows][decoder]
  AlignedFloats keys_;              // [steps][rows][decoder]
  AlignedFloats key_slopes_;        // [steps][rows][decoder]
  AlignedFloats attention_;         // [rows][steps]
  AlignedFloats attention_slopes_;  // [rows][steps]
  AlignedFloats joined_;            // [rows][decoder + encoder]: d and c
  AlignedFloats joined_slopes_;
  AlignedFloats base_;    // [rows][padded_graphs]: the shares copied
  AlignedFloats shares_;  // [rows][padded_graphs]
  AlignedFloats slopes_;  // [rows][padded_graphs], by the logits
};

}  // namespace trimtab
