// Streaming quantiles: a histogram with logarithmic bins.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "trimtab/quantity/quantity.h"

namespace trimtab {

// Counts non-negative integers (nanoseconds, usually) in bins of equal relative width.
//
// `bins_per_octave` = 128 makes a bin at most 1/128 = 0.8 % wide, so a quantile, read at the middle
// of its bin, is within 0.4 % of the exact order statistic. Values below bins_per_octave are exact.
// Add() is a shift, a mask and an increment. Memory grows to the largest value seen, at most
// 64 * bins_per_octave * 4 bytes, and is independent of the count.
// Thread-safety: none; merge per-thread histograms instead.
class LogHistogram {
 public:
  // REQUIRES: bins_per_octave is a power of two in [2, 4096].
  explicit LogHistogram(int bins_per_octave = 128);

  // A negative value counts as 0.
  void Add(std::int64_t value) {
    const std::size_t bin = BinOf(value < 0 ? 0 : static_cast<std::uint64_t>(value));
    if (bin >= counts_.size()) [[unlikely]] {
      counts_.resize(bin + 1);
    }
    ++counts_[bin];
    ++total_;
  }
  void Clear();
  // REQUIRES: the same bins per octave.
  void Merge(const LogHistogram& other);

  std::uint64_t total() const { return total_; }
  // The value below which a share `q` of the counts lies, interpolated inside its bin; 0 when
  // empty (ask total() first: an empty histogram has no quantile).
  double ValueAt(Quantile q) const;
  // Appends one value for each that was counted, in rising order, each at the middle of its bin: as
  // exact as the bins are narrow.
  void AppendTo(std::vector<double>& values) const;
  // How many counted values lie above `value`; the bin that holds `value` counts in proportion.
  double CountAbove(std::int64_t value) const;
  // Calls visit(low, high, count) for each bin that holds a count, in rising order; the bin is of
  // the integers from low to high - 1.
  template <class Visitor>
  void ForEachBin(const Visitor& visit) const {
    for (std::size_t bin = 0; bin < counts_.size(); ++bin) {
      if (counts_[bin] > 0) visit(LowerEdge(bin), LowerEdge(bin + 1), counts_[bin]);
    }
  }

 private:
  std::size_t BinOf(std::uint64_t value) const {
    // Values below 2 * 2^shift_bits_ land in exact bins; above, the leading bits select the bin.
    const auto width = static_cast<int>(std::bit_width(value >> bits_));
    const int shift = width > 1 ? width - 1 : 0;
    return (static_cast<std::size_t>(shift) << bits_) + static_cast<std::size_t>(value >> shift);
  }
  double LowerEdge(std::size_t bin) const;

  int bits_;
  std::vector<std::uint32_t> counts_;
  std::uint64_t total_ = 0;
};

}  // namespace trimtab
