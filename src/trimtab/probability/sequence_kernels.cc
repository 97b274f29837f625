#include "trimtab/probability/sequence_kernels.h"

#include <cmath>
#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "trimtab/probability/sequence_kernels.cc"
#include "hwy/foreach_target.h"
// foreach_target.h comes first: it includes this file again for each instruction set.
#include "hwy/highway.h"
#include "trimtab/probability/double_lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace trimtab::sequence {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using lanes::HWY_NAMESPACE::Fold;
using lanes::HWY_NAMESPACE::kParts;
using lanes::HWY_NAMESPACE::kWidth;
using lanes::HWY_NAMESPACE::Tag;
using lanes::HWY_NAMESPACE::Vector;
static_assert(kLanes == lanes::HWY_NAMESPACE::kLanes);

PowerSums SumPowers(const double* HWY_RESTRICT rates, const double* HWY_RESTRICT visits,
                    std::size_t stages, double s, double* HWY_RESTRICT inverses) {
  const Tag d;
  const Vector shift = hn::Set(d, s);
  const Vector one = hn::Set(d, 1.0);
  Vector sums[3][kParts];
  for (auto& sum : sums) {
    for (Vector& part : sum) part = hn::Zero(d);
  }
  for (std::size_t k = 0; k < stages; k += kLanes) {
    for (std::size_t p = 0; p < kParts; ++p) {
      const std::size_t at = k + p * kWidth;
      const Vector inverse = hn::Div(one, hn::Add(shift, hn::Load(d, rates + at)));
      hn::Store(inverse, d, inverses + at);
      const Vector first = hn::Mul(hn::Load(d, visits + at), inverse);
      const Vector second = hn::Mul(first, inverse);
      sums[0][p] = hn::Add(sums[0][p], first);
      sums[1][p] = hn::Add(sums[1][p], second);
      sums[2][p] = hn::Add(sums[2][p], hn::Mul(second, inverse));
    }
  }
  return {Fold(sums[0]), Fold(sums[1]), Fold(sums[2])};
}

// (re + i im) *= (x + i y).
HWY_INLINE void MultiplyBy(Vector x, Vector y, Vector& re, Vector& im) {
  const Vector new_re = hn::Sub(hn::Mul(re, x), hn::Mul(im, y));
  im = hn::Add(hn::Mul(re, y), hn::Mul(im, x));
  re = new_re;
}

// kBlocks * kLanes nodes at a time: two blocks hide the latency of the chain of products.
template <std::size_t kBlocks>
HWY_INLINE void MultiplyBlocks(const double* HWY_RESTRICT inverses,
                               const double* HWY_RESTRICT visits, std::size_t stages,
                               const double* HWY_RESTRICT offset_re,
                               const double* HWY_RESTRICT offset_im,
                               double* HWY_RESTRICT product_re, double* HWY_RESTRICT product_im) {
  const Tag d;
  constexpr std::size_t kVectors = kBlocks * kParts;
  const Vector one = hn::Set(d, 1.0);
  Vector re[kVectors];
  Vector im[kVectors];
  for (std::size_t v = 0; v < kVectors; ++v) {
    re[v] = hn::Load(d, product_re + v * kWidth);
    im[v] = hn::Load(d, product_im + v * kWidth);
  }
  for (std::size_t k = 0; k < stages; ++k) {
    if (visits[k] == 0.0 || visits[k] != std::floor(visits[k])) continue;
    const Vector inverse = hn::Set(d, inverses[k]);
    for (std::size_t v = 0; v < kVectors; ++v) {
      Vector x = hn::Add(one, hn::Mul(hn::Load(d, offset_re + v * kWidth), inverse));
      Vector y = hn::Mul(hn::Load(d, offset_im + v * kWidth), inverse);
      auto power = static_cast<std::size_t>(visits[k]);
      for (; power > 1; power /= 2) {
        if (power % 2 == 1) MultiplyBy(x, y, re[v], im[v]);
        MultiplyBy(x, y, x, y);
      }
      MultiplyBy(x, y, re[v], im[v]);
    }
  }
  for (std::size_t v = 0; v < kVectors; ++v) {
    hn::Store(re[v], d, product_re + v * kWidth);
    hn::Store(im[v], d, product_im + v * kWidth);
  }
}

void MultiplyFactors(const double* HWY_RESTRICT inverses, const double* HWY_RESTRICT visits,
                     std::size_t stages, const double* HWY_RESTRICT offset_re,
                     const double* HWY_RESTRICT offset_im, std::size_t nodes,
                     double* HWY_RESTRICT product_re, double* HWY_RESTRICT product_im) {
  std::size_t j = 0;
  for (; j + 2 * kLanes <= nodes; j += 2 * kLanes) {
    MultiplyBlocks<2>(inverses, visits, stages, offset_re + j, offset_im + j, product_re + j,
                      product_im + j);
  }
  for (; j < nodes; j += kLanes) {
    MultiplyBlocks<1>(inverses, visits, stages, offset_re + j, offset_im + j, product_re + j,
                      product_im + j);
  }
}

void SumSlopes(const double* HWY_RESTRICT rates, const double* HWY_RESTRICT visits,
               std::size_t stages, const double* HWY_RESTRICT s_re, const double* HWY_RESTRICT s_im,
               const double* HWY_RESTRICT weight_re, const double* HWY_RESTRICT weight_im,
               std::size_t nodes, double* HWY_RESTRICT slopes) {
  const Tag d;
  for (std::size_t k = 0; k < stages; k += kWidth) {
    const Vector rate = hn::Load(d, rates + k);
    Vector sum = hn::Zero(d);
    for (std::size_t j = 0; j < nodes; ++j) {
      const Vector x = hn::Add(hn::Set(d, s_re[j]), rate);
      const double y = s_im[j];
      const Vector numerator =
          hn::Add(hn::Mul(hn::Set(d, weight_re[j]), x), hn::Set(d, weight_im[j] * y));
      const Vector norm = hn::Add(hn::Mul(x, x), hn::Set(d, y * y));
      sum = hn::Add(sum, hn::Div(numerator, norm));
    }
    hn::Store(hn::Mul(hn::Div(hn::Load(d, visits + k), rate), sum), d, slopes + k);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace trimtab::sequence
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trimtab::sequence {

HWY_EXPORT(SumPowers);
HWY_EXPORT(MultiplyFactors);
HWY_EXPORT(SumSlopes);

PowerSums SumPowers(const double* rates, const double* visits, std::size_t stages, double s,
                    double* inverses) {
  return HWY_DYNAMIC_DISPATCH(SumPowers)(rates, visits, stages, s, inverses);
}

void MultiplyFactors(const double* inverses, const double* visits, std::size_t stages,
                     const double* offset_re, const double* offset_im, std::size_t nodes,
                     double* product_re, double* product_im) {
  HWY_DYNAMIC_DISPATCH(MultiplyFactors)
  (inverses, visits, stages, offset_re, offset_im, nodes, product_re, product_im);
}

void SumSlopes(const double* rates, const double* visits, std::size_t stages, const double* s_re,
               const double* s_im, const double* weight_re, const double* weight_im,
               std::size_t nodes, double* slopes) {
  HWY_DYNAMIC_DISPATCH(SumSlopes)
  (rates, visits, stages, s_re, s_im, weight_re, weight_im, nodes, slopes);
}

}  // namespace trimtab::sequence
#endif
