// Named random streams: the only source of randomness below `cli`.
#pragma once

#include <cstdint>
#include <random>
#include <string_view>

namespace trimtab {

// A reproducible stream of random numbers. One master seed gives any number of streams by name, so
// adding a consumer does not shift the others, and two policies see the same arrivals and demands
// (common random numbers). The engine is standardised (mt19937_64) and every distribution is ours,
// by inverse CDF or named transform: the standard library's differ between implementations.
// Thread-safety: one stream per thread.
class RandomStream {
 public:
  // Streams of the same (seed, name) are equal; of different names, independent for all purposes.
  RandomStream(std::uint64_t seed, std::string_view name);

  std::uint64_t NextBits() { return engine_(); }
  // Uniform on the open interval (0, 1): a logarithm of it is finite.
  double Uniform() { return (static_cast<double>(engine_() >> 11) + 0.5) * 0x1.0p-53; }
  // Uniform integer in [0, bound). REQUIRES: bound > 0.
  std::uint64_t Below(std::uint64_t bound);
  // Exponential of mean 1.
  double Exponential();
  // Standard normal, by Wichura's inverse CDF (AS 241).
  double Normal();

 private:
  std::mt19937_64 engine_;
};

// The inverse of the standard normal CDF (Wichura 1988, AS 241 PPND16): relative error 1e-15.
// REQUIRES: 0 < p < 1.
double InverseNormal(double p);

}  // namespace trimtab
