// The fused training step, for every instruction set.
#include "trimtab/neural/mlp_step.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "trimtab/neural/mlp_shape.h"
#include "trimtab/neural/simd_level.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "trimtab/neural/mlp_step.cc"
#include "hwy/foreach_target.h"
// foreach_target.h comes first: it includes this file again for each instruction set.
#include "hwy/highway.h"
#include "trimtab/neural/mlp_tile-inl.h"

#ifndef TRIMTAB_NEURAL_MLP_STEP_ACCESS_
#define TRIMTAB_NEURAL_MLP_STEP_ACCESS_
namespace trimtab {

// Raw pointers into a training state, for the kernels.
struct MlpStepAccess {
  explicit MlpStepAccess(MlpTrainingState& state)
      : shape(state.shape_),
        width(static_cast<std::size_t>(state.shape_.padded_hidden())),
        plane(state.max_rows_ * width),
        weights(state.weights_.data()),
        first_moment(state.first_moment_.data()),
        second_moment(state.second_moment_.data()),
        transposed(state.transposed_.data()),
        activations(state.activations_.data()),
        slopes(state.slopes_.data()),
        deltas{state.deltas_.data(), state.deltas_.data() + plane},
        residuals(state.residuals_.data()),
        ones(state.ones_.data()),
        bounds(state.bounds_.data()),
        input_directions(state.input_directions_.data()),
        unit_directions(state.unit_directions_.data()),
        output_direction(state.unit_directions_.front()) {}

  float* Transposed(int layer) const {
    return transposed + static_cast<std::size_t>(layer - 1) * width * width;
  }

  const MlpShape& shape;
  std::size_t width;
  std::size_t plane;
  float* weights;
  float* first_moment;
  float* second_moment;
  float* transposed;
  float* activations;
  float* slopes;
  float* deltas[2];
  float* residuals;
  const float* ones;
  const float* bounds;
  const std::int8_t* input_directions;
  const std::int8_t* unit_directions;
  std::int8_t output_direction;
};

}  // namespace trimtab
#endif  // TRIMTAB_NEURAL_MLP_STEP_ACCESS_

HWY_BEFORE_NAMESPACE();
namespace trimtab::HWY_NAMESPACE {

template <std::size_t kRows>
HWY_INLINE void Clear(Vector (&sums)[kRows][kTileVectors]) {
  for (auto& row : sums) {
    for (Vector& sum : row) sum = hn::Zero(Tag());
  }
}

template <class Arithmetic>
HWY_INLINE void ForwardLayer(const float* HWY_RESTRICT in, std::size_t fan_in, std::size_t rows,
                             const float* HWY_RESTRICT weights, const float* HWY_RESTRICT bias,
                             std::size_t width, float* HWY_RESTRICT activations,
                             float* HWY_RESTRICT slopes) {
  const Tag d;
  for (std::size_t row = 0; row < rows; row += kTileRows) {
    for (std::size_t j = 0; j < width; j += kTileWidth) {
      Vector sums[kTileRows][kTileVectors];
      for (auto& sum : sums) {
        sum[0] = hn::Load(d, bias + j);
        sum[1] = hn::Load(d, bias + j + kLanes);
      }
      Accumulate<Arithmetic, kTileRows>(in + row * fan_in, fan_in, 1, weights + j, width, fan_in,
                                        sums);
      for (std::size_t r = 0; r < kTileRows; ++r) {
        for (std::size_t v = 0; v < kTileVectors; ++v) {
          Vector value;
          Vector slope;
          Squareplus<Arithmetic>(sums[r][v], value, slope);
          const std::size_t at = (row + r) * width + j + v * kLanes;
          hn::Store(value, d, activations + at);
          hn::Store(slope, d, slopes + at);
        }
      }
    }
  }
}

// residuals = clamp(residuals + bias - targets, -huber, huber) * batch weights: the derivative of
// the Huber loss by the network's output.
HWY_INLINE void LossSlope(const MlpBatch& batch, float bias, float huber,
                          float* HWY_RESTRICT residuals) {
  const hn::CappedTag<float, 8> d;
  for (std::size_t row = 0; row < batch.rows; row += hn::MaxLanes(d)) {
    const auto error = hn::Sub(hn::Add(hn::Load(d, residuals + row), hn::Set(d, bias)),
                               hn::Load(d, batch.targets + row));
    const auto clamped = hn::Min(hn::Max(error, hn::Set(d, -huber)), hn::Set(d, huber));
    hn::Store(hn::Mul(clamped, hn::Load(d, batch.weights + row)), d, residuals + row);
  }
}

// deltas[row][j] = residuals[row] * weights[j] * slopes[row][j]
HWY_INLINE void OutputDelta(const float* HWY_RESTRICT residuals, const float* HWY_RESTRICT weights,
                            const float* HWY_RESTRICT slopes, std::size_t rows, std::size_t width,
                            float* HWY_RESTRICT deltas) {
  const Tag d;
  for (std::size_t row = 0; row < rows; ++row) {
    const Vector residual = hn::Set(d, residuals[row]);
    for (std::size_t j = 0; j < width; j += kLanes) {
      const std::size_t at = row * width + j;
      hn::Store(hn::Mul(hn::Mul(residual, hn::Load(d, weights + j)), hn::Load(d, slopes + at)), d,
                deltas + at);
    }
  }
}

// out = (deltas W^T) * slopes
template <class Arithmetic>
HWY_INLINE void BackwardLayer(const float* HWY_RESTRICT deltas,
                              const float* HWY_RESTRICT transposed,
                              const float* HWY_RESTRICT slopes, std::size_t rows, std::size_t width,
                              float* HWY_RESTRICT out) {
  const Tag d;
  for (std::size_t row = 0; row < rows; row += kTileRows) {
    for (std::size_t j = 0; j < width; j += kTileWidth) {
      Vector sums[kTileRows][kTileVectors];
      Clear(sums);
      Accumulate<Arithmetic, kTileRows>(deltas + row * width, width, 1, transposed + j, width,
                                        width, sums);
      for (std::size_t r = 0; r < kTileRows; ++r) {
        for (std::size_t v = 0; v < kTileVectors; ++v) {
          const std::size_t at = (row + r) * width + j + v * kLanes;
          hn::Store(hn::Mul(sums[r][v], hn::Load(d, slopes + at)), d, out + at);
        }
      }
    }
  }
}

// 1 / sqrt(x) from the exponent trick and two Newton steps: relative error 5e-6, far below what
// the optimiser can feel, and the same everywhere, which a machine's estimate is not.
template <class Arithmetic>
HWY_INLINE Vector ReciprocalSqrt(Vector x) {
  const Tag d;
  const hn::RebindToSigned<Tag> di;
  const Vector half = hn::Mul(x, hn::Set(d, -0.5f));
  Vector y =
      hn::BitCast(d, hn::Sub(hn::Set(di, 0x5f3759df), hn::ShiftRight<1>(hn::BitCast(di, x))));
  for (int step = 0; step < 2; ++step) {
    y = hn::Mul(y, Arithmetic::MulAdd(half, hn::Mul(y, y), hn::Set(d, 1.5f)));
  }
  return y;
}

// One row of a matrix: the arrays that Adam walks over and the bounds of its weights.
struct ParameterRow {
  float* weights;
  float* first_moment;
  float* second_moment;
  const float* low;
  const float* high;
};

HWY_INLINE ParameterRow RowAt(const MlpStepAccess& s, std::size_t offset, int direction) {
  const float* low = s.bounds + static_cast<std::size_t>(direction + 1) * 2 * s.width;
  return {s.weights + offset, s.first_moment + offset, s.second_moment + offset, low,
          low + s.width};
}

template <class Arithmetic>
HWY_INLINE void AdamUpdate(Vector gradient, const ParameterRow& row, std::size_t column,
                           const AdamStep& adam) {
  const Tag d;
  const Vector m = hn::Load(d, row.first_moment + column);
  const Vector v = hn::Load(d, row.second_moment + column);
  const Vector new_m =
      Arithmetic::MulAdd(hn::Set(d, 1.0f - adam.first_decay), hn::Sub(gradient, m), m);
  const Vector new_v = Arithmetic::MulAdd(hn::Set(d, 1.0f - adam.second_decay),
                                          hn::Sub(hn::Mul(gradient, gradient), v), v);
  const Vector scaled = Arithmetic::MulAdd(new_v, hn::Set(d, adam.second_scale),
                                           hn::Set(d, adam.epsilon * adam.epsilon));
  const Vector step = hn::Mul(new_m, ReciprocalSqrt<Arithmetic>(scaled));
  hn::Store(new_m, d, row.first_moment + column);
  hn::Store(new_v, d, row.second_moment + column);
  const Vector free =
      Arithmetic::MulAdd(step, hn::Set(d, -adam.rate), hn::Load(d, row.weights + column));
  const Vector bounded =
      hn::Min(hn::Max(free, hn::Load(d, row.low + column)), hn::Load(d, row.high + column));
  hn::Store(bounded, d, row.weights + column);
}

// Gradient of kRows rows of a matrix, in^T deltas, and its Adam step. Row r of `in`'s transpose
// starts at in + r * row_stride and advances by `step` a sample; row r of the matrix lies at
// `offset` plus r widths and has the direction directions[r].
template <class Arithmetic, std::size_t kRows>
HWY_INLINE void UpdateRows(const MlpStepAccess& s, const float* HWY_RESTRICT in,
                           std::size_t row_stride, std::size_t step,
                           const float* HWY_RESTRICT deltas, std::size_t samples,
                           std::size_t offset, const std::int8_t* directions,
                           const AdamStep& adam) {
  for (std::size_t j = 0; j < s.width; j += kTileWidth) {
    Vector sums[kRows][kTileVectors];
    Clear(sums);
    Accumulate<Arithmetic, kRows>(in, row_stride, step, deltas + j, s.width, samples, sums);
    for (std::size_t r = 0; r < kRows; ++r) {
      const ParameterRow row = RowAt(s, offset + r * s.width, directions[r]);
      for (std::size_t v = 0; v < kTileVectors; ++v) {
        AdamUpdate<Arithmetic>(sums[r][v], row, j + v * kLanes, adam);
      }
    }
  }
}

// to[j][i] = from[i][j], both width x width.
HWY_INLINE void Transpose(const float* HWY_RESTRICT from, std::size_t width,
                          float* HWY_RESTRICT to) {
#if HWY_TARGET == HWY_SCALAR
  for (std::size_t i = 0; i < width; ++i) {
    for (std::size_t j = 0; j < width; ++j) to[j * width + i] = from[i * width + j];
  }
#else
  const hn::CappedTag<float, 4> d;
  const hn::Repartition<double, decltype(d)> pairs;
  for (std::size_t i = 0; i < width; i += 4) {
    for (std::size_t j = 0; j < width; j += 4) {
      const float* block = from + i * width + j;
      const auto row0 = hn::Load(d, block);
      const auto row1 = hn::Load(d, block + width);
      const auto row2 = hn::Load(d, block + 2 * width);
      const auto row3 = hn::Load(d, block + 3 * width);
      const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, row0, row1));
      const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d, row2, row3));
      const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, row0, row1));
      const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, row2, row3));
      float* out = to + j * width + i;
      hn::Store(hn::BitCast(d, hn::InterleaveLower(pairs, low01, low23)), d, out);
      hn::Store(hn::BitCast(d, hn::InterleaveUpper(pairs, low01, low23)), d, out + width);
      hn::Store(hn::BitCast(d, hn::InterleaveLower(pairs, high01, high23)), d, out + 2 * width);
      hn::Store(hn::BitCast(d, hn::InterleaveUpper(pairs, high01, high23)), d, out + 3 * width);
    }
  }
#endif
}

template <class Arithmetic>
HWY_INLINE void UpdateLayer(const MlpStepAccess& s, int layer, const float* in, const float* deltas,
                            std::size_t samples, const AdamStep& adam) {
  const auto fan_in = static_cast<std::size_t>(s.shape.padded_fan_in(layer));
  const std::size_t offset = s.shape.weights_offset(layer);
  const std::int8_t* directions = layer == 0 ? s.input_directions : s.unit_directions;
  std::size_t i = 0;
  for (; i + kTileRows <= fan_in; i += kTileRows) {
    UpdateRows<Arithmetic, kTileRows>(s, in + i, 1, fan_in, deltas, samples, offset + i * s.width,
                                      directions + i, adam);
  }
  for (; i < fan_in; i += 4) {
    UpdateRows<Arithmetic, 4>(s, in + i, 1, fan_in, deltas, samples, offset + i * s.width,
                              directions + i, adam);
  }
  // The bias follows the matrix in memory: one more row, whose input is always one.
  const std::int8_t free = 0;
  UpdateRows<Arithmetic, 1>(s, s.ones, 0, 1, deltas, samples, offset + fan_in * s.width, &free,
                            adam);
}

// The output's weights, one row whose "deltas" are the last activations, and its single bias,
// whose gradient is the sum of the residuals.
template <class Arithmetic>
HWY_INLINE void UpdateOutput(const MlpStepAccess& s, const float* activations, std::size_t rows,
                             const AdamStep& adam) {
  UpdateRows<Arithmetic, 1>(s, s.residuals, 0, 1, activations, rows,
                            s.shape.output_weights_offset(), &s.output_direction, adam);
  float gradient = 0;
  for (std::size_t row = 0; row < rows; ++row) gradient += s.residuals[row];
  alignas(64) const float lanes[16] = {gradient};
  AdamUpdate<Arithmetic>(hn::Load(Tag(), lanes), RowAt(s, s.shape.output_bias_offset(), 0), 0,
                         adam);
}

template <class Arithmetic>
void Step(MlpTrainingState& state, const MlpBatch& batch, float huber, const AdamStep& adam) {
  const MlpStepAccess s(state);
  const int last = s.shape.hidden_layers() - 1;
  const auto input_of = [&](int layer) -> const float* {
    return layer == 0 ? batch.inputs
                      : s.activations + static_cast<std::size_t>(layer - 1) * s.plane;
  };
  for (int layer = 0; layer <= last; ++layer) {
    const std::size_t plane = static_cast<std::size_t>(layer) * s.plane;
    ForwardLayer<Arithmetic>(
        input_of(layer), static_cast<std::size_t>(s.shape.padded_fan_in(layer)), batch.rows,
        s.weights + s.shape.weights_offset(layer), s.weights + s.shape.bias_offset(layer), s.width,
        s.activations + plane, s.slopes + plane);
  }
  const std::size_t output = s.shape.output_weights_offset();
  const float* top = input_of(last + 1);
  for (std::size_t row = 0; row < batch.rows; row += kTileRows) {
    DotRows<Arithmetic, kTileRows>(top + row * s.width, s.width, s.weights + output, s.width,
                                   s.residuals + row);
  }
  LossSlope(batch, s.weights[s.shape.output_bias_offset()], huber, s.residuals);

  float* deltas = s.deltas[0];
  float* spare = s.deltas[1];
  OutputDelta(s.residuals, s.weights + output, s.slopes + static_cast<std::size_t>(last) * s.plane,
              batch.rows, s.width, deltas);
  UpdateOutput<Arithmetic>(s, top, batch.rows, adam);
  for (int layer = last; layer >= 0; --layer) {
    if (layer > 0) {
      BackwardLayer<Arithmetic>(deltas, s.Transposed(layer),
                                s.slopes + static_cast<std::size_t>(layer - 1) * s.plane,
                                batch.rows, s.width, spare);
    }
    UpdateLayer<Arithmetic>(s, layer, input_of(layer), deltas, batch.rows, adam);
    if (layer > 0) {
      Transpose(s.weights + s.shape.weights_offset(layer), s.width, s.Transposed(layer));
    }
    std::swap(deltas, spare);
  }
}

void StepFor(MlpTrainingState& state, const MlpBatch& batch, float huber, const AdamStep& adam,
             SimdLevel level) {
  if (level == SimdLevel::kNative) {
    Step<Fused>(state, batch, huber, adam);
  } else {
    Step<Unfused>(state, batch, huber, adam);
  }
}

}  // namespace trimtab::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trimtab {

HWY_EXPORT(StepFor);

void TrainMlpStep(MlpTrainingState& state, const MlpBatch& batch, float huber, const AdamStep& adam,
                  SimdLevel level) {
  HWY_DYNAMIC_DISPATCH(StepFor)(state, batch, huber, adam, level);
}

}  // namespace trimtab
#endif  // HWY_ONCE
