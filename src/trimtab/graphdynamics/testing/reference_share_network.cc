#include "trimtab/graphdynamics/testing/reference_share_network.h"

#include <cmath>
#include <cstddef>
#include <vector>

#include "trimtab/graphdynamics/share_network.h"

namespace trimtab::testing {
namespace {

using Numbers = std::vector<double>;

// bias + W^T [inputs], W row by row.
Numbers Affine(const Numbers& weights, const WeightBlock& matrix, const WeightBlock* bias,
               const Numbers& inputs) {
  Numbers out(matrix.columns, 0.0);
  for (std::size_t j = 0; j < matrix.columns; ++j) {
    if (bias != nullptr) out[j] = weights[bias->offset + j];
    for (std::size_t i = 0; i < matrix.rows; ++i) {
      out[j] += inputs[i] * weights[matrix.offset + i * matrix.columns + j];
    }
  }
  return out;
}

struct State {
  Numbers hidden;
  Numbers cell;
};

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

State Step(const Numbers& weights, const WeightBlock& matrix, const WeightBlock& bias,
           const State& before, const Numbers& input) {
  Numbers joined = before.hidden;
  joined.insert(joined.end(), input.begin(), input.end());
  const Numbers z = Affine(weights, matrix, &bias, joined);
  const std::size_t width = before.hidden.size();
  State after = before;
  for (std::size_t j = 0; j < width; ++j) {
    after.cell[j] =
        Sigmoid(z[width + j]) * before.cell[j] + Sigmoid(z[j]) * std::tanh(z[2 * width + j]);
    after.hidden[j] = Sigmoid(z[3 * width + j]) * std::tanh(after.cell[j]);
  }
  return after;
}

Numbers Slice(const Numbers& from, std::size_t at, std::size_t count) {
  const auto begin = from.begin() + static_cast<std::ptrdiff_t>(at);
  return {begin, begin + static_cast<std::ptrdiff_t>(count)};
}

Numbers Softmax(Numbers values) {
  double sum = 0;
  for (double& value : values) sum += value = std::exp(value);
  for (double& value : values) value /= sum;
  return values;
}

}  // namespace

Numbers ReferenceShares(const ShareNetworkShape& shape, const Numbers& weights,
                        const ReferenceSample& sample) {
  const ShareNetworkLayout layout(shape);
  const auto width = static_cast<std::size_t>(shape.encoder);
  const auto narrow = static_cast<std::size_t>(shape.decoder);
  const auto graphs = static_cast<std::size_t>(shape.graphs);
  const std::size_t steps = shape.steps();
  const State zero{Numbers(width, 0.0), Numbers(width, 0.0)};
  std::vector<Numbers> encoded;
  State first = zero;
  State second = zero;
  Numbers last;
  for (std::size_t t = 0; t < steps; ++t) {
    last = Slice(sample.inputs, t * shape.inputs(), shape.inputs());
    first = Step(weights, layout.first, layout.first_bias, first, last);
    second = Step(weights, layout.second, layout.second_bias, second, first.hidden);
    encoded.push_back(second.hidden);
  }
  State decoder{Affine(weights, layout.start, &layout.start_bias, encoded.back()),
                Numbers(narrow, 0.0)};
  for (double& value : decoder.hidden) value = std::tanh(value);
  decoder = Step(weights, layout.decoder, layout.decoder_bias, decoder, last);
  Numbers attention(steps, 0.0);
  attention.back() = 1;
  if (shape.attention) {
    for (std::size_t t = 0; t < steps; ++t) {
      const Numbers key = Affine(weights, layout.keys, nullptr, encoded[t]);
      attention[t] = shape.copying ? weights[layout.recency.offset + t] : 0;
      for (std::size_t j = 0; j < narrow; ++j) {
        attention[t] += decoder.hidden[j] * key[j] / std::sqrt(static_cast<double>(narrow));
      }
    }
    attention = Softmax(attention);
  }
  Numbers joined = decoder.hidden;
  joined.resize(narrow + width, 0.0);
  Numbers base(graphs, 0.0);
  for (std::size_t t = 0; t < steps; ++t) {
    for (std::size_t j = 0; j < width; ++j) joined[narrow + j] += attention[t] * encoded[t][j];
    for (std::size_t g = 0; g < graphs; ++g) {
      base[g] += attention[t] * sample.shares[t * graphs + g];
    }
  }
  Numbers logits = Slice(Affine(weights, layout.output, &layout.output_bias, joined), 0, graphs);
  for (std::size_t g = 0; shape.copying && g < graphs; ++g) {
    logits[g] += std::log(base[g] + ShareNetworkShape::kFloor);
  }
  return Softmax(logits);
}

double ReferenceLoss(const ShareNetworkShape& shape, const Numbers& weights,
                     const ReferenceSample& sample) {
  const Numbers shares = ReferenceShares(shape, weights, sample);
  double loss = 0;
  for (std::size_t g = 0; g < shares.size(); ++g) {
    if (sample.targets[g] > 0) loss -= sample.targets[g] * std::log(shares[g]);
  }
  return loss;
}

}  // namespace trimtab::testing
