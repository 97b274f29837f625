#include "trimtab/graphdynamics/share_network.h"

#include <algorithm>
#include <cstddef>

namespace trimtab {
namespace {

std::size_t Padded(std::size_t columns) {
  constexpr std::size_t kBlock = ShareNetworkShape::kBlock;
  return (columns + kBlock - 1) / kBlock * kBlock;
}

void Transpose(const WeightBlock& block, const float* weights, float* transposed) {
  constexpr std::size_t kSide = 16;
  const float* from = weights + block.offset;
  float* to = transposed + block.transposed_offset;
  for (std::size_t i0 = 0; i0 < block.transposed_rows; i0 += kSide) {
    for (std::size_t j0 = 0; j0 < block.columns; j0 += kSide) {
      const std::size_t rows = std::min(i0 + kSide, block.transposed_rows);
      for (std::size_t j = j0; j < j0 + kSide; ++j) {
        for (std::size_t i = i0; i < rows; ++i) {
          to[j * block.transposed_rows + i] = from[i * block.columns + j];
        }
      }
    }
  }
}

}  // namespace

ShareNetworkLayout::ShareNetworkLayout(const ShareNetworkShape& shape) {
  const auto encoder = static_cast<std::size_t>(shape.encoder);
  const auto decoder_width = static_cast<std::size_t>(shape.decoder);
  const std::size_t inputs = shape.inputs();
  const auto take = [this](WeightBlock& block, std::size_t rows, std::size_t columns,
                           std::size_t transposed_rows) {
    block = {.offset = weights,
             .rows = rows,
             .columns = columns,
             .transposed_rows = transposed_rows,
             .transposed_offset = transposed};
    weights += rows * columns;
    transposed += transposed_rows * columns;
  };
  take(first, encoder + inputs, 4 * encoder, encoder);
  take(first_bias, 1, 4 * encoder, 0);
  take(second, 2 * encoder, 4 * encoder, 2 * encoder);
  take(second_bias, 1, 4 * encoder, 0);
  take(start, encoder, decoder_width, encoder);
  take(start_bias, 1, decoder_width, 0);
  take(decoder, decoder_width + inputs, 4 * decoder_width, decoder_width);
  take(decoder_bias, 1, 4 * decoder_width, 0);
  const std::size_t key_rows = shape.attention ? encoder : 0;
  take(keys, key_rows, decoder_width, key_rows);
  take(output, decoder_width + encoder, shape.padded_graphs(), decoder_width + encoder);
  take(output_bias, 1, shape.padded_graphs(), 0);
  take(recency, shape.attention && shape.copying ? 1 : 0, Padded(shape.steps()), 0);
}

void TransposeWeights(const ShareNetworkLayout& layout, const float* weights, float* transposed) {
  for (const WeightBlock* block : {&layout.first, &layout.second, &layout.start, &layout.decoder,
                                   &layout.keys, &layout.output}) {
    Transpose(*block, weights, transposed);
  }
}

}  // namespace trimtab
