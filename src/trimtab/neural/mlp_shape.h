// The shape of a small dense network and the layout of its weights in memory.
#pragma once

#include <cstddef>

#include "absl/status/status.h"

namespace trimtab {

// The activation is squareplus (Barron 2021), shifted to pass through 0:
//   h(z) = (z + sqrt(z^2 + knee) - sqrt(knee)) / 2.
// Smooth, so that slopes mean something between samples; rising everywhere, which SiLU is not, so
// that a network can be monotone by the signs of its weights; and made of correctly rounded
// operations, so that it gives the same bytes everywhere.
inline constexpr float kSquareplusKnee = 0.25f;
inline constexpr float kSquareplusKneeRoot = 0.5f;

// An input along which a network rises (direction 1) or falls (-1).
struct MonotoneInput {
  int input = 0;
  int direction = 1;
  friend bool operator==(const MonotoneInput&, const MonotoneInput&) = default;
};

// What makes a network monotone: its even hidden units rise along a monotone input's direction,
// the odd ones fall, and every weight has the sign that keeps it so. Units that fall curve the
// other way, so the network can both bend up and saturate. Free inputs stay free.
constexpr int UnitDirection(int unit) { return unit % 2 == 0 ? 1 : -1; }

// inputs -> hidden -> ... -> hidden -> 1, the activation after every matrix but the last (Grad eq.
// 4, without the activation that the equation puts on the raw input). `layers` counts the weight
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
