#include "trimtab/endtoend/attention_kernels.h"

#include <cstddef>

#include "trimtab/endtoend/tail_network.h"
#include "trimtab/neural/simd_level.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "trimtab/endtoend/attention_kernels.cc"
#include "hwy/foreach_target.h"
// foreach_target.h comes first: it includes this file again for each instruction set.
#include "hwy/highway.h"
#include "trimtab/neural/float_lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace trimtab::attention {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using trimtab::HWY_NAMESPACE::Exp;
using trimtab::HWY_NAMESPACE::Fused;
using trimtab::HWY_NAMESPACE::kLanes;
using trimtab::HWY_NAMESPACE::Tag;
using trimtab::HWY_NAMESPACE::Unfused;
using trimtab::HWY_NAMESPACE::Vector;
inline constexpr auto kCut = static_cast<float>(TailNetworkShape::kLogitBound);
// A pass over the hidden layer keeps this many vectors of units.
inline constexpr std::size_t kUnitVectors = 2;
inline constexpr std::size_t kUnits = kUnitVectors * kLanes;
// Sums run in sixteen virtual lanes whatever the width of a vector, then fold in one order.
inline constexpr std::size_t kParts = 16 / kLanes;

HWY_INLINE float Fold(const Vector (&sums)[kParts]) {
  const Tag d;
  alignas(64) float lanes[16];
  for (std::size_t p = 0; p < kParts; ++p) hn::Store(sums[p], d, lanes + p * kLanes);
  for (std::size_t width = 8; width > 0; width /= 2) {
    for (std::size_t i = 0; i < width; ++i) lanes[i] += lanes[i + width];
  }
  return lanes[0];
}

HWY_INLINE void Clear(Vector (&sums)[kParts]) {
  for (std::size_t p = 0; p < kParts; ++p) sums[p] = hn::Zero(Tag());
}

// exp(logit), cut.
template <class Arithmetic>
HWY_INLINE Vector CutExp(Vector logit) {
  const Tag d;
  return Exp<Arithmetic>(hn::Min(hn::Max(logit, hn::Set(d, -kCut)), hn::Set(d, kCut)));
}

// Sixteen virtual lanes of doubles too: a sum of exponentials in double is what a change of one
// token leaves behind, to the last digit that a float of it has.
using DoubleTag = hn::CappedTag<double, 8>;
using FloatsOfDoubles = hn::Rebind<float, DoubleTag>;
using DoubleVector = hn::Vec<DoubleTag>;
inline constexpr std::size_t kDoubleLanes = hn::MaxLanes(DoubleTag());
inline constexpr std::size_t kDoubleParts = 16 / kDoubleLanes;

HWY_INLINE DoubleVector LoadAsDoubles(const float* from) {
  return hn::PromoteTo(DoubleTag(), hn::Load(FloatsOfDoubles(), from));
}

HWY_INLINE double Fold(const DoubleVector (&sums)[kDoubleParts]) {
  const DoubleTag d;
  alignas(64) double lanes[16];
  for (std::size_t p = 0; p < kDoubleParts; ++p) hn::Store(sums[p], d, lanes + p * kDoubleLanes);
  for (std::size_t width = 8; width > 0; width /= 2) {
    for (std::size_t i = 0; i < width; ++i) lanes[i] += lanes[i + width];
  }
  return lanes[0];
}

template <class Arithmetic>
AttentionSums SumRow(std::size_t tokens, float q0, float q1, const TokenPairs& keys,
                     const TokenPairs& values) {
  const Tag d;
  const Vector query0 = hn::Set(d, q0);
  const Vector query1 = hn::Set(d, q1);
  DoubleVector total[kDoubleParts];
  DoubleVector first[kDoubleParts];
  DoubleVector second[kDoubleParts];
  for (std::size_t p = 0; p < kDoubleParts; ++p) {
    total[p] = first[p] = second[p] = hn::Zero(DoubleTag());
  }
  alignas(64) float exponentials[16];
  for (std::size_t j = 0; j < tokens; j += 16) {
    for (std::size_t p = 0; p < kParts; ++p) {
      const std::size_t at = j + p * kLanes;
      const Vector logit = Arithmetic::MulAdd(query1, hn::Load(d, keys.second + at),
                                              hn::Mul(query0, hn::Load(d, keys.first + at)));
      // Padding has weight 0, not exp(0).
      const std::size_t real = at < tokens ? tokens - at : 0;
      hn::Store(hn::IfThenElseZero(hn::FirstN(d, real), CutExp<Arithmetic>(logit)), d,
                exponentials + p * kLanes);
    }
    for (std::size_t p = 0; p < kDoubleParts; ++p) {
      const std::size_t at = p * kDoubleLanes;
      const DoubleVector weight = LoadAsDoubles(exponentials + at);
      total[p] = hn::Add(total[p], weight);
      // The product of two floats is exact in double: fusing it changes nothing.
      first[p] = hn::MulAdd(weight, LoadAsDoubles(values.first + j + at), first[p]);
      second[p] = hn::MulAdd(weight, LoadAsDoubles(values.second + j + at), second[p]);
    }
  }
  return {.total = Fold(total), .first = Fold(first), .second = Fold(second)};
}

template <class Arithmetic>
void KeyColumn(std::size_t tokens, const TokenPairs& queries, float k0, float k1,
               float* HWY_RESTRICT out) {
  const Tag d;
  const Vector key0 = hn::Set(d, k0);
  const Vector key1 = hn::Set(d, k1);
  for (std::size_t i = 0; i < tokens; i += kLanes) {
    const Vector logit = Arithmetic::MulAdd(hn::Load(d, queries.second + i), key1,
                                            hn::Mul(hn::Load(d, queries.first + i), key0));
    hn::Store(CutExp<Arithmetic>(logit), d, out + i);
  }
}

template <class Arithmetic>
void BackwardRow(std::size_t tokens, const AttentionRow& row, const TokenPairs& keys,
                 const TokenPairs& values, const AttentionSlopes& slopes,
                 float* HWY_RESTRICT query) {
  const Tag d;
  const Vector q0 = hn::Set(d, row.query_first);
  const Vector q1 = hn::Set(d, row.query_second);
  const Vector inverse = hn::Set(d, row.inverse_total);
  const Vector dz0 = hn::Set(d, row.dz_first);
  const Vector dz1 = hn::Set(d, row.dz_second);
  const Vector offset = hn::Set(d, -row.dz_dot_a);
  Vector dq0[kParts];
  Vector dq1[kParts];
  Clear(dq0);
  Clear(dq1);
  for (std::size_t j = 0; j < tokens; j += 16) {
    for (std::size_t p = 0; p < kParts; ++p) {
      const std::size_t at = j + p * kLanes;
      if (at >= tokens) break;
      const Vector k0 = hn::Load(d, keys.first + at);
      const Vector k1 = hn::Load(d, keys.second + at);
      const Vector logit = Arithmetic::MulAdd(q1, k1, hn::Mul(q0, k0));
      const Vector weight = hn::Mul(CutExp<Arithmetic>(logit), inverse);
      Vector slope = Arithmetic::MulAdd(dz0, hn::Load(d, values.first + at), offset);
      slope = Arithmetic::MulAdd(dz1, hn::Load(d, values.second + at), slope);
      slope = hn::IfThenElseZero(hn::Le(hn::Abs(logit), hn::Set(d, kCut)), hn::Mul(slope, weight));
      // Keys of padding are 0, so it adds nothing to dq; its dk and dv are never read.
      dq0[p] = Arithmetic::MulAdd(slope, k0, dq0[p]);
      dq1[p] = Arithmetic::MulAdd(slope, k1, dq1[p]);
      const auto add = [&](float* to, Vector x, Vector y) {
        hn::Store(Arithmetic::MulAdd(x, y, hn::Load(d, to + at)), d, to + at);
      };
      add(slopes.key_first, slope, q0);
      add(slopes.key_second, slope, q1);
      add(slopes.value_first, weight, dz0);
      add(slopes.value_second, weight, dz1);
    }
  }
  query[0] = Fold(dq0);
  query[1] = Fold(dq1);
}

// Dot product of two rows, `width` a multiple of 32.
template <class Arithmetic>
HWY_INLINE float Dot(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, std::size_t width) {
  const Tag d;
  Vector sums[kParts];
  Clear(sums);
  for (std::size_t j = 0; j < width; j += 16) {
    for (std::size_t p = 0; p < kParts; ++p) {
      const std::size_t at = j + p * kLanes;
      sums[p] = Arithmetic::MulAdd(hn::Load(d, a + at), hn::Load(d, b + at), sums[p]);
    }
  }
  return Fold(sums);
}

template <class Arithmetic>
float DenseForward(std::size_t count, std::size_t width, const float* inputs, const float* weights,
                   const float* bias, const float* output, float* hidden_slopes) {
  const Tag d;
  alignas(64) float hidden[TailNetworkShape::kMaxHidden];
  for (std::size_t j = 0; j < width; j += kUnits) {
    // Four interleaved sums hide the latency of a multiply-add; they fold in a fixed order.
    Vector sums[4][kUnitVectors];
    for (std::size_t v = 0; v < kUnitVectors; ++v) {
      sums[0][v] = hn::Load(d, bias + j + v * kLanes);
      for (std::size_t s = 1; s < 4; ++s) sums[s][v] = hn::Zero(d);
    }
    std::size_t i = 0;
    for (; i + 4 <= count; i += 4) {
      for (std::size_t s = 0; s < 4; ++s) {
        const Vector x = hn::Set(d, inputs[i + s]);
        const float* row = weights + (i + s) * width + j;
        for (std::size_t v = 0; v < kUnitVectors; ++v) {
          sums[s][v] = Arithmetic::MulAdd(x, hn::Load(d, row + v * kLanes), sums[s][v]);
        }
      }
    }
    for (; i < count; ++i) {
      const Vector x = hn::Set(d, inputs[i]);
      for (std::size_t v = 0; v < kUnitVectors; ++v) {
        sums[0][v] =
            Arithmetic::MulAdd(x, hn::Load(d, weights + i * width + j + v * kLanes), sums[0][v]);
      }
    }
    for (std::size_t v = 0; v < kUnitVectors; ++v) {
      const std::size_t at = j + v * kLanes;
      const Vector z = hn::Add(hn::Add(sums[0][v], sums[1][v]), hn::Add(sums[2][v], sums[3][v]));
      // SiLU: s = 1 / (1 + exp(-z)), value z s, slope s + z s (1 - s).
      const Vector one = hn::Set(d, 1.0f);
      const Vector cut = hn::Min(hn::Max(z, hn::Set(d, -40.0f)), hn::Set(d, 40.0f));
      const Vector s = hn::Div(one, hn::Add(one, Exp<Arithmetic>(hn::Neg(cut))));
      const Vector value = hn::Mul(z, s);
      hn::Store(value, d, hidden + at);
      if (hidden_slopes == nullptr) continue;
      const Vector slope = Arithmetic::MulAdd(value, hn::Sub(one, s), s);
      hn::Store(hn::Mul(slope, hn::Load(d, output + at)), d, hidden_slopes + at);
    }
  }
  return Dot<Arithmetic>(hidden, output, width);
}

AttentionSums SumAttentionFor(std::size_t tokens, float q0, float q1, const TokenPairs& keys,
                              const TokenPairs& values, SimdLevel level) {
  return level == SimdLevel::kNative ? SumRow<Fused>(tokens, q0, q1, keys, values)
                                     : SumRow<Unfused>(tokens, q0, q1, keys, values);
}

void ExponentiateKeyFor(std::size_t tokens, const TokenPairs& queries, float k0, float k1,
                        float* out, SimdLevel level) {
  level == SimdLevel::kNative ? KeyColumn<Fused>(tokens, queries, k0, k1, out)
                              : KeyColumn<Unfused>(tokens, queries, k0, k1, out);
}

void BackwardAttentionRowFor(std::size_t tokens, const AttentionRow& row, const TokenPairs& keys,
                             const TokenPairs& values, const AttentionSlopes& slopes, float* query,
                             SimdLevel level) {
  level == SimdLevel::kNative ? BackwardRow<Fused>(tokens, row, keys, values, slopes, query)
                              : BackwardRow<Unfused>(tokens, row, keys, values, slopes, query);
}

float EvaluateDenseFor(std::size_t count, std::size_t width, const float* inputs,
                       const float* weights, const float* bias, const float* output,
                       float* hidden_slopes, SimdLevel level) {
  return level == SimdLevel::kNative
             ? DenseForward<Fused>(count, width, inputs, weights, bias, output, hidden_slopes)
             : DenseForward<Unfused>(count, width, inputs, weights, bias, output, hidden_slopes);
}

void BackwardDenseFor(std::size_t count, std::size_t width, const float* weights,
                      const float* hidden_slopes, float* by_inputs, SimdLevel level) {
  for (std::size_t i = 0; i < count; ++i) {
    by_inputs[i] = level == SimdLevel::kNative
                       ? Dot<Fused>(weights + i * width, hidden_slopes, width)
                       : Dot<Unfused>(weights + i * width, hidden_slopes, width);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace trimtab::attention
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trimtab {
namespace attention {

HWY_EXPORT(SumAttentionFor);
HWY_EXPORT(ExponentiateKeyFor);
HWY_EXPORT(BackwardAttentionRowFor);
HWY_EXPORT(EvaluateDenseFor);
HWY_EXPORT(BackwardDenseFor);

}  // namespace attention

AttentionSums SumAttention(std::size_t tokens, float query_first, float query_second,
                           const TokenPairs& keys, const TokenPairs& values, SimdLevel level) {
  return HWY_DYNAMIC_DISPATCH(attention::SumAttentionFor)(tokens, query_first, query_second, keys,
                                                          values, level);
}

void ExponentiateKey(std::size_t tokens, const TokenPairs& queries, float key_first,
                     float key_second, float* exponentials, SimdLevel level) {
  HWY_DYNAMIC_DISPATCH(attention::ExponentiateKeyFor)
  (tokens, queries, key_first, key_second, exponentials, level);
}

void BackwardAttentionRow(std::size_t tokens, const AttentionRow& row, const TokenPairs& keys,
                          const TokenPairs& values, const AttentionSlopes& slopes, float* query,
                          SimdLevel level) {
  HWY_DYNAMIC_DISPATCH(attention::BackwardAttentionRowFor)(tokens, row, keys, values, slopes, query,
                                                           level);
}

float EvaluateDense(std::size_t count, std::size_t width, const float* inputs, const float* weights,
                    const float* bias, const float* output, float* hidden_slopes, SimdLevel level) {
  return HWY_DYNAMIC_DISPATCH(attention::EvaluateDenseFor)(count, width, inputs, weights, bias,
                                                           output, hidden_slopes, level);
}

void BackwardDense(std::size_t count, std::size_t width, const float* weights,
                   const float* hidden_slopes, float* by_inputs, SimdLevel level) {
  HWY_DYNAMIC_DISPATCH(attention::BackwardDenseFor)(count, width, weights, hidden_slopes, by_inputs,
                                                    level);
}

}  // namespace trimtab
#endif  // HWY_ONCE
