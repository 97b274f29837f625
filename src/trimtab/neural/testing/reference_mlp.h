// The dense network in plain double precision, as the oracle of the fused kernels.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "trimtab/neural/mlp_shape.h"

namespace trimtab::testing {

// Grad eq. 4 and, backwards, eq. 5, written as in the paper but for the activation on the raw
// input. Weights are in the layout of MlpShape.
class ReferenceMlp {
 public:
  ReferenceMlp(const MlpShape& shape, std::span<const float> weights)
      : shape_(shape), weights_(weights.begin(), weights.end()) {}

  std::vector<double>& weights() { return weights_; }

  double Value(std::span<const double> input) {
    layers_.assign(1, std::vector<double>(input.begin(), input.end()));
    slopes_.clear();
    for (int layer = 0; layer < shape_.hidden_layers(); ++layer) {
      std::vector<double> out(Hidden());
      std::vector<double> slope(Hidden());
      for (std::size_t j = 0; j < Hidden(); ++j) {
        double z = weights_[shape_.bias_offset(layer) + j];
        for (std::size_t i = 0; i < layers_.back().size(); ++i) {
          z += layers_.back()[i] * weights_[At(layer, i, j)];
        }
        const double root = std::sqrt(z * z + kSquareplusKnee);
        out[j] = (z + root - kSquareplusKneeRoot) / 2;
        slope[j] = (1 + z / root) / 2;
      }
      layers_.push_back(out);
      slopes_.push_back(slope);
    }
    double value = weights_[shape_.output_bias_offset()];
    for (std::size_t j = 0; j < Hidden(); ++j) {
      value += layers_.back()[j] * weights_[shape_.output_weights_offset() + j];
    }
    return value;
  }

  // d value / d input at `input`. Adds `scale` times d value / d weight to `by_weight`, if given,
  // in the layout of the weights.
  std::vector<double> Gradient(std::span<const double> input, double scale = 0,
                               std::vector<double>* by_weight = nullptr) {
    Value(input);
    const auto add = [&](std::size_t at, double slope) {
      if (by_weight != nullptr) (*by_weight)[at] += scale * slope;
    };
    std::vector<double> delta(Hidden());
    add(shape_.output_bias_offset(), 1);
    for (std::size_t j = 0; j < Hidden(); ++j) {
      add(shape_.output_weights_offset() + j, layers_.back()[j]);
      delta[j] = weights_[shape_.output_weights_offset() + j];
    }
    for (int layer = shape_.hidden_layers() - 1; layer >= 0; --layer) {
      const std::vector<double>& in = layers_[static_cast<std::size_t>(layer)];
      std::vector<double> before(in.size());
      for (std::size_t j = 0; j < Hidden(); ++j) {
        delta[j] *= slopes_[static_cast<std::size_t>(layer)][j];
        add(shape_.bias_offset(layer) + j, delta[j]);
        for (std::size_t i = 0; i < in.size(); ++i) {
          add(At(layer, i, j), delta[j] * in[i]);
          before[i] += delta[j] * weights_[At(layer, i, j)];
        }
      }
      delta = before;
    }
    return delta;
  }

 private:
  std::size_t Hidden() const { return static_cast<std::size_t>(shape_.hidden); }
  std::size_t At(int layer, std::size_t i, std::size_t j) const {
    return shape_.weights_offset(layer) + i * static_cast<std::size_t>(shape_.padded_hidden()) + j;
  }

  MlpShape shape_;
  std::vector<double> weights_;
  std::vector<std::vector<double>> layers_;
  std::vector<std::vector<double>> slopes_;
};

}  // namespace trimtab::testing
