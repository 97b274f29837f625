// Forward pass of the dense network, with and without tangents, for every instruction set.
#include <cstddef>

#include "trimtab/neural/mlp.h"
#include "trimtab/neural/mlp_shape.h"
#include "trimtab/neural/simd_level.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "trimtab/neural/mlp_inference.cc"
#include "hwy/foreach_target.h"
// foreach_target.h comes first: it includes this file again for each instruction set.
#include "hwy/highway.h"
#include "trimtab/neural/mlp_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace trimtab::HWY_NAMESPACE {

// Rows that one pass over the weights serves: 24 accumulators of 32, or 8 of 16.
inline constexpr std::size_t kPassRows = kLanes == 16 ? 12 : 4;
inline constexpr std::size_t kRowsPerPoint = 1 + kGradientInputs;

// One hidden layer for kRows plain rows: out = activation(in W + b).
template <class Arithmetic, std::size_t kRows>
HWY_INLINE void HiddenLayer(const float* HWY_RESTRICT in, std::size_t in_stride, std::size_t fan_in,
                            const float* HWY_RESTRICT weights, const float* HWY_RESTRICT bias,
                            std::size_t width, float* HWY_RESTRICT out) {
  const Tag d;
  for (std::size_t j = 0; j < width; j += kTileWidth) {
    Vector sums[kRows][kTileVectors];
    for (std::size_t r = 0; r < kRows; ++r) {
      sums[r][0] = hn::Load(d, bias + j);
      sums[r][1] = hn::Load(d, bias + j + kLanes);
    }
    Accumulate<Arithmetic, kRows>(in, in_stride, 1, weights + j, width, fan_in, sums);
    for (std::size_t r = 0; r < kRows; ++r) {
      for (std::size_t v = 0; v < kTileVectors; ++v) {
        Vector value;
        Vector slope;
        Squareplus<Arithmetic>(sums[r][v], value, slope);
        hn::Store(value, d, out + r * width + j + v * kLanes);
      }
    }
  }
}

template <class Arithmetic, std::size_t kRows>
void ValuePass(const MlpShape& shape, const float* weights, const float* inputs, float* values) {
  alignas(64) float buffers[2][kRows * MlpShape::kMaxHidden];
  const auto width = static_cast<std::size_t>(shape.padded_hidden());
  const float* in = inputs;
  std::size_t in_stride = static_cast<std::size_t>(shape.padded_inputs());
  for (int layer = 0; layer < shape.hidden_layers(); ++layer) {
    float* out = buffers[layer % 2];
    HiddenLayer<Arithmetic, kRows>(
        in, in_stride, static_cast<std::size_t>(shape.padded_fan_in(layer)),
        weights + shape.weights_offset(layer), weights + shape.bias_offset(layer), width, out);
    in = out;
    in_stride = width;
  }
  DotRows<Arithmetic, kRows>(in, width, weights + shape.output_weights_offset(), width, values);
  const float bias = weights[shape.output_bias_offset()];
  for (std::size_t r = 0; r < kRows; ++r) values[r] += bias;
}

// First layer of kPoints points: the value's row, then the tangents', which are rows of the matrix
// times the slope.
template <class Arithmetic, std::size_t kPoints>
HWY_INLINE void FirstTangentLayer(const MlpShape& shape, const float* HWY_RESTRICT weights,
                                  const float* HWY_RESTRICT inputs, const GradientInputs& wrt,
                                  std::size_t width, float* HWY_RESTRICT out) {
  const Tag d;
  const float* bias = weights + shape.bias_offset(0);
  const auto stride = static_cast<std::size_t>(shape.padded_inputs());
  for (std::size_t j = 0; j < width; j += kTileWidth) {
    Vector sums[kPoints][kTileVectors];
    for (std::size_t p = 0; p < kPoints; ++p) {
      sums[p][0] = hn::Load(d, bias + j);
      sums[p][1] = hn::Load(d, bias + j + kLanes);
    }
    Accumulate<Arithmetic, kPoints>(inputs, stride, 1, weights + j, width, stride, sums);
    for (std::size_t p = 0; p < kPoints; ++p) {
      float* row = out + p * kRowsPerPoint * width + j;
      for (std::size_t v = 0; v < kTileVectors; ++v) {
        Vector value;
        Vector slope;
        Squareplus<Arithmetic>(sums[p][v], value, slope);
        hn::Store(value, d, row + v * kLanes);
        for (std::size_t k = 0; k < kGradientInputs; ++k) {
          const float* tangent = weights + static_cast<std::size_t>(wrt[k]) * width + j;
          hn::Store(hn::Mul(slope, hn::Load(d, tangent + v * kLanes)), d,
                    row + (k + 1) * width + v * kLanes);
        }
      }
    }
  }
}

// A later layer: value rows take the bias and the activation, tangent rows the value's slope.
template <class Arithmetic, std::size_t kPoints>
HWY_INLINE void TangentLayer(const float* HWY_RESTRICT in, const float* HWY_RESTRICT weights,
                             const float* HWY_RESTRICT bias, std::size_t width,
                             float* HWY_RESTRICT out) {
  const Tag d;
  constexpr std::size_t kRows = kPoints * kRowsPerPoint;
  for (std::size_t j = 0; j < width; j += kTileWidth) {
    Vector sums[kRows][kTileVectors];
    for (std::size_t r = 0; r < kRows; ++r) {
      const bool is_value = r % kRowsPerPoint == 0;
      sums[r][0] = is_value ? hn::Load(d, bias + j) : hn::Zero(d);
      sums[r][1] = is_value ? hn::Load(d, bias + j + kLanes) : hn::Zero(d);
    }
    Accumulate<Arithmetic, kRows>(in, width, 1, weights + j, width, width, sums);
    for (std::size_t p = 0; p < kPoints; ++p) {
      const std::size_t first = p * kRowsPerPoint;
      for (std::size_t v = 0; v < kTileVectors; ++v) {
        Vector value;
        Vector slope;
        Squareplus<Arithmetic>(sums[first][v], value, slope);
        float* row = out + first * width + j + v * kLanes;
        hn::Store(value, d, row);
        for (std::size_t k = 1; k < kRowsPerPoint; ++k) {
          hn::Store(hn::Mul(slope, sums[first + k][v]), d, row + k * width);
        }
      }
    }
  }
}

template <class Arithmetic, std::size_t kPoints>
void GradientPass(const MlpShape& shape, const float* weights, const float* inputs,
                  const GradientInputs& wrt, float* values, float* gradients) {
  constexpr std::size_t kRows = kPoints * kRowsPerPoint;
  alignas(64) float buffers[2][kRows * MlpShape::kMaxHidden];
  const auto width = static_cast<std::size_t>(shape.padded_hidden());
  FirstTangentLayer<Arithmetic, kPoints>(shape, weights, inputs, wrt, width, buffers[0]);
  int layer = 1;
  for (; layer < shape.hidden_layers(); ++layer) {
    TangentLayer<Arithmetic, kPoints>(
        buffers[(layer - 1) % 2], weights + shape.weights_offset(layer),
        weights + shape.bias_offset(layer), width, buffers[layer % 2]);
  }
  float out[kRows];
  DotRows<Arithmetic, kRows>(buffers[(layer - 1) % 2], width,
                             weights + shape.output_weights_offset(), width, out);
  for (std::size_t p = 0; p < kPoints; ++p) {
    values[p] = out[p * kRowsPerPoint] + weights[shape.output_bias_offset()];
    for (std::size_t k = 0; k < kGradientInputs; ++k) {
      gradients[p * kGradientInputs + k] = out[p * kRowsPerPoint + k + 1];
    }
  }
}

template <class Arithmetic>
void Values(const MlpShape& shape, const float* weights, const float* inputs, std::size_t rows,
            float* values) {
  const auto stride = static_cast<std::size_t>(shape.padded_inputs());
  std::size_t row = 0;
  for (; row + kPassRows <= rows; row += kPassRows) {
    ValuePass<Arithmetic, kPassRows>(shape, weights, inputs + row * stride, values + row);
  }
  for (; row + 4 <= rows; row += 4) {
    ValuePass<Arithmetic, 4>(shape, weights, inputs + row * stride, values + row);
  }
  for (; row < rows; ++row) {
    ValuePass<Arithmetic, 1>(shape, weights, inputs + row * stride, values + row);
  }
}

template <class Arithmetic>
void Gradients(const MlpShape& shape, const float* weights, const float* inputs, std::size_t rows,
               const GradientInputs& wrt, float* values, float* gradients) {
  constexpr std::size_t kPoints = kPassRows / kRowsPerPoint;
  const auto stride = static_cast<std::size_t>(shape.padded_inputs());
  std::size_t row = 0;
  for (; row + kPoints <= rows; row += kPoints) {
    GradientPass<Arithmetic, kPoints>(shape, weights, inputs + row * stride, wrt, values + row,
                                      gradients + row * kGradientInputs);
  }
  for (; row < rows; ++row) {
    GradientPass<Arithmetic, 1>(shape, weights, inputs + row * stride, wrt, values + row,
                                gradients + row * kGradientInputs);
  }
}

void EvaluateFor(const MlpShape& shape, const float* weights, const float* inputs, std::size_t rows,
                 float* values, SimdLevel level) {
  if (level == SimdLevel::kNative) {
    Values<Fused>(shape, weights, inputs, rows, values);
  } else {
    Values<Unfused>(shape, weights, inputs, rows, values);
  }
}

void EvaluateGradientFor(const MlpShape& shape, const float* weights, const float* inputs,
                         std::size_t rows, const GradientInputs& wrt, float* values,
                         float* gradients, SimdLevel level) {
  if (level == SimdLevel::kNative) {
    Gradients<Fused>(shape, weights, inputs, rows, wrt, values, gradients);
  } else {
    Gradients<Unfused>(shape, weights, inputs, rows, wrt, values, gradients);
  }
}

}  // namespace trimtab::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trimtab {

HWY_EXPORT(EvaluateFor);
HWY_EXPORT(EvaluateGradientFor);

void EvaluateMlp(const MlpShape& shape, const float* weights, const float* inputs, std::size_t rows,
                 float* values, SimdLevel level) {
  HWY_DYNAMIC_DISPATCH(EvaluateFor)(shape, weights, inputs, rows, values, level);
}

void EvaluateMlpGradient(const MlpShape& shape, const float* weights, const float* inputs,
                         std::size_t rows, const GradientInputs& wrt, float* values,
                         float* gradients, SimdLevel level) {
  HWY_DYNAMIC_DISPATCH(EvaluateGradientFor)
  (shape, weights, inputs, rows, wrt, values, gradients, level);
}

}  // namespace trimtab
#endif  // HWY_ONCE
