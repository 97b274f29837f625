// How well a model of cumulants predicts samples that it has not seen.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/latency/accuracy.h"
#include "trimtab/latency/latency_models.h"
#include "trimtab/latency/latency_sample.h"
#include "trimtab/latency/neural_cumulant_model.h"

namespace trimtab {

// A label whose own error is larger tests nothing: of the mean, the deviation or the cube root of
// the third cumulant, each for itself.
inline constexpr double kMostErrorOfATestTime = 0.1;

// 100 % - MAPE in percent, over the samples whose label tests something.
struct JudgedAccuracy {
  double accuracy = 0;  // 0 without samples
  std::int64_t samples = 0;
  friend bool operator==(const JudgedAccuracy&, const JudgedAccuracy&) = default;
};

// The third cumulant is the cube of the time that its network learns, so errors of it are three
// times as large, those of its labels too: its cube root stands beside it.
struct CumulantAccuracy {
  JudgedAccuracy mean;
  JudgedAccuracy deviation;
  JudgedAccuracy third_root;
  JudgedAccuracy third;
  friend bool operator==(const CumulantAccuracy&, const CumulantAccuracy&) = default;
};

// With `mask` applied. REQUIRES: samples that NeuralCumulantModel::Fit() accepts.
CumulantAccuracy AccuracyOfCumulants(const NeuralCumulantModel& model,
                                     std::span<const LatencySample> samples,
                                     const InterferenceMask& mask = {});

// Fits NeuralCumulantModel and, beside it, NeuralLatencyModel to every microservice on up to
// `threads` threads, which changes no figure, and tests both. Reports for each mask: "mean",
// "deviation", "third-root", "third"; "p95-of-cumulants", the P95 that the predicted cumulants
// imply (QuantileOf() of cumulant_curve.h) against the P95 measured; "p95-of-measured-cumulants",
// the same from the labels: what any model can reach that way; and "p95-network", the network that
// learns it. A microservice without a label to test on is left out of that report, and a report
// without any microservice is left out. Fails as the models do, naming the microservice, and with
// kInvalidArgument when there is no microservice or one has no test sample.
absl::StatusOr<std::vector<AccuracyReport>> EvaluateCumulantModel(
    std::span<const MicroserviceSamples> microservices, std::span<const InterferenceMask> masks,
    const NeuralLatencyOptions& options, int threads);

}  // namespace trimtab
