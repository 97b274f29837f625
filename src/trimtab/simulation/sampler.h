// Draws from a law in a few nanoseconds, from a table of its inverse CDF.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "trimtab/simulation/distribution.h"

namespace trimtab {

// The inverse CDF of a law of mean 1, as straight lines on a grid that is even in each octave of
// the upper tail: 64 pieces for probabilities 0 to 1/2, 64 for 1/2 to 3/4, and so on to 1 - 2^-24,
// where the law is cut. The table is scaled so that its mean is exact; with that the means of
// queues, which depend on the law through its mean under processor sharing, are unbiased.
// Thread-safety: immutable.
class InverseCdfTable {
 public:
  // `quantile` is the inverse CDF; the scale does not matter. REQUIRES: a positive mean.
  explicit InverseCdfTable(const std::function<double(double)>& quantile);

  // The value at upper-tail probability `bits` / 2^64.
  double At(std::uint64_t bits) const {
    const auto octave = static_cast<std::size_t>(std::countl_zero(bits | 1U));
    if (octave >= kOctaves) return nodes_[kPieces * kOctaves];
    const std::uint64_t mantissa = bits << (octave + 1);  // below the leading one
    const auto piece = static_cast<std::size_t>(mantissa >> 58U);
    const auto fraction = static_cast<double>(static_cast<std::int64_t>((mantissa << 6U) >> 11U));
    const float* node = &nodes_[(octave + 1) * kPieces - piece - 1];
    return static_cast<double>(node[1]) +
           fraction * 0x1.0p-53 * static_cast<double>(node[0] - node[1]);
  }

 private:
  static constexpr std::size_t kPieces = 64;
  static constexpr std::size_t kOctaves = 24;

  std::vector<float> nodes_;  // values at falling tail probability, from 1 to 2^-kOctaves
};

// Turns 64 random bits into a time of one law. Copies share the table.
class Sampler {
 public:
  Sampler() = default;  // always 0

  // A law with one value takes no random bits, so it leaves its stream untouched.
  bool constant() const { return table_ == nullptr && high_threshold_ == 0; }
  // In nanoseconds, not rounded. `bits` is taken as an upper-tail probability: more bits, less
  // time.
  double At(std::uint64_t bits) const {
    if (table_ != nullptr) return shift_ + scale_ * table_->At(bits);
    return bits < high_threshold_ ? scale_ : shift_;
  }
  template <class Stream>
  double Draw(Stream& stream) const {
    return constant() ? shift_ : At(stream.NextBits());
  }

 private:
  friend class SamplerFactory;

  std::shared_ptr<const InverseCdfTable> table_;
  double scale_ = 0;  // of the table; the high value of a two-point law
  double shift_ = 0;  // added to the table; the low or only value otherwise
  std::uint64_t high_threshold_ = 0;
};

// Makes samplers whose tables are shared between laws of one shape: 2,500 microservices with
// exponential demands use one table of 6 KiB.
class SamplerFactory {
 public:
  // REQUIRES: a valid distribution.
  Sampler Make(const Distribution& distribution);
  // For laws outside Distribution. REQUIRES: `mean` > 0 is that of `quantile`, both in nanoseconds.
  Sampler Make(const std::function<double(double)>& quantile, double mean);

 private:
  Sampler FromTable(std::pair<int, double> shape, const Distribution& unit, double scale,
                    double shift);

  std::map<std::pair<int, double>, std::shared_ptr<const InverseCdfTable>> tables_;
};

}  // namespace trimtab
