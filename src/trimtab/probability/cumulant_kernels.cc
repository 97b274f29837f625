#include "trimtab/probability/cumulant_kernels.h"

#include <cstddef>
#include <span>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "trimtab/probability/cumulant_kernels.cc"
#include "hwy/foreach_target.h"
// foreach_target.h comes first: it includes this file again for each instruction set.
#include "hwy/highway.h"
#include "trimtab/probability/double_lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace trimtab::cumulant {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// No product is fused: the same bits on every instruction set.
using lanes::HWY_NAMESPACE::Fold;
using lanes::HWY_NAMESPACE::kLanes;
using lanes::HWY_NAMESPACE::kParts;
using lanes::HWY_NAMESPACE::kWidth;
using lanes::HWY_NAMESPACE::Tag;
using lanes::HWY_NAMESPACE::Vector;
using IntTag = hn::RebindToSigned<Tag>;

HWY_INLINE Vector MulAdd(Vector x, Vector y, double z) {
  return hn::Add(hn::Mul(x, y), hn::Set(Tag(), z));
}

// exp(x) for x cut to [-700, 0]; relative error 1e-14.
HWY_INLINE Vector ExpOfNegative(Vector x) {
  const Tag d;
  const IntTag di;
  const Vector cut = hn::Min(hn::Max(x, hn::Set(d, -700.0)), hn::Zero(d));
  // Adding 1.5 * 2^52 rounds to an integer and leaves it in the low bits.
  const Vector magic = hn::Set(d, 6755399441055744.0);
  const Vector shifted = hn::Add(hn::Mul(cut, hn::Set(d, 1.4426950408889634)), magic);
  const Vector whole = hn::Sub(shifted, magic);
  // ln 2 in two parts: the first has enough zeros for an exact product.
  Vector r = hn::Sub(cut, hn::Mul(whole, hn::Set(d, 0x1.62e42fee00000p-1)));
  r = hn::Sub(r, hn::Mul(whole, hn::Set(d, 0x1.a39ef35793c76p-33)));
  Vector sum = hn::Set(d, 1.0 / 39916800.0);
  for (const double coefficient : {1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720,
                                   1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5, 1.0, 1.0}) {
    sum = MulAdd(sum, r, coefficient);
  }
  const auto exponent = hn::ShiftLeft<52>(hn::BitCast(di, shifted));
  return hn::BitCast(d, hn::Add(hn::BitCast(di, sum), exponent));
}

// x^(1/3) for x > 0; relative error 1e-14: a third of the bits as a number, two steps of Halley.
HWY_INLINE Vector CubeRoot(Vector x) {
  const Tag d;
  const IntTag di;
  const Vector bits = hn::ConvertTo(d, hn::BitCast(di, x));
  const Vector third = MulAdd(bits, hn::Set(d, 1.0 / 3.0), 3071306043661749760.0);
  Vector root = hn::BitCast(d, hn::ConvertTo(di, third));
  for (int step = 0; step < 2; ++step) {
    const Vector cube = hn::Mul(root, hn::Mul(root, root));
    const Vector numerator = hn::Add(cube, hn::Add(x, x));
    const Vector denominator = hn::Add(hn::Add(cube, cube), x);
    root = hn::Mul(root, hn::Div(numerator, denominator));
  }
  return root;
}

// The standard normal distribution function and density; relative error of the smaller tail 1.2e-7
// (the rational Chebyshev fit of erfc in Numerical Recipes).
HWY_INLINE Vector NormalCdf(Vector y, Vector& density) {
  const Tag d;
  const Vector z = hn::Mul(hn::Abs(y), hn::Set(d, 0.70710678118654752));
  const Vector t = hn::Div(hn::Set(d, 1.0), MulAdd(z, hn::Set(d, 0.5), 1.0));
  Vector sum = hn::Set(d, 0.17087277);
  for (const double coefficient : {-0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806,
                                   0.09678418, 0.37409196, 1.00002368, -1.26551223}) {
    sum = MulAdd(sum, t, coefficient);
  }
  const Vector square = hn::Mul(z, z);
  density = hn::Mul(ExpOfNegative(hn::Neg(square)), hn::Set(d, 0.39894228040143268));
  const Vector half = hn::Mul(hn::Mul(hn::Set(d, 0.5), t), ExpOfNegative(hn::Sub(sum, square)));
  return hn::IfThenElse(hn::Lt(y, hn::Zero(d)), half, hn::Sub(hn::Set(d, 1.0), half));
}

struct LawValue {
  Vector within;
  Vector density;   // deviation * dF/dx
  Vector skewness;  // dF / d skewness
};

HWY_INLINE LawValue Evaluate(const Law& law, Vector z) {
  const Tag d;
  const Vector zero = hn::Zero(d);
  const Vector one = hn::Set(d, 1.0);
  if (law.kind == Law::Kind::kExponential) {
    const Vector v = hn::Add(z, one);
    const auto inside = hn::Gt(v, zero);
    const Vector survivor = ExpOfNegative(hn::Neg(v));
    return {hn::IfThenElseZero(inside, hn::Sub(one, survivor)),
            hn::IfThenElseZero(inside, survivor), zero};
  }
  const double g = law.skewness;
  Vector normal_density;
  if (law.kind == Law::Kind::kNormal) {
    const Vector bend = MulAdd(hn::Mul(z, z), hn::Set(d, 1.0 / 6.0), -1.0 / 6.0);
    const Vector y = hn::Sub(z, hn::Mul(hn::Set(d, g), bend));
    const Vector within = NormalCdf(y, normal_density);
    const Vector slope = hn::Sub(one, hn::Mul(hn::Set(d, g / 3.0), z));
    return {within, hn::Mul(normal_density, slope), hn::Neg(hn::Mul(normal_density, bend))};
  }
  const Vector base = MulAdd(z, hn::Set(d, 0.5 * g), 1.0);
  const auto inside = hn::Gt(base, hn::Set(d, 1e-12));
  const Vector root = CubeRoot(hn::IfThenElse(inside, base, one));
  const Vector y = hn::Mul(hn::Add(root, hn::Set(d, g * g / 36.0 - 1.0)), hn::Set(d, 6.0 / g));
  const Vector within = NormalCdf(y, normal_density);
  const Vector slope = hn::Div(one, hn::Mul(root, root));
  const Vector by_skewness = MulAdd(hn::Sub(hn::Mul(z, slope), y), hn::Set(d, 1.0 / g), 1.0 / 3.0);
  return {hn::IfThenElse(inside, within, hn::Set(d, g > 0.0 ? 0.0 : 1.0)),
          hn::IfThenElseZero(inside, hn::Mul(normal_density, slope)),
          hn::IfThenElseZero(inside, hn::Mul(normal_density, by_skewness))};
}

HWY_INLINE Vector Deviate(const Law& law, const double* HWY_RESTRICT x) {
  const Tag d;
  return hn::Mul(hn::Sub(hn::Load(d, x), hn::Set(d, law.mean)), hn::Set(d, 1.0 / law.deviation));
}

void MultiplyLaws(std::span<const Law> laws, const double* HWY_RESTRICT x,
                  double* HWY_RESTRICT product) {
  const Tag d;
  for (std::size_t j = 0; j < kNodes; j += kWidth) {
    Vector all = hn::Set(d, 1.0);
    for (const Law& law : laws) all = hn::Mul(all, Evaluate(law, Deviate(law, x + j)).within);
    hn::Store(all, d, product + j);
  }
}

void LawAdjoints(std::span<const Law> laws, const double* HWY_RESTRICT x,
                 const double* HWY_RESTRICT places, const double* HWY_RESTRICT product,
                 const double* HWY_RESTRICT adjoint, std::span<LawAdjoint> adjoints) {
  const Tag d;
  for (std::size_t i = 0; i < laws.size(); ++i) {
    Vector sums[4][kParts];
    for (auto& sum : sums) {
      for (Vector& part : sum) part = hn::Zero(d);
    }
    for (std::size_t j = 0; j < kNodes; j += kLanes) {
      for (std::size_t p = 0; p < kParts; ++p) {
        const std::size_t at = j + p * kWidth;
        const Vector z = Deviate(laws[i], x + at);
        const LawValue value = Evaluate(laws[i], z);
        const auto positive = hn::Gt(value.within, hn::Zero(d));
        const Vector safe = hn::IfThenElse(positive, value.within, hn::Set(d, 1.0));
        const Vector others =
            hn::IfThenElseZero(positive, hn::Div(hn::Load(d, product + at), safe));
        const Vector weight = hn::Mul(others, hn::Load(d, adjoint + at));
        const Vector density = hn::Mul(weight, value.density);
        sums[0][p] = hn::Add(sums[0][p], density);
        sums[1][p] = hn::Add(sums[1][p], hn::Mul(density, hn::Load(d, places + at)));
        sums[2][p] = hn::Add(sums[2][p], hn::Mul(density, z));
        sums[3][p] = hn::Add(sums[3][p], hn::Mul(weight, value.skewness));
      }
    }
    adjoints[i] = {Fold(sums[0]), Fold(sums[1]), Fold(sums[2]), Fold(sums[3])};
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace trimtab::cumulant
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trimtab::cumulant {

HWY_EXPORT(MultiplyLaws);
HWY_EXPORT(LawAdjoints);

void MultiplyLaws(std::span<const Law> laws, const double* x, double* product) {
  HWY_DYNAMIC_DISPATCH(MultiplyLaws)(laws, x, product);
}

void LawAdjoints(std::span<const Law> laws, const double* x, const double* places,
                 const double* product, const double* adjoint, std::span<LawAdjoint> adjoints) {
  HWY_DYNAMIC_DISPATCH(LawAdjoints)(laws, x, places, product, adjoint, adjoints);
}

}  // namespace trimtab::cumulant
#endif
