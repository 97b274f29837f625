#include "trimtab/neural/portable_math.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace trimtab {
namespace {

// ln 2 in two parts: the high one has trailing zeros, so that its multiples are exact.
constexpr double kLn2High = 0x1.62e42fee00000p-1;
constexpr double kLn2Low = 0x1.a39ef35793c76p-33;

// 1/n!
constexpr std::array<double, 14> kExpSeries = [] {
  std::array<double, 14> series{1.0};
  for (std::size_t n = 1; n < series.size(); ++n) {
    series[n] = series[n - 1] / static_cast<double>(n);
  }
  return series;
}();

// 1/(2n + 1)
constexpr std::array<double, 11> kAtanhSeries = [] {
  std::array<double, 11> series{};
  for (std::size_t n = 0; n < series.size(); ++n) series[n] = 1.0 / static_cast<double>(2 * n + 1);
  return series;
}();

}  // namespace

double PortableExp(double x) {
  if (std::isnan(x)) return x;
  if (x > 709.0) return std::numeric_limits<double>::infinity();
  if (x < -708.0) return 0.0;
  const double multiple = std::nearbyint(x * 1.44269504088896340736);
  const double rest = (x - multiple * kLn2High) - multiple * kLn2Low;
  // Taylor series on |rest| <= 0.347: the 14th term is below 5e-18.
  double sum = 0.0;
  for (std::size_t n = kExpSeries.size(); n-- > 0;) sum = sum * rest + kExpSeries[n];
  const auto exponent = static_cast<std::uint64_t>(static_cast<std::int64_t>(multiple) + 1023);
  return sum * std::bit_cast<double>(exponent << 52);
}

double PortableLog(double x) {
  int exponent = 0;
  double fraction = std::frexp(x, &exponent);
  if (fraction < 0.70710678118654752440) {
    fraction *= 2;
    --exponent;
  }
  // log(f) = 2 atanh(z), z = (f - 1) / (f + 1), |z| <= 0.172: the term z^23 is below 1e-17.
  const double z = (fraction - 1) / (fraction + 1);
  const double square = z * z;
  double sum = 0.0;
  for (std::size_t n = kAtanhSeries.size(); n-- > 1;) sum = (sum + kAtanhSeries[n]) * square;
  return exponent * kLn2High + (2 * z + (2 * z * sum + exponent * kLn2Low));
}

}  // namespace trimtab
