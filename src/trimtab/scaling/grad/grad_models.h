// The learned models that Grad plans with, joined to an application.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/application/application.h"
#include "trimtab/endtoend/end_to_end_predictor.h"
#include "trimtab/latency/feature_ranges.h"
#include "trimtab/latency/latency_bank.h"
#include "trimtab/latency/neural_latency_model.h"
#include "trimtab/neural/simd_level.h"

namespace trimtab {

// Immutable; thread-safe. Owns copies of what it was made from.
class GradModels {
 public:
  // `latency` is indexed by MicroserviceId; null where a microservice has no profile, which then
  // keeps its allocation. kInvalidArgument when it does not fit the application, no model is
  // given, the models differ in shape, or the end-to-end model is wrong or names a microservice
  // that the application does not have.
  static absl::StatusOr<GradModels> Create(const Application& application,
                                           std::span<const NeuralLatencyModel* const> latency,
                                           EndToEndModel end_to_end);

  struct Joined {
    std::optional<std::size_t> model;  // in bank()
    std::optional<std::size_t> token;  // in predictor()
    FeatureRanges ranges;              // of the model
  };

  std::size_t size() const { return joined_.size(); }
  const Joined& of(MicroserviceId id) const { return joined_[id.value()]; }
  const LatencyBank& bank() const { return bank_; }
  const EndToEndPredictor& predictor() const { return predictor_; }
  SimdLevel simd() const { return simd_; }

 private:
  GradModels(LatencyBank bank, EndToEndPredictor predictor, SimdLevel simd)
      : bank_(std::move(bank)), predictor_(std::move(predictor)), simd_(simd) {}

  LatencyBank bank_;
  EndToEndPredictor predictor_;
  SimdLevel simd_;
  std::vector<Joined> joined_;
};

}  // namespace trimtab
