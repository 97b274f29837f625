#include "trimtab/neural/mlp.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/neural/mlp_shape.h"
#include "trimtab/neural/simd_level.h"
#include "trimtab/probability/random_stream.h"

namespace trimtab {
namespace {

// Fills row `row` of a matrix with normal numbers, turned to the signs that `direction` asks for.
void FillRow(float* row, int columns, double deviation, int direction, RandomStream& random) {
  for (int j = 0; j < columns; ++j) {
    const double weight = deviation * random.Normal();
    const int sign = direction * UnitDirection(j);
    row[j] = static_cast<float>(sign == 0 ? weight : sign * std::abs(weight));
  }
}

}  // namespace

absl::StatusOr<Mlp> Mlp::Create(const MlpShape& shape) {
  if (absl::Status status = shape.Validate(); !status.ok()) return status;
  return Mlp(shape);
}

absl::StatusOr<Mlp> Mlp::CreateRandom(const MlpShape& shape,
                                      std::span<const MonotoneInput> monotone_inputs,
                                      RandomStream& random) {
  absl::StatusOr<Mlp> mlp = Create(shape);
  if (!mlp.ok()) return mlp;
  float* weights = mlp->weights_.data();
  const int width = shape.padded_hidden();
  const bool constrained = !monotone_inputs.empty();
  std::array<int, MlpShape::kMaxInputs> input_directions{};
  for (const MonotoneInput& monotone : monotone_inputs) {
    input_directions[static_cast<std::size_t>(monotone.input)] = monotone.direction;
  }
  for (int i = 0; i < shape.inputs; ++i) {
    FillRow(weights + i * width, shape.hidden, std::sqrt(2.0 / shape.inputs),
            input_directions[static_cast<std::size_t>(i)], random);
    float* bias = weights + shape.bias_offset(0);
    for (int j = 0; j < shape.hidden; ++j) bias[j] -= 0.5f * weights[i * width + j];
  }
  const double deviation = constrained ? 2.0 / shape.hidden : std::sqrt(2.0 / shape.hidden);
  for (int layer = 1; layer < shape.hidden_layers(); ++layer) {
    float* matrix = weights + shape.weights_offset(layer);
    for (int i = 0; i < shape.hidden; ++i) {
      FillRow(matrix + i * width, shape.hidden, deviation, constrained ? UnitDirection(i) : 0,
              random);
    }
  }
  FillRow(weights + shape.output_weights_offset(), shape.hidden, deviation, constrained ? 1 : 0,
          random);
  return mlp;
}

float Mlp::Value(std::span<const float> input, SimdLevel level) const {
  alignas(AlignedFloats::kAlignment) std::array<float, MlpShape::kMaxInputs> row{};
  std::copy(input.begin(), input.end(), row.begin());
  float value = 0;
  EvaluateMlp(shape_, weights_.data(), row.data(), 1, &value, level);
  return value;
}

}  // namespace trimtab
