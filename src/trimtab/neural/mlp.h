// A small dense network: its weights, its value and its exact gradient.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "absl/status/statusor.h"
#include "trimtab/neural/aligned_floats.h"
#include "trimtab/neural/mlp_shape.h"
#include "trimtab/neural/simd_level.h"
#include "trimtab/probability/random_stream.h"

namespace trimtab {

// How many inputs a gradient is taken with respect to: Grad's CPU, memory and load.
inline constexpr std::size_t kGradientInputs = 3;
using GradientInputs = std::array<int, kGradientInputs>;

// Values of the network `weights` (laid out as MlpShape says, 64-byte aligned) at `rows` points.
// `inputs` is [rows][padded_inputs], its padding zero; `values` is [rows]. Allocates nothing.
// A row's value does not depend on the other rows. Thread-safe.
// Cost: a row of 11-32-32-32-1 takes below 0.1 us with AVX-512 where 12 are evaluated at once.
// REQUIRES: a valid shape.
void EvaluateMlp(const MlpShape& shape, const float* weights, const float* inputs, std::size_t rows,
                 float* values, SimdLevel level);

// As EvaluateMlp, and d value / d input for the inputs `wrt`, by forward-mode tangents (Grad eq. 5
// read from the input side: each weight is read once). `gradients` is [rows][kGradientInputs].
// Cost: about four times the arithmetic of EvaluateMlp, a value and three tangents.
// REQUIRES: 0 <= wrt[k] < shape.inputs.
void EvaluateMlpGradient(const MlpShape& shape, const float* weights, const float* inputs,
                         std::size_t rows, const GradientInputs& wrt, float* values,
                         float* gradients, SimdLevel level);

// One network with its own weights. A value type; thread-safe while it is not written to.
class Mlp {
 public:
  // All weights zero. Fails as MlpShape::Validate.
  static absl::StatusOr<Mlp> Create(const MlpShape& shape);
  // Random weights, monotone along `monotone_inputs`. Without any: variance 2 / fan-in (He). With:
  // deviation 2 / fan-in, since weights of aligned signs add up instead of cancelling. The first
  // bias maps the centre of the unit cube, where max-min normalised inputs lie, to zero.
  // REQUIRES: valid monotone inputs.
  static absl::StatusOr<Mlp> CreateRandom(const MlpShape& shape,
                                          std::span<const MonotoneInput> monotone_inputs,
                                          RandomStream& random);

  const MlpShape& shape() const { return shape_; }
  std::span<float> weights() { return weights_.span(); }
  std::span<const float> weights() const { return weights_.span(); }

  // REQUIRES: input.size() == shape().inputs.
  float Value(std::span<const float> input, SimdLevel level) const;

 private:
  explicit Mlp(const MlpShape& shape) : shape_(shape), weights_(shape.parameter_count()) {}

  MlpShape shape_;
  AlignedFloats weights_;
};

}  // namespace trimtab
