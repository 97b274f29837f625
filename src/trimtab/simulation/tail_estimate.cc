#include "trimtab/simulation/tail_estimate.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "trimtab/quantity/quantity.h"

namespace trimtab {
namespace {

constexpr double kBelow = 0.93;
constexpr double kAbove = 0.97;

// From the shares above the P95 in each batch and the quantiles around it, in nanoseconds.
TailEstimate FromShares(const std::vector<double>& shares, double low, double tail, double high) {
  double sum = 0;
  double squares = 0;
  for (const double share : shares) {
    sum += share;
    squares += share * share;
  }
  const auto count = static_cast<double>(shares.size());
  if (count < 2 || tail <= 0) return {Latency(tail * 1e-6), 1.0};
  const double mean = sum / count;
  const double variance = std::max(0.0, squares / count - mean * mean) / (count - 1);
  const double slope = (high - low) / (kAbove - kBelow);
  return {Latency(tail * 1e-6), std::sqrt(variance) * slope / tail};
}

}  // namespace

TailEstimate EstimateTail(const std::vector<float>& latencies) {
  const std::size_t count = latencies.size();
  if (count < kTailBatches) return {Latency(0), 1.0};
  std::vector<float> sorted = latencies;
  const auto rank = [count](double q) {
    return static_cast<std::ptrdiff_t>(q * static_cast<double>(count));
  };
  const auto begin = sorted.begin();
  std::nth_element(begin, begin + rank(kBelow), sorted.end());
  // Each selection leaves what is at and before the last rank where it is.
  if (rank(0.95) > rank(kBelow)) {
    std::nth_element(begin + rank(kBelow) + 1, begin + rank(0.95), sorted.end());
  }
  if (rank(kAbove) > rank(0.95)) {
    std::nth_element(begin + rank(0.95) + 1, begin + rank(kAbove), sorted.end());
  }
  const float tail = begin[rank(0.95)];
  std::vector<double> shares;
  for (std::size_t b = 0; b < kTailBatches; ++b) {
    const auto first = latencies.begin() + static_cast<std::ptrdiff_t>(b * count / kTailBatches);
    const auto last =
        latencies.begin() + static_cast<std::ptrdiff_t>((b + 1) * count / kTailBatches);
    const auto above = std::count_if(first, last, [tail](float value) { return value > tail; });
    shares.push_back(static_cast<double>(above) / static_cast<double>(last - first));
  }
  return FromShares(shares, begin[rank(kBelow)], tail, begin[rank(kAbove)]);
}

TailEstimate EstimateTail(const std::vector<LogHistogram>& batches) {
  if (batches.empty()) return {Latency(0), 1.0};
  LogHistogram all = batches.front();
  for (std::size_t b = 1; b < batches.size(); ++b) all.Merge(batches[b]);
  if (all.total() == 0) return {Latency(0), 1.0};
  const double tail = all.ValueAt(kP95);
  std::vector<double> shares;
  for (const LogHistogram& batch : batches) {
    if (batch.total() == 0) continue;
    shares.push_back(batch.CountAbove(static_cast<std::int64_t>(tail)) /
                     static_cast<double>(batch.total()));
  }
  return FromShares(shares, all.ValueAt(Quantile(kBelow)), tail, all.ValueAt(Quantile(kAbove)));
}

}  // namespace trimtab
