#include "trimtab/graphdynamics/lstm_kernels.h"

#include <cstddef>

#include "trimtab/neural/simd_level.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "trimtab/graphdynamics/lstm_kernels.cc"
#include "hwy/foreach_target.h"
// foreach_target.h comes first: it includes this file again for each instruction set.
#include "hwy/highway.h"
#include "trimtab/neural/float_lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace trimtab::lstm {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using trimtab::HWY_NAMESPACE::Exp;
using trimtab::HWY_NAMESPACE::Fused;
using trimtab::HWY_NAMESPACE::kLanes;
using trimtab::HWY_NAMESPACE::Tag;
using trimtab::HWY_NAMESPACE::Unfused;
using trimtab::HWY_NAMESPACE::Vector;

// 1 / (1 + exp(-scale * x)), the argument cut at +-40, where it is flat.
template <class Arithmetic>
HWY_INLINE Vector Sigmoid(Vector x, float scale) {
  const Tag d;
  const Vector one = hn::Set(d, 1.0f);
  const Vector z = hn::Mul(x, hn::Set(d, -scale));
  const Vector cut = hn::Min(hn::Max(z, hn::Set(d, -40.0f)), hn::Set(d, 40.0f));
  return hn::Div(one, hn::Add(one, Exp<Arithmetic>(cut)));
}

template <class Arithmetic>
HWY_INLINE Vector Tanh(Vector x) {
  const Tag d;
  const Vector s = Sigmoid<Arithmetic>(x, 2.0f);
  return hn::Sub(hn::Add(s, s), hn::Set(d, 1.0f));
}

template <class Arithmetic>
void Forward(const LstmStep& step) {
  const Tag d;
  const std::size_t width = step.width;
  for (std::size_t row = 0; row < step.rows; ++row) {
    float* gates = step.gates + row * 4 * width;
    for (std::size_t j = 0; j < width; j += kLanes) {
      const std::size_t at = row * width + j;
      const Vector i = Sigmoid<Arithmetic>(hn::Load(d, gates + j), 1.0f);
      const Vector f = Sigmoid<Arithmetic>(hn::Load(d, gates + width + j), 1.0f);
      const Vector g = Tanh<Arithmetic>(hn::Load(d, gates + 2 * width + j));
      const Vector o = Sigmoid<Arithmetic>(hn::Load(d, gates + 3 * width + j), 1.0f);
      Vector cell = hn::Mul(i, g);
      if (step.cell_before != nullptr) {
        cell = Arithmetic::MulAdd(f, hn::Load(d, step.cell_before + at), cell);
      }
      const Vector squashed = Tanh<Arithmetic>(cell);
      hn::Store(i, d, gates + j);
      hn::Store(f, d, gates + width + j);
      hn::Store(g, d, gates + 2 * width + j);
      hn::Store(o, d, gates + 3 * width + j);
      hn::Store(cell, d, step.cell + at);
      hn::Store(squashed, d, step.squashed + at);
      hn::Store(hn::Mul(o, squashed), d, step.hidden + at);
    }
  }
}

template <class Arithmetic>
void Backward(const LstmStep& step, const float* HWY_RESTRICT hidden_slopes,
              float* HWY_RESTRICT cell_slopes) {
  const Tag d;
  const Vector one = hn::Set(d, 1.0f);
  const std::size_t width = step.width;
  for (std::size_t row = 0; row < step.rows; ++row) {
    float* gates = step.gates + row * 4 * width;
    for (std::size_t j = 0; j < width; j += kLanes) {
      const std::size_t at = row * width + j;
      const Vector i = hn::Load(d, gates + j);
      const Vector f = hn::Load(d, gates + width + j);
      const Vector g = hn::Load(d, gates + 2 * width + j);
      const Vector o = hn::Load(d, gates + 3 * width + j);
      const Vector squashed = hn::Load(d, step.squashed + at);
      const Vector by_hidden = hn::Load(d, hidden_slopes + at);
      const Vector before =
          step.cell_before == nullptr ? hn::Zero(d) : hn::Load(d, step.cell_before + at);
      // cell: through the hidden state and through the next step.
      const Vector flat = hn::Sub(one, hn::Mul(squashed, squashed));
      const Vector by_cell =
          Arithmetic::MulAdd(hn::Mul(by_hidden, o), flat, hn::Load(d, cell_slopes + at));
      const auto gate = [&](Vector slope, Vector s) {
        return hn::Mul(slope, hn::Mul(s, hn::Sub(one, s)));
      };
      hn::Store(gate(hn::Mul(by_cell, g), i), d, gates + j);
      hn::Store(gate(hn::Mul(by_cell, before), f), d, gates + width + j);
      hn::Store(hn::Mul(hn::Mul(by_cell, i), hn::Sub(one, hn::Mul(g, g))), d,
                gates + 2 * width + j);
      hn::Store(gate(hn::Mul(by_hidden, squashed), o), d, gates + 3 * width + j);
      hn::Store(hn::Mul(by_cell, f), d, cell_slopes + at);
    }
  }
}

template <class Arithmetic>
void SquashAll(std::size_t count, float* values) {
  const Tag d;
  for (std::size_t i = 0; i < count; i += kLanes) {
    hn::Store(Tanh<Arithmetic>(hn::Load(d, values + i)), d, values + i);
  }
}

template <class Arithmetic>
void Adam(std::size_t count, const float* HWY_RESTRICT gradient, const AdamFactors& factors,
          float* HWY_RESTRICT weights, float* HWY_RESTRICT first, float* HWY_RESTRICT second) {
  const Tag d;
  const Vector scale = hn::Set(d, factors.gradient_scale);
  const Vector keep1 = hn::Set(d, factors.first_decay);
  const Vector take1 = hn::Set(d, 1 - factors.first_decay);
  const Vector keep2 = hn::Set(d, factors.second_decay);
  const Vector take2 = hn::Set(d, 1 - factors.second_decay);
  const Vector second_scale = hn::Set(d, factors.second_scale);
  const Vector rate = hn::Set(d, -factors.rate);
  const Vector shrink = hn::Set(d, factors.shrink);
  const Vector epsilon = hn::Set(d, 1e-8f);
  for (std::size_t i = 0; i < count; i += kLanes) {
    const Vector g = hn::Mul(hn::Load(d, gradient + i), scale);
    const Vector m = Arithmetic::MulAdd(keep1, hn::Load(d, first + i), hn::Mul(take1, g));
    const Vector v =
        Arithmetic::MulAdd(keep2, hn::Load(d, second + i), hn::Mul(take2, hn::Mul(g, g)));
    hn::Store(m, d, first + i);
    hn::Store(v, d, second + i);
    const Vector step = hn::Div(m, hn::Add(hn::Sqrt(hn::Mul(v, second_scale)), epsilon));
    hn::Store(Arithmetic::MulAdd(rate, step, hn::Mul(shrink, hn::Load(d, weights + i))), d,
              weights + i);
  }
}

void ForwardLstmFor(const LstmStep& step, SimdLevel level) {
  level == SimdLevel::kNative ? Forward<Fused>(step) : Forward<Unfused>(step);
}

void BackwardLstmFor(const LstmStep& step, const float* hidden_slopes, float* cell_slopes,
                     SimdLevel level) {
  level == SimdLevel::kNative ? Backward<Fused>(step, hidden_slopes, cell_slopes)
                              : Backward<Unfused>(step, hidden_slopes, cell_slopes);
}

void TanhInPlaceFor(std::size_t count, float* values, SimdLevel level) {
  level == SimdLevel::kNative ? SquashAll<Fused>(count, values) : SquashAll<Unfused>(count, values);
}

void AdamUpdateFor(std::size_t count, const float* gradient, const AdamFactors& factors,
                   float* weights, float* first, float* second, SimdLevel level) {
  level == SimdLevel::kNative ? Adam<Fused>(count, gradient, factors, weights, first, second)
                              : Adam<Unfused>(count, gradient, factors, weights, first, second);
}

}  // namespace HWY_NAMESPACE
}  // namespace trimtab::lstm
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trimtab {
namespace lstm {

HWY_EXPORT(ForwardLstmFor);
HWY_EXPORT(BackwardLstmFor);
HWY_EXPORT(TanhInPlaceFor);
HWY_EXPORT(AdamUpdateFor);

}  // namespace lstm

void ForwardLstm(const LstmStep& step, SimdLevel level) {
  HWY_DYNAMIC_DISPATCH(lstm::ForwardLstmFor)(step, level);
}

void BackwardLstm(const LstmStep& step, const float* hidden_slopes, float* cell_slopes,
                  SimdLevel level) {
  HWY_DYNAMIC_DISPATCH(lstm::BackwardLstmFor)(step, hidden_slopes, cell_slopes, level);
}

void TanhInPlace(std::size_t count, float* values, SimdLevel level) {
  HWY_DYNAMIC_DISPATCH(lstm::TanhInPlaceFor)(count, values, level);
}

void AdamUpdate(std::size_t count, const float* gradient, const AdamFactors& factors,
                float* weights, float* first, float* second, SimdLevel level) {
  HWY_DYNAMIC_DISPATCH(lstm::AdamUpdateFor)
  (count, gradient, factors, weights, first, second, level);
}

}  // namespace trimtab
#endif  // HWY_ONCE
