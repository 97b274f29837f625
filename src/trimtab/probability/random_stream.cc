#include "trimtab/probability/random_stream.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace trimtab {
namespace {

std::uint64_t SplitMix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

std::uint64_t StreamSeed(std::uint64_t seed, std::string_view name) {
  std::uint64_t hash = SplitMix(seed);
  for (const char c : name) hash = SplitMix(hash ^ static_cast<unsigned char>(c));
  return SplitMix(hash ^ name.size());
}

template <std::size_t N>
double Polynomial(const std::array<double, N>& coefficients, double x) {
  double value = 0;
  for (std::size_t i = N; i-- > 0;) value = value * x + coefficients[i];
  return value;
}

// Wichura (1988), "Algorithm AS 241: The Percentage Points of the Normal Distribution", PPND16.
constexpr std::array<double, 8> kCentralNumerator = {
    3.3871328727963666080e0,  1.3314166789178437745e+2, 1.9715909503065514427e+3,
    1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
    3.3430575583588128105e+4, 2.5090809287301226727e+3};
constexpr std::array<double, 8> kCentralDenominator = {1.0,
                                                       4.2313330701600911252e+1,
                                                       6.8718700749205790830e+2,
                                                       5.3941960214247511077e+3,
                                                       2.1213794301586595867e+4,
                                                       3.9307895800092710610e+4,
                                                       2.8729085735721942674e+4,
                                                       5.2264952788528545610e+3};
constexpr std::array<double, 8> kMiddleNumerator = {
    1.42343711074968357734e0,  4.63033784615654529590e0, 5.76949722146069140550e0,
    3.64784832476320460504e0,  1.27045825245236838258e0, 2.41780725177450611770e-1,
    2.27238449892691845833e-2, 7.74545014278341407640e-4};
constexpr std::array<double, 8> kMiddleDenominator = {1.0,
                                                      2.05319162663775882187e0,
                                                      1.67638483018380384940e0,
                                                      6.89767334985100004550e-1,
                                                      1.48103976427480074590e-1,
                                                      1.51986665636164571966e-2,
                                                      5.47593808499534494600e-4,
                                                      1.05075007164441684324e-9};
constexpr std::array<double, 8> kTailNumerator = {
    6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,
    2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
    2.71155556874348757815e-5, 2.01033439929228813265e-7};
constexpr std::array<double, 8> kTailDenominator = {1.0,
                                                    5.99832206555887937690e-1,
                                                    1.36929880922735805310e-1,
                                                    1.48753612908506148525e-2,
                                                    7.86869131145613259100e-4,
                                                    1.84631831751005468180e-5,
                                                    1.42151175831644588870e-7,
                                                    2.04426310338993978564e-15};

}  // namespace

double InverseNormal(double p) {
  const double q = p - 0.5;
  if (std::abs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * Polynomial(kCentralNumerator, r) / Polynomial(kCentralDenominator, r);
  }
  double r = std::sqrt(-std::log(q < 0 ? p : 1 - p));
  double value = 0;
  if (r <= 5) {
    r -= 1.6;
    value = Polynomial(kMiddleNumerator, r) / Polynomial(kMiddleDenominator, r);
  } else {
    r -= 5;
    value = Polynomial(kTailNumerator, r) / Polynomial(kTailDenominator, r);
  }
  return q < 0 ? -value : value;
}

RandomStream::RandomStream(std::uint64_t seed, std::string_view name)
    : engine_(StreamSeed(seed, name)) {}

std::uint64_t RandomStream::Below(std::uint64_t bound) {
  // Lemire's multiply-shift with rejection: no bias.
  for (;;) {
    const auto product = static_cast<unsigned __int128>(engine_()) * bound;
    const auto low = static_cast<std::uint64_t>(product);
    if (low >= bound || low >= (-bound) % bound) return static_cast<std::uint64_t>(product >> 64);
  }
}

double RandomStream::Exponential() { return -std::log(Uniform()); }

double RandomStream::Normal() { return InverseNormal(Uniform()); }

}  // namespace trimtab
