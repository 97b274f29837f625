#include "trimtab/probability/log_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "trimtab/quantity/quantity.h"

namespace trimtab {

LogHistogram::LogHistogram(int bins_per_octave)
    : bits_(std::countr_zero(static_cast<unsigned>(bins_per_octave))) {}

void LogHistogram::Clear() {
  std::fill(counts_.begin(), counts_.end(), 0U);
  total_ = 0;
}

void LogHistogram::Merge(const LogHistogram& other) {
  if (counts_.size() < other.counts_.size()) counts_.resize(other.counts_.size());
  for (std::size_t i = 0; i < other.counts_.size(); ++i) counts_[i] += other.counts_[i];
  total_ += other.total_;
}

double LogHistogram::LowerEdge(std::size_t bin) const {
  // Inverse of BinOf: bin = (shift << bits) + (value >> shift), value >> shift in [2^bits,
  // 2^(bits+1)) for shift > 0.
  const std::size_t one = std::size_t{1} << bits_;
  if (bin < 2 * one) return static_cast<double>(bin);
  const auto shift = static_cast<int>((bin >> bits_) - 1);
  const std::size_t mantissa = bin - (static_cast<std::size_t>(shift) << bits_);
  return std::ldexp(static_cast<double>(mantissa), shift);
}

double LogHistogram::ValueAt(Quantile q) const {
  if (total_ == 0) return 0;
  const double rank = q.level() * static_cast<double>(total_);
  double below = 0;
  std::size_t last = 0;
  for (std::size_t bin = 0; bin < counts_.size(); ++bin) {
    if (counts_[bin] == 0) continue;
    last = bin;
    const double count = counts_[bin];
    if (below + count >= rank) {
      const double low = LowerEdge(bin);
      return low + (LowerEdge(bin + 1) - low) * ((rank - below) / count);
    }
    below += count;
  }
  return LowerEdge(last + 1);
}

void LogHistogram::AppendTo(std::vector<double>& values) const {
  ForEachBin([&values](double low, double high, std::uint32_t count) {
    values.insert(values.end(), count, 0.5 * (low + high - 1));
  });
}

double LogHistogram::CountAbove(std::int64_t value) const {
  const std::uint64_t clipped = value < 0 ? 0 : static_cast<std::uint64_t>(value);
  const std::size_t split = BinOf(clipped);
  double above = 0;
  for (std::size_t bin = split + 1; bin < counts_.size(); ++bin) above += counts_[bin];
  if (split < counts_.size()) {
    const double low = LowerEdge(split);
    const double width = LowerEdge(split + 1) - low;
    above +=
        counts_[split] * (1.0 - (static_cast<double>(clipped) + 1 - low) / (width > 1 ? width : 1));
  }
  return above;
}

}  // namespace trimtab
