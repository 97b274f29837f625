#include "trimtab/simulation/tail_estimate.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "trimtab/quantity/quantity.h"

namespace trimtab {
namespace {

// At least this far to both sides of the P95 the quantile function is looked at.
constexpr double kNarrowest = 0.01;
constexpr double kWidest = 0.045;

// Of the share above the P95, from the shares in each batch; nothing with fewer than two.
std::optional<double> ShareError(const std::vector<double>& shares) {
  const auto count = static_cast<double>(shares.size());
  if (count < 2) return std::nullopt;
  double sum = 0;
  double squares = 0;
  for (const double share : shares) {
    sum += share;
    squares += share * share;
  }
  const double mean = sum / count;
  return std::sqrt(std::max(0.0, squares / count - mean * mean) / (count - 1));
}

double WindowOf(double share_error) { return std::clamp(share_error, kNarrowest, kWidest); }

TailEstimate FromWindow(double tail, double share_error, double low, double high) {
  const double slope = (high - low) / (2 * WindowOf(share_error));
  return {Latency(tail * 1e-6), share_error * slope / tail};
}

}  // namespace

TailEstimate EstimateTail(const std::vector<float>& latencies) {
  const std::size_t count = latencies.size();
  if (count < kTailBatches) return {Latency(0), 1.0};
  std::vector<float> sorted = latencies;
  const auto rank = [count](double q) {
    return std::min(static_cast<std::ptrdiff_t>(q * static_cast<double>(count)),
                    static_cast<std::ptrdiff_t>(count) - 1);
  };
  const auto begin = sorted.begin();
  const auto middle = begin + rank(0.95);
  std::nth_element(begin, middle, sorted.end());
  const float tail = *middle;
  if (tail <= 0) return {Latency(0), 1.0};
  std::vector<double> shares;
  for (std::size_t b = 0; b < kTailBatches; ++b) {
    const auto first = latencies.begin() + static_cast<std::ptrdiff_t>(b * count / kTailBatches);
    const auto last =
        latencies.begin() + static_cast<std::ptrdiff_t>((b + 1) * count / kTailBatches);
    const auto above = std::count_if(first, last, [tail](float value) { return value > tail; });
    shares.push_back(static_cast<double>(above) / static_cast<double>(last - first));
  }
  const double error = ShareError(shares).value_or(1);
  // The selection above has put what is below the tail before it, what is above behind it.
  const auto low = begin + rank(0.95 - WindowOf(error));
  const auto high = begin + rank(0.95 + WindowOf(error));
  std::nth_element(begin, low, middle);
  if (high > middle) std::nth_element(middle + 1, high, sorted.end());
  return FromWindow(tail, error, low < middle ? *low : tail, *high);
}

TailEstimate EstimateTail(const std::vector<LogHistogram>& batches) {
  if (batches.empty()) return {Latency(0), 1.0};
  LogHistogram all = batches.front();
  for (std::size_t b = 1; b < batches.size(); ++b) all.Merge(batches[b]);
  if (all.total() == 0) return {Latency(0), 1.0};
  const double tail = all.ValueAt(kP95);
  if (tail <= 0) return {Latency(0), 1.0};
  std::vector<double> shares;
  for (const LogHistogram& batch : batches) {
    if (batch.total() == 0) continue;
    shares.push_back(batch.CountAbove(static_cast<std::int64_t>(tail)) /
                     static_cast<double>(batch.total()));
  }
  const auto error = ShareError(shares);
  if (!error) return {Latency(tail * 1e-6), 1.0};
  return FromWindow(tail, *error, all.ValueAt(Quantile(0.95 - WindowOf(*error))),
                    all.ValueAt(Quantile(0.95 + WindowOf(*error))));
}

}  // namespace trimtab
