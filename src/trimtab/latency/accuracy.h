// How well a latency model predicts samples that it has not seen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/latency/latency_model.h"
#include "trimtab/latency/latency_sample.h"

namespace trimtab {

// Which samples train and which test, as indices in rising order.
struct SampleSplit {
  std::vector<std::size_t> training;
  std::vector<std::size_t> test;
};

// Draws `test_share` of `count` samples at random for the test (Grad VI-B: 15 %). The same
// arguments give the same split. REQUIRES: 0 <= test_share <= 1.
SampleSplit SplitSamples(std::size_t count, double test_share, std::uint64_t seed);
std::vector<LatencySample> SelectSamples(std::span<const LatencySample> samples,
                                         std::span<const std::size_t> indices);

struct MicroserviceAccuracy {
  std::string name;
  double accuracy = 0;  // 100 % - MAPE, in percent; may be negative
  std::size_t samples = 0;
  friend bool operator==(const MicroserviceAccuracy&, const MicroserviceAccuracy&) = default;
};

// One model over the microservices of an application.
struct AccuracyReport {
  std::string model;
  std::vector<MicroserviceAccuracy> microservices;
  // Over the microservices; of an even number, the mean of the middle two.
  double median = 0;
  double worst = 0;

  // Computes median and worst. REQUIRES: at least one microservice.
  static AccuracyReport Of(std::string model, std::vector<MicroserviceAccuracy> microservices);
  friend bool operator==(const AccuracyReport&, const AccuracyReport&) = default;
};

// Which interferences are hidden from a model when it is tested.
struct InterferenceMask {
  std::string name;         // "none", "cpu", ..., "all"
  std::uint8_t hidden = 0;  // bit i hides kInterferenceKinds[i]
};

// None hidden, each alone, all four.
std::vector<InterferenceMask> StandardMasks();
LatencyFeatures Hide(const LatencyFeatures& features, const InterferenceMask& mask);

// 100 % - the mean absolute percentage error of `model` on `samples`, with `mask` applied.
// REQUIRES: at least one sample, every tail above 0.
double Accuracy(const LatencyModel& model, std::span<const LatencySample> samples,
                const InterferenceMask& mask = {});

// The machine-readable form: {"models": [{"model", "microservices": [{"name", "accuracy",
// "samples"}], "median", "worst"}]}.
std::string AccuracyJson(std::span<const AccuracyReport> reports);

}  // namespace trimtab
