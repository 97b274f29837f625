#include "trimtab/probability/grid_kernels.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "trimtab/probability/grid_kernels.cc"
#include "hwy/foreach_target.h"
// foreach_target.h comes first: it includes this file again for each instruction set.
#include "hwy/highway.h"
#include "trimtab/probability/double_lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace trimtab::grid {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using lanes::HWY_NAMESPACE::kWidth;
using lanes::HWY_NAMESPACE::Tag;
using lanes::HWY_NAMESPACE::Vector;
using IntTag = hn::RebindToSigned<Tag>;
using IntVector = hn::Vec<IntTag>;

// Vectors of sums that are held at once.
constexpr std::size_t kHeld = 4;
constexpr std::size_t kBlock = kHeld * kWidth;

// Sums [first, first + kBlock). Reads `values` from kBlock - 1 before its start.
HWY_INLINE void ConvolveBlock(const double* HWY_RESTRICT weights, std::size_t count,
                              const double* HWY_RESTRICT values, double* HWY_RESTRICT sum) {
  const Tag d;
  Vector held[kHeld];
  for (Vector& each : held) each = hn::Zero(d);
  for (std::size_t m = 0; m < count; ++m) {
    const Vector weight = hn::Set(d, weights[m]);
    const double* const from = values - m;
    for (std::size_t k = 0; k < kHeld; ++k) {
      held[k] = hn::Add(held[k], hn::Mul(weight, hn::LoadU(d, from + k * kWidth)));
    }
  }
  for (std::size_t k = 0; k < kHeld; ++k) hn::StoreU(held[k], d, sum + k * kWidth);
}

HWY_INLINE IntVector Clamped(IntVector x, std::int64_t low, std::int64_t high) {
  const IntTag di;
  return hn::Min(hn::Max(x, hn::Set(di, low)), hn::Set(di, high));
}

// values[m] = at(m) for m < count, a vector of m at a time.
template <typename At>
HWY_INLINE void StoreAll(const At& at, double* HWY_RESTRICT values, std::size_t count) {
  const Tag d;
  std::size_t m = 0;
  for (; m + kWidth <= count; m += kWidth) {
    hn::StoreU(at(hn::Iota(d, static_cast<double>(m))), d, values + m);
  }
  if (m == count) return;
  double last[kWidth];
  hn::StoreU(at(hn::Iota(d, static_cast<double>(m))), d, last);
  std::copy_n(last, count - m, values + m);
}

void Interpolate(const double* HWY_RESTRICT from, std::size_t points, double first, double by,
                 double* HWY_RESTRICT values, std::size_t count) {
  const Tag d;
  const IntTag di;
  const auto last = static_cast<std::int64_t>(points);
  const auto at = [&](Vector m) HWY_ATTR {
    const Vector place = hn::Add(hn::Set(d, first), hn::Mul(m, hn::Set(d, by)));
    const IntVector begin =
        Clamped(hn::Sub(hn::ConvertTo(di, place), hn::Set(di, std::int64_t{1})), 0, last - 4);
    const Vector f0 = hn::GatherIndex(d, from, begin);
    const Vector f1 = hn::GatherIndex(d, from + 1, begin);
    const Vector f2 = hn::GatherIndex(d, from + 2, begin);
    const Vector f3 = hn::GatherIndex(d, from + 3, begin);
    const Vector u = hn::Sub(place, hn::ConvertTo(d, begin));
    const Vector one = hn::Sub(u, hn::Set(d, 1.0));
    const Vector two = hn::Sub(u, hn::Set(d, 2.0));
    const Vector three = hn::Sub(u, hn::Set(d, 3.0));
    const Vector half = hn::Set(d, 0.5);
    const Vector sixth = hn::Set(d, 1.0 / 6.0);
    const Vector left = hn::Sub(hn::Mul(hn::Mul(f1, u), half), hn::Mul(hn::Mul(f0, one), sixth));
    const Vector right =
        hn::Sub(hn::Mul(hn::Mul(f3, two), sixth), hn::Mul(hn::Mul(f2, three), half));
    const Vector value =
        hn::Add(hn::Mul(hn::Mul(two, three), left), hn::Mul(hn::Mul(u, one), right));
    // The ends of the cell: near the first and the last point it is not the middle one.
    const auto from_second = hn::Ge(one, hn::Zero(d));
    const auto from_third = hn::Ge(two, hn::Zero(d));
    const Vector low = hn::IfThenElse(from_third, f2, hn::IfThenElse(from_second, f1, f0));
    const Vector high = hn::IfThenElse(from_third, f3, hn::IfThenElse(from_second, f2, f1));
    return hn::Min(hn::Max(value, low), hn::Max(low, high));
  };
  StoreAll(at, values, count);
}

void Integrate(const double* HWY_RESTRICT from, const double* HWY_RESTRICT whole,
               std::size_t points, double by, double* HWY_RESTRICT integrals, std::size_t count) {
  const Tag d;
  const IntTag di;
  const auto last = static_cast<std::int64_t>(points) - 1;
  const Vector end = hn::Set(d, static_cast<double>(last));
  const Vector all = hn::Set(d, whole[last]);
  const Vector level = hn::Set(d, from[last]);
  const auto at = [&](Vector m) HWY_ATTR {
    const Vector one = hn::Set(d, 1.0);
    const Vector place = hn::Mul(hn::Add(m, one), hn::Set(d, by));
    const Vector inside = hn::Min(place, end);
    const IntVector cell = Clamped(hn::ConvertTo(di, inside), 0, last - 1);
    const Vector u = hn::Sub(inside, hn::ConvertTo(d, cell));
    const Vector v = hn::Sub(one, u);
    const Vector before = hn::GatherIndex(d, whole, cell);
    const Vector after = hn::GatherIndex(d, whole + 1, cell);
    const Vector f0 = hn::GatherIndex(d, from, cell);
    const Vector f1 = hn::GatherIndex(d, from + 1, cell);
    const Vector ends =
        hn::Add(hn::Mul(before, hn::Mul(hn::Mul(v, v), hn::Add(one, hn::Add(u, u)))),
                hn::Mul(after, hn::Mul(hn::Mul(u, u), hn::Add(one, hn::Add(v, v)))));
    const Vector slopes = hn::Mul(hn::Mul(u, v), hn::Sub(hn::Mul(f0, v), hn::Mul(f1, u)));
    const Vector beyond = hn::Add(all, hn::Mul(hn::Sub(place, end), level));
    return hn::IfThenElse(hn::Lt(place, end), hn::Add(ends, slopes), beyond);
  };
  StoreAll(at, integrals, count);
}

void Convolve(const double* HWY_RESTRICT weights, std::size_t weight_count,
              const double* HWY_RESTRICT values, std::size_t value_count, double* HWY_RESTRICT sum,
              std::size_t sum_count) {
  const std::size_t padded = (sum_count + kBlock - 1) / kBlock * kBlock;
  // Zeros on both sides, so that no block is a special case.
  std::vector<double> wide(kBlock + padded, 0.0);
  std::copy_n(values, std::min(value_count, sum_count), wide.data() + kBlock);
  double last[kBlock];
  for (std::size_t n = 0; n < sum_count; n += kBlock) {
    const std::size_t count = std::min(weight_count, n + kBlock);
    const bool whole = n + kBlock <= sum_count;
    ConvolveBlock(weights, count, wide.data() + kBlock + n, whole ? sum + n : last);
    if (!whole) std::copy_n(last, sum_count - n, sum + n);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace trimtab::grid
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trimtab::grid {

HWY_EXPORT(Convolve);
HWY_EXPORT(Integrate);
HWY_EXPORT(Interpolate);

void Convolve(std::span<const double> weights, std::span<const double> values,
              std::span<double> sum) {
  HWY_DYNAMIC_DISPATCH(Convolve)
  (weights.data(), weights.size(), values.data(), values.size(), sum.data(), sum.size());
}

void Interpolate(std::span<const double> from, double first, double by, std::span<double> values) {
  HWY_DYNAMIC_DISPATCH(Interpolate)
  (from.data(), from.size(), first, by, values.data(), values.size());
}

void Integrate(std::span<const double> from, std::span<const double> whole, double by,
               std::span<double> integrals) {
  HWY_DYNAMIC_DISPATCH(Integrate)
  (from.data(), whole.data(), from.size(), by, integrals.data(), integrals.size());
}

}  // namespace trimtab::grid
#endif
