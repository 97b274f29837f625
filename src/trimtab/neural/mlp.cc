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

void FillRandom(float* matrix, int fan_in, int fan_out, int width, RandomStream& random) {
  const double deviation = std::sqrt(2.0 / fan_in);
  for (int i = 0; i < fan_in; ++i) {
    for (int j = 0; j < fan_out; ++j) {
      matrix[i * width + j] = static_cast<float>(deviation * random.Normal());
    }
  }
}

}  // namespace

absl::StatusOr<Mlp> Mlp::Create(const MlpShape& shape) {
  if (absl::Status status = shape.Validate(); !status.ok()) return status;
  return Mlp(shape);
}

absl::StatusOr<Mlp> Mlp::CreateRandom(const MlpShape& shape, RandomStream& random) {
  absl::StatusOr<Mlp> mlp = Create(shape);
  if (!mlp.ok()) return mlp;
  float* weights = mlp->weights_.data();
  const int width = shape.padded_hidden();
  for (int layer = 0; layer < shape.hidden_layers(); ++layer) {
    const int fan_in = layer == 0 ? shape.inputs : shape.hidden;
    FillRandom(weights + shape.weights_offset(layer), fan_in, shape.hidden, width, random);
  }
  float* bias = weights + shape.bias_offset(0);
  const float* first = weights + shape.weights_offset(0);
  for (int i = 0; i < shape.inputs; ++i) {
    for (int j = 0; j < shape.hidden; ++j) bias[j] -= 0.5f * first[i * width + j];
  }
  // A small output layer starts the network near the mean of a standardised target.
  const double deviation = std::sqrt(1.0 / shape.hidden);
  float* output = weights + shape.output_weights_offset();
  for (int j = 0; j < shape.hidden; ++j) {
    output[j] = static_cast<float>(deviation * random.Normal());
  }
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
