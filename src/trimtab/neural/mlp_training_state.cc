// The memory of a training: laid out once, before the first step.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "trimtab/neural/aligned_floats.h"
#include "trimtab/neural/mlp_shape.h"
#include "trimtab/neural/mlp_step.h"

namespace trimtab {

MlpTrainingState::MlpTrainingState(const MlpShape& shape, std::size_t max_rows,
                                   std::span<const MonotoneInput> monotone_inputs)
    : shape_(shape),
      max_rows_(max_rows),
      weights_(shape.parameter_count()),
      first_moment_(shape.parameter_count()),
      second_moment_(shape.parameter_count()) {
  const auto width = static_cast<std::size_t>(shape.padded_hidden());
  const auto layers = static_cast<std::size_t>(shape.hidden_layers());
  transposed_ = AlignedFloats((layers - 1) * width * width);
  activations_ = AlignedFloats(layers * max_rows * width);
  slopes_ = AlignedFloats(layers * max_rows * width);
  deltas_ = AlignedFloats(2 * max_rows * width);
  residuals_ = AlignedFloats(max_rows);
  ones_ = AlignedFloats(max_rows);
  std::fill_n(ones_.data(), max_rows, 1.0f);

  input_directions_.assign(static_cast<std::size_t>(shape.padded_inputs()), 0);
  for (const MonotoneInput& monotone : monotone_inputs) {
    input_directions_[static_cast<std::size_t>(monotone.input)] =
        static_cast<std::int8_t>(monotone.direction);
  }
  unit_directions_.assign(width, 0);
  bounds_ = AlignedFloats(3 * 2 * width);
  for (std::size_t j = 0; j < width; ++j) {
    if (!monotone_inputs.empty()) {
      unit_directions_[j] = static_cast<std::int8_t>(UnitDirection(static_cast<int>(j)));
    }
    for (const int direction : {-1, 0, 1}) {
      const int sign = direction * UnitDirection(static_cast<int>(j));
      float* low = bounds_.data() + static_cast<std::size_t>(direction + 1) * 2 * width;
      constexpr float kUnbounded = std::numeric_limits<float>::infinity();
      low[j] = sign > 0 ? 0 : -kUnbounded;
      low[width + j] = sign < 0 ? 0 : kUnbounded;
    }
  }
}

void MlpTrainingState::WeightsChanged() {
  const auto width = static_cast<std::size_t>(shape_.padded_hidden());
  for (int layer = 1; layer < shape_.hidden_layers(); ++layer) {
    const float* from = weights_.data() + shape_.weights_offset(layer);
    float* to = transposed_.data() + static_cast<std::size_t>(layer - 1) * width * width;
    for (std::size_t i = 0; i < width; ++i) {
      for (std::size_t j = 0; j < width; ++j) to[j * width + i] = from[i * width + j];
    }
  }
}

}  // namespace trimtab
