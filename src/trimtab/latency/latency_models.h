// The table of latency models, and how each of them does on the samples of an application.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/latency/accuracy.h"
#include "trimtab/latency/boosted_trees_model.h"
#include "trimtab/latency/latency_model.h"
#include "trimtab/latency/latency_sample.h"
#include "trimtab/latency/neural_latency_model.h"

namespace trimtab {

struct LatencyModelKind {
  std::string_view name;
  std::string_view description;
};

// Sorted by name: nn2 to nn6, pwl, xgb (Grad fig. 8a).
std::span<const LatencyModelKind> LatencyModelKinds();

struct LatencyModelOptions {
  NeuralLatencyOptions neural;  // the kind's name decides `layers`
  BoostedTreesOptions trees;
};

// Fits the model of that name. Fails with kNotFound on an unknown name, listing the known ones,
// and as the kind's own Fit.
absl::StatusOr<std::unique_ptr<LatencyModel>> FitLatencyModel(
    std::string_view kind, std::span<const LatencySample> samples,
    const LatencyModelOptions& options);

// The samples of one microservice, divided.
struct MicroserviceSamples {
  std::string name;
  std::vector<LatencySample> training;
  std::vector<LatencySample> test;
};

// Divides `samples` at random (see SplitSamples).
MicroserviceSamples Divide(std::string name, std::span<const LatencySample> samples,
                           double test_share, std::uint64_t seed);

// Fits `kind` to every microservice on up to `threads` threads and tests it, once for each mask.
// Reports come in the order of the masks; of a mask that hides something, the report's model is
// called "<kind> without <mask>". The result does not depend on the number of threads.
// Fails as FitLatencyModel, naming the microservice, and when one has no test sample.
absl::StatusOr<std::vector<AccuracyReport>> EvaluateLatencyModel(
    std::string_view kind, std::span<const MicroserviceSamples> microservices,
    std::span<const InterferenceMask> masks, const LatencyModelOptions& options, int threads);

}  // namespace trimtab
