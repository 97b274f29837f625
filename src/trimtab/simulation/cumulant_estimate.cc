#include "trimtab/simulation/cumulant_estimate.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "trimtab/probability/cumulants.h"
#include "trimtab/simulation/tail_estimate.h"

namespace trimtab {
namespace {

constexpr double kFewestOfABatch = 3;

// Sums of powers of the distances from one point, the same for all batches.
struct PowerSums {
  double count = 0;
  double first = 0;
  double second = 0;
  double third = 0;

  void Add(const PowerSums& other) {
    count += other.count;
    first += other.first;
    second += other.second;
    third += other.third;
  }
  PowerSums Without(const PowerSums& part) const {
    return {count - part.count, first - part.first, second - part.second, third - part.third};
  }
};

// k-statistics of the distances. REQUIRES: sums.count >= 3.
Cumulants KStatistics(const PowerSums& sums) {
  const double n = sums.count;
  const double mean = sums.first / n;
  const double squares = sums.second - n * mean * mean;
  const double cubes = sums.third - 3 * mean * sums.second + 2 * n * mean * mean * mean;
  return {.mean = mean,
          .variance = std::max(squares, 0.0) / (n - 1),
          .third = cubes * n / ((n - 1) * (n - 2))};
}

// The jackknife's standard error of one member, relative to `value`.
double RelativeError(const std::vector<Cumulants>& without, double Cumulants::* member,
                     double value) {
  const auto count = static_cast<double>(without.size());
  double mean = 0;
  for (const Cumulants& of : without) mean += of.*member / count;
  double squares = 0;
  for (const Cumulants& of : without) squares += (of.*member - mean) * (of.*member - mean);
  const double error = std::sqrt(squares * (count - 1) / count);
  if (error == 0) return 0;
  return value == 0 ? kMostCumulantError : std::min(error / std::abs(value), kMostCumulantError);
}

// Of distances from `center`, all in nanoseconds.
MeasuredCumulants LabelOf(const std::vector<PowerSums>& batches, double center) {
  PowerSums all;
  for (const PowerSums& batch : batches) all.Add(batch);
  if (batches.size() < 2 || all.count < kFewestOfABatch * kTailBatches) return MeasuredCumulants();
  std::vector<Cumulants> without;
  for (const PowerSums& batch : batches) {
    const PowerSums rest = all.Without(batch);
    if (rest.count < kFewestOfABatch) return MeasuredCumulants();
    without.push_back(KStatistics(rest));
  }
  const Cumulants of = KStatistics(all);
  MeasuredCumulants label;
  label.value = {.mean = 1e-9 * (center + of.mean),
                 .variance = 1e-18 * of.variance,
                 .third = 1e-27 * of.third};
  label.relative_standard_error = {
      .mean = RelativeError(without, &Cumulants::mean, center + of.mean),
      .variance = RelativeError(without, &Cumulants::variance, of.variance),
      .third = RelativeError(without, &Cumulants::third, of.third)};
  return label;
}

// A point among the values: sums of powers about it lose few digits.
double CenterOf(const std::vector<float>& latencies, std::size_t count) {
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += static_cast<double>(latencies[i]);
  return sum / static_cast<double>(count);
}

PowerSums SumsOf(const LogHistogram& histogram, double center) {
  PowerSums sums;
  histogram.ForEachBin([&](double low, double high, std::uint32_t counted) {
    const double count = counted;
    const double width = high - low;
    const double distance = (low + high - 1) / 2 - center;
    const double spread = (width * width - 1) / 12;  // variance of even integers
    sums.count += count;
    sums.first += count * distance;
    sums.second += count * (distance * distance + spread);
    sums.third += count * distance * (distance * distance + 3 * spread);
  });
  return sums;
}

}  // namespace

MeasuredCumulants EstimateCumulants(const std::vector<float>& latencies) {
  const std::size_t count = latencies.size();
  if (count < kTailBatches) return MeasuredCumulants();
  const double center = CenterOf(latencies, count / kTailBatches);
  std::vector<PowerSums> batches;
  for (std::size_t b = 0; b < kTailBatches; ++b) {
    const std::size_t end = (b + 1) * count / kTailBatches;
    PowerSums sums;
    for (std::size_t i = b * count / kTailBatches; i < end; ++i) {
      const double distance = static_cast<double>(latencies[i]) - center;
      const double square = distance * distance;
      sums.count += 1;
      sums.first += distance;
      sums.second += square;
      sums.third += square * distance;
    }
    batches.push_back(sums);
  }
  return LabelOf(batches, center);
}

MeasuredCumulants EstimateCumulants(const std::vector<LogHistogram>& batches) {
  std::vector<PowerSums> sums;
  double center = 0;
  for (const LogHistogram& batch : batches) {
    if (batch.total() == 0) continue;
    if (sums.empty()) center = batch.ValueAt(Quantile(0.5));
    sums.push_back(SumsOf(batch, center));
  }
  return LabelOf(sums, center);
}

}  // namespace trimtab
