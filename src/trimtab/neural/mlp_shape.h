// The shape of a small dense network and the layout of its weights in memory.
#pragma once

#include <cstddef>

#include "absl/status/status.h"

namespace trimtab {

// inputs -> hidden -> ... -> hidden -> 1, with SiLU after every matrix but the last (Grad eq. 4,
// without the activation that the equation puts on the raw input). `layers` counts the weight
// matrices, the output's included: the paper's "4-layer network" has three hidden layers.
struct MlpShape {
  static constexpr int kMaxInputs = 64;
  static constexpr int kMaxHidden = 256;
  static constexpr int kMinLayers = 2;
  static constexpr int kMaxLayers = 6;

  int inputs = 0;
  int hidden = 32;
  int layers = 4;

  friend bool operator==(const MlpShape&, const MlpShape&) = default;

  // kInvalidArgument naming every value that is out of its bound.
  absl::Status Validate() const;

  // Padded widths. Padding weights are zero and training leaves them zero, so that a padded
  // network computes exactly what the plain one does.
  int padded_inputs() const { return (inputs + 3) / 4 * 4; }
  int padded_hidden() const { return (hidden + 31) / 32 * 32; }
  int hidden_layers() const { return layers - 1; }
  // Rows of the matrix of hidden layer `layer`, counted from 0.
  int padded_fan_in(int layer) const { return layer == 0 ? padded_inputs() : padded_hidden(); }

  // Offsets in floats. Hidden layer `layer`: its matrix, [padded_fan_in][padded_hidden] with the
  // weights *out of* one input contiguous, then its bias, [padded_hidden]. Then the output's
  // weights, [padded_hidden], and its bias, one float padded to 16.
  std::size_t weights_offset(int layer) const;
  std::size_t bias_offset(int layer) const;
  std::size_t output_weights_offset() const { return weights_offset(hidden_layers()); }
  std::size_t output_bias_offset() const { return output_weights_offset() + padded_hidden(); }
  // Floats of one network: a multiple of 16, so that networks in a row stay aligned.
  std::size_t parameter_count() const { return output_bias_offset() + 16; }

  // Arithmetic of one training sample, forward and backward, without padding, activations and
  // the optimiser: the figure that a rate in FLOP/s is computed from.
  double TrainingFlopsPerSample() const;
};

}  // namespace trimtab
