#include "trimtab/graphdynamics/share_network_pass.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "trimtab/graphdynamics/lstm_kernels.h"
#include "trimtab/graphdynamics/matrix_product.h"
#include "trimtab/graphdynamics/share_network.h"
#include "trimtab/neural/portable_math.h"

namespace trimtab {
namespace {

constexpr auto kFloor = static_cast<float>(ShareNetworkShape::kFloor);

void FillRows(std::size_t rows, std::size_t columns, const float* row, float* out) {
  for (std::size_t r = 0; r < rows; ++r) std::copy_n(row, columns, out + r * columns);
}

void AddColumns(std::size_t rows, std::size_t columns, const float* values, float* sums) {
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t j = 0; j < columns; ++j) sums[j] += values[r * columns + j];
  }
}

float Dot(const float* a, const float* b, std::size_t count) {
  float sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += a[i] * b[i];
  return sum;
}

void AddScaled(std::size_t count, float factor, const float* from, float* to) {
  for (std::size_t i = 0; i < count; ++i) to[i] += factor * from[i];
}

// values = softmax(values). A double of each exponential: the sum is exact enough to divide by.
void Softmax(std::size_t count, float* values) {
  const float largest = *std::max_element(values, values + count);
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double e = PortableExp(std::max(static_cast<double>(values[i] - largest), -80.0));
    values[i] = static_cast<float>(e);
    sum += e;
  }
  const auto inverse = static_cast<float>(1 / sum);
  for (std::size_t i = 0; i < count; ++i) values[i] *= inverse;
}

}  // namespace

ShareNetworkPass::Cells::Cells(std::size_t count, std::size_t cells)
    : width(cells),
      gates(count * 4 * cells),
      cell(count * cells),
      squashed(count * cells),
      hidden(count * cells),
      hidden_slopes(count * cells),
      cell_slopes(count * cells) {}

ShareNetworkPass::ShareNetworkPass(const ShareNetworkShape& shape, std::size_t max_rows)
    : shape_(shape),
      layout_(shape),
      scratch_(kMatrixScratch),
      first_(shape.steps() * max_rows, static_cast<std::size_t>(shape.encoder)),
      second_(shape.steps() * max_rows, static_cast<std::size_t>(shape.encoder)),
      decoder_(max_rows, static_cast<std::size_t>(shape.decoder)),
      start_(max_rows * decoder_.width),
      start_slopes_(max_rows * decoder_.width),
      keys_(shape.steps() * max_rows * decoder_.width),
      key_slopes_(shape.steps() * max_rows * decoder_.width),
      attention_(max_rows * shape.steps()),
      attention_slopes_(max_rows * shape.steps()),
      joined_(max_rows * (decoder_.width + second_.width)),
      joined_slopes_(max_rows * (decoder_.width + second_.width)),
      base_(max_rows * shape.padded_graphs()),
      shares_(max_rows * shape.padded_graphs()),
      slopes_(max_rows * shape.padded_graphs()) {}

void ShareNetworkPass::Product(std::size_t rows, const Input& a, const float* b,
                               std::size_t columns, std::size_t depth, std::size_t b_row, float* c,
                               std::size_t c_row) {
  AddMatrixProduct({.rows = rows,
                    .columns = columns,
                    .depth = depth,
                    .a = a.values,
                    .a_row = a.row,
                    .a_step = 1,
                    .b = b,
                    .b_row = b_row,
                    .c = c,
                    .c_row = c_row},
                   scratch_.data(), level_);
}

void ShareNetworkPass::WeightGradient(std::size_t rows, const Input& a, std::size_t depth,
                                      const float* slopes, std::size_t columns, float* gradient) {
  AddMatrixProduct({.rows = depth,
                    .columns = columns,
                    .depth = rows,
                    .a = a.values,
                    .a_row = 1,
                    .a_step = a.row,
                    .b = slopes,
                    .b_row = columns,
                    .c = gradient,
                    .c_row = columns},
                   scratch_.data(), level_);
}

void ShareNetworkPass::EncodeLayer(Cells& layer, const float* weights, const WeightBlock& matrix,
                                   const WeightBlock& bias, const Input& input, std::size_t depth) {
  const std::size_t width = layer.width;
  const std::size_t gates = 4 * width;
  const float* own = weights + matrix.offset;
  FillRows(shape_.steps() * rows_, gates, weights + bias.offset, layer.gates.data());
  // The input's part needs no state: all steps at once, so that the weights are read once.
  Product(shape_.steps() * rows_, input, own + width * gates, gates, depth, gates,
          layer.gates.data(), gates);
  for (std::size_t t = 0; t < shape_.steps(); ++t) {
    const std::size_t at = t * rows_ * width;
    float* z = layer.gates.data() + 4 * at;
    const float* before = t == 0 ? nullptr : layer.cell.data() + at - rows_ * width;
    if (t > 0) {
      Product(rows_, {layer.hidden.data() + at - rows_ * width, width}, own, gates, width, gates, z,
              gates);
    }
    ForwardLstm({.rows = rows_,
                 .width = width,
                 .gates = z,
                 .cell_before = before,
                 .cell = layer.cell.data() + at,
                 .squashed = layer.squashed.data() + at,
                 .hidden = layer.hidden.data() + at},
                level_);
  }
}

void ShareNetworkPass::EncodeLayerBackward(Cells& layer, const float* transposed,
                                           const WeightBlock& matrix, const WeightBlock& bias,
                                           const Input& input, std::size_t depth, float* gradient) {
  const std::size_t width = layer.width;
  const std::size_t gates = 4 * width;
  const std::size_t total = shape_.steps() * rows_;
  std::fill_n(layer.cell_slopes.data(), rows_ * width, 0.0f);
  for (std::size_t t = shape_.steps(); t-- > 0;) {
    const std::size_t at = t * rows_ * width;
    float* z = layer.gates.data() + 4 * at;
    BackwardLstm({.rows = rows_,
                  .width = width,
                  .gates = z,
                  .cell_before = t == 0 ? nullptr : layer.cell.data() + at - rows_ * width,
                  .cell = nullptr,
                  .squashed = layer.squashed.data() + at,
                  .hidden = nullptr},
                 layer.hidden_slopes.data() + at, layer.cell_slopes.data(), level_);
    if (t == 0) break;
    Product(rows_, {z, gates}, transposed + matrix.transposed_offset, width, gates,
            matrix.transposed_rows, layer.hidden_slopes.data() + at - rows_ * width, width);
  }
  float* own = gradient + matrix.offset;
  WeightGradient(total - rows_, {layer.hidden.data(), width}, width,
                 layer.gates.data() + rows_ * gates, gates, own);
  WeightGradient(total, input, depth, layer.gates.data(), gates, own + width * gates);
  AddColumns(total, gates, layer.gates.data(), gradient + bias.offset);
}

void ShareNetworkPass::Decode(const float* weights, const ShareBatch& batch) {
  const std::size_t width = decoder_.width;
  const std::size_t gates = 4 * width;
  const std::size_t last = (shape_.steps() - 1) * rows_;
  const float* encoded = second_.hidden.data() + last * second_.width;
  FillRows(rows_, width, weights + layout_.start_bias.offset, start_.data());
  Product(rows_, {encoded, second_.width}, weights + layout_.start.offset, width, second_.width,
          width, start_.data(), width);
  TanhInPlace(rows_ * width, start_.data(), level_);
  const float* own = weights + layout_.decoder.offset;
  FillRows(rows_, gates, weights + layout_.decoder_bias.offset, decoder_.gates.data());
  Product(rows_, {batch.inputs + last * shape_.inputs(), shape_.inputs()}, own + width * gates,
          gates, shape_.inputs(), gates, decoder_.gates.data(), gates);
  Product(rows_, {start_.data(), width}, own, gates, width, gates, decoder_.gates.data(), gates);
  ForwardLstm({.rows = rows_,
               .width = width,
               .gates = decoder_.gates.data(),
               .cell_before = nullptr,
               .cell = decoder_.cell.data(),
               .squashed = decoder_.squashed.data(),
               .hidden = decoder_.hidden.data()},
              level_);
}

void ShareNetworkPass::DecodeBackward(const float* transposed, const ShareBatch& batch,
                                      float* gradient) {
  const std::size_t width = decoder_.width;
  const std::size_t gates = 4 * width;
  const std::size_t last = (shape_.steps() - 1) * rows_;
  const float* encoded = second_.hidden.data() + last * second_.width;
  std::fill_n(decoder_.cell_slopes.data(), rows_ * width, 0.0f);
  BackwardLstm({.rows = rows_,
                .width = width,
                .gates = decoder_.gates.data(),
                .cell_before = nullptr,
                .cell = nullptr,
                .squashed = decoder_.squashed.data(),
                .hidden = nullptr},
               decoder_.hidden_slopes.data(), decoder_.cell_slopes.data(), level_);
  float* own = gradient + layout_.decoder.offset;
  WeightGradient(rows_, {start_.data(), width}, width, decoder_.gates.data(), gates, own);
  WeightGradient(rows_, {batch.inputs + last * shape_.inputs(), shape_.inputs()}, shape_.inputs(),
                 decoder_.gates.data(), gates, own + width * gates);
  AddColumns(rows_, gates, decoder_.gates.data(), gradient + layout_.decoder_bias.offset);
  std::fill_n(start_slopes_.data(), rows_ * width, 0.0f);
  Product(rows_, {decoder_.gates.data(), gates}, transposed + layout_.decoder.transposed_offset,
          width, gates, width, start_slopes_.data(), width);
  for (std::size_t i = 0; i < rows_ * width; ++i) {
    start_slopes_.data()[i] *= 1 - start_.data()[i] * start_.data()[i];
  }
  WeightGradient(rows_, {encoded, second_.width}, second_.width, start_slopes_.data(), width,
                 gradient + layout_.start.offset);
  AddColumns(rows_, width, start_slopes_.data(), gradient + layout_.start_bias.offset);
  Product(rows_, {start_slopes_.data(), width}, transposed + layout_.start.transposed_offset,
          second_.width, width, second_.width, second_.hidden_slopes.data() + last * second_.width,
          second_.width);
}

void ShareNetworkPass::Attend(const float* weights, const ShareBatch& batch) {
  const std::size_t steps = shape_.steps();
  const std::size_t width = decoder_.width;
  const std::size_t encoder = second_.width;
  const auto graphs = static_cast<std::size_t>(shape_.graphs);
  const float scale = 1 / std::sqrt(static_cast<float>(width));
  if (shape_.attention) {
    std::fill_n(keys_.data(), steps * rows_ * width, 0.0f);
    Product(steps * rows_, {second_.hidden.data(), encoder}, weights + layout_.keys.offset, width,
            encoder, width, keys_.data(), width);
  }
  for (std::size_t r = 0; r < rows_; ++r) {
    float* a = attention_.data() + r * steps;
    const float* d = decoder_.hidden.data() + r * width;
    for (std::size_t t = 0; t < steps; ++t) {
      if (!shape_.attention) {
        a[t] = t + 1 == steps ? 1.0f : 0.0f;
        continue;
      }
      a[t] = Dot(d, keys_.data() + (t * rows_ + r) * width, width) * scale;
      if (shape_.copying) a[t] += weights[layout_.recency.offset + t];
    }
    if (shape_.attention) Softmax(steps, a);
    float* joined = joined_.data() + r * (width + encoder);
    std::copy_n(d, width, joined);
    std::fill_n(joined + width, encoder, 0.0f);
    for (std::size_t t = 0; t < steps; ++t) {
      AddScaled(encoder, a[t], second_.hidden.data() + (t * rows_ + r) * encoder, joined + width);
    }
    if (!shape_.copying) continue;
    float* base = base_.data() + r * shape_.padded_graphs();
    std::fill_n(base, graphs, 0.0f);
    for (std::size_t t = 0; t < steps; ++t) {
      AddScaled(graphs, a[t], batch.shares + (t * rows_ + r) * graphs, base);
    }
  }
}

// Slopes by joined_ and base_ become those by attention, keys, encoder outputs and decoder state.
void ShareNetworkPass::AttendBackward(const float* transposed, const ShareBatch& batch,
                                      float* gradient) {
  const std::size_t steps = shape_.steps();
  const std::size_t width = decoder_.width;
  const std::size_t encoder = second_.width;
  const auto graphs = static_cast<std::size_t>(shape_.graphs);
  const float scale = 1 / std::sqrt(static_cast<float>(width));
  for (std::size_t r = 0; r < rows_; ++r) {
    const float* a = attention_.data() + r * steps;
    const float* joined = joined_slopes_.data() + r * (width + encoder);
    const float* base = base_.data() + r * shape_.padded_graphs();
    float* by_score = attention_slopes_.data() + r * steps;
    float* d = decoder_.hidden_slopes.data() + r * width;
    std::copy_n(joined, width, d);
    float mean = 0;
    for (std::size_t t = 0; t < steps; ++t) {
      const std::size_t at = t * rows_ + r;
      float* by_hidden = second_.hidden_slopes.data() + at * encoder;
      std::fill_n(by_hidden, encoder, 0.0f);
      AddScaled(encoder, a[t], joined + width, by_hidden);
      by_score[t] = Dot(joined + width, second_.hidden.data() + at * encoder, encoder);
      if (shape_.copying) by_score[t] += Dot(base, batch.shares + at * graphs, graphs);
      mean += a[t] * by_score[t];
    }
    if (!shape_.attention) continue;
    for (std::size_t t = 0; t < steps; ++t) {
      const std::size_t at = (t * rows_ + r) * width;
      const float slope = a[t] * (by_score[t] - mean);
      if (shape_.copying) gradient[layout_.recency.offset + t] += slope;
      AddScaled(width, slope * scale, keys_.data() + at, d);
      std::fill_n(key_slopes_.data() + at, width, 0.0f);
      AddScaled(width, slope * scale, decoder_.hidden.data() + r * width, key_slopes_.data() + at);
    }
  }
  if (!shape_.attention) return;
  WeightGradient(steps * rows_, {second_.hidden.data(), encoder}, encoder, key_slopes_.data(),
                 width, gradient + layout_.keys.offset);
  Product(steps * rows_, {key_slopes_.data(), width}, transposed + layout_.keys.transposed_offset,
          encoder, width, encoder, second_.hidden_slopes.data(), encoder);
}

void ShareNetworkPass::Output(const float* weights) {
  const std::size_t padded = shape_.padded_graphs();
  const std::size_t joined = decoder_.width + second_.width;
  const auto graphs = static_cast<std::size_t>(shape_.graphs);
  FillRows(rows_, padded, weights + layout_.output_bias.offset, shares_.data());
  Product(rows_, {joined_.data(), joined}, weights + layout_.output.offset, padded, joined, padded,
          shares_.data(), padded);
  for (std::size_t r = 0; r < rows_; ++r) {
    float* row = shares_.data() + r * padded;
    for (std::size_t g = 0; shape_.copying && g < graphs; ++g) {
      row[g] += static_cast<float>(PortableLog(base_.data()[r * padded + g] + kFloor));
    }
    Softmax(graphs, row);
    std::fill(row + graphs, row + padded, 0.0f);
  }
}

double ShareNetworkPass::OutputBackward(const float* transposed, const ShareBatch& batch,
                                        float* gradient) {
  const std::size_t padded = shape_.padded_graphs();
  const std::size_t joined = decoder_.width + second_.width;
  const auto graphs = static_cast<std::size_t>(shape_.graphs);
  double loss = 0;
  for (std::size_t r = 0; r < rows_; ++r) {
    float* slopes = slopes_.data() + r * padded;
    float* base = base_.data() + r * padded;
    const float* shares = shares_.data() + r * padded;
    std::fill(slopes + graphs, slopes + padded, 0.0f);
    for (std::size_t g = 0; g < graphs; ++g) {
      const float target = batch.targets[r * graphs + g];
      slopes[g] = shares[g] - target;
      if (target > 0) loss -= target * PortableLog(std::max(shares[g], 1e-30f));
      // From here on base_ holds the slopes by the shares copied.
      if (shape_.copying) base[g] = slopes[g] / (base[g] + kFloor);
    }
  }
  WeightGradient(rows_, {joined_.data(), joined}, joined, slopes_.data(), padded,
                 gradient + layout_.output.offset);
  AddColumns(rows_, padded, slopes_.data(), gradient + layout_.output_bias.offset);
  std::fill_n(joined_slopes_.data(), rows_ * joined, 0.0f);
  Product(rows_, {slopes_.data(), padded}, transposed + layout_.output.transposed_offset, joined,
          padded, joined, joined_slopes_.data(), joined);
  return loss;
}

const float* ShareNetworkPass::Forward(const float* weights, const ShareBatch& batch,
                                       SimdLevel level) {
  level_ = level;
  rows_ = batch.rows;
  EncodeLayer(first_, weights, layout_.first, layout_.first_bias, {batch.inputs, shape_.inputs()},
              shape_.inputs());
  EncodeLayer(second_, weights, layout_.second, layout_.second_bias,
              {first_.hidden.data(), first_.width}, first_.width);
  Decode(weights, batch);
  Attend(weights, batch);
  Output(weights);
  return shares_.data();
}

double ShareNetworkPass::Backward(const float* transposed, const ShareBatch& batch, float* gradient,
                                  SimdLevel level) {
  level_ = level;
  const std::size_t width = first_.width;
  const double loss = OutputBackward(transposed, batch, gradient);
  AttendBackward(transposed, batch, gradient);
  DecodeBackward(transposed, batch, gradient);
  EncodeLayerBackward(second_, transposed, layout_.second, layout_.second_bias,
                      {first_.hidden.data(), width}, width, gradient);
  std::fill_n(first_.hidden_slopes.data(), shape_.steps() * rows_ * width, 0.0f);
  Product(shape_.steps() * rows_, {second_.gates.data(), 4 * width},
          transposed + layout_.second.transposed_offset + width, width, 4 * width,
          layout_.second.transposed_rows, first_.hidden_slopes.data(), width);
  EncodeLayerBackward(first_, transposed, layout_.first, layout_.first_bias,
                      {batch.inputs, shape_.inputs()}, shape_.inputs(), gradient);
  return loss;
}

}  // namespace trimtab
