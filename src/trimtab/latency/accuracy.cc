#include "trimtab/latency/accuracy.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "trimtab/application/interference.h"
#include "trimtab/latency/latency_model.h"
#include "trimtab/latency/latency_sample.h"
#include "trimtab/probability/random_stream.h"

namespace trimtab {

SampleSplit SplitSamples(std::size_t count, double test_share, std::uint64_t seed) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  RandomStream random(seed, "accuracy/split");
  for (std::size_t i = count; i > 1; --i) std::swap(order[i - 1], order[random.Below(i)]);
  const auto tested =
      static_cast<std::ptrdiff_t>(std::llround(static_cast<double>(count) * test_share));
  SampleSplit split;
  split.test.assign(order.begin(), order.begin() + tested);
  split.training.assign(order.begin() + tested, order.end());
  std::ranges::sort(split.test);
  std::ranges::sort(split.training);
  return split;
}

std::vector<LatencySample> SelectSamples(std::span<const LatencySample> samples,
                                         std::span<const std::size_t> indices) {
  std::vector<LatencySample> selected;
  selected.reserve(indices.size());
  for (const std::size_t index : indices) selected.push_back(samples[index]);
  return selected;
}

AccuracyReport AccuracyReport::Of(std::string model,
                                  std::vector<MicroserviceAccuracy> microservices) {
  std::vector<double> sorted;
  for (const MicroserviceAccuracy& each : microservices) sorted.push_back(each.accuracy);
  std::ranges::sort(sorted);
  const std::size_t middle = sorted.size() / 2;
  const double median =
      sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return {std::move(model), std::move(microservices), median, sorted.front()};
}

std::vector<InterferenceMask> StandardMasks() {
  std::vector<InterferenceMask> masks = {{"none", 0}};
  for (const InterferenceKind kind : kInterferenceKinds) {
    masks.push_back({std::string(InterferenceName(kind)),
                     static_cast<std::uint8_t>(1U << static_cast<unsigned>(kind))});
  }
  masks.push_back({"all", 0x0F});
  return masks;
}

LatencyFeatures Hide(const LatencyFeatures& features, const InterferenceMask& mask) {
  LatencyFeatures visible = features;
  for (const InterferenceKind kind : kInterferenceKinds) {
    if ((mask.hidden >> static_cast<unsigned>(kind) & 1U) != 0) visible.interference.Forget(kind);
  }
  return visible;
}

double Accuracy(const LatencyModel& model, std::span<const LatencySample> samples,
                const InterferenceMask& mask) {
  double error = 0;
  for (const LatencySample& sample : samples) {
    error += std::abs(model.Predict(Hide(sample.features, mask)) / sample.tail - 1);
  }
  return 100 * (1 - error / static_cast<double>(samples.size()));
}

}  // namespace trimtab
