// Grad's end-to-end latency predictor: the tail of the whole from the tails of its parts (IV-C).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/endtoend/end_to_end_model.h"
#include "trimtab/endtoend/own_latency.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// Evaluates an EndToEndModel in double precision. Immutable; thread-safe.
// Cost of an evaluation: O(tokens^2); a search that changes one microservice at a time uses
// IncrementalTail.
class EndToEndPredictor {
 public:
  // Own latencies below this are taken as this: their logarithm is an input.
  static constexpr Latency kShortest{1e-3};

  // Fails as EndToEndModel::Validate.
  static absl::StatusOr<EndToEndPredictor> Create(EndToEndModel model);

  const EndToEndModel& model() const { return model_; }
  const std::vector<std::string>& microservices() const { return model_.microservices; }

  // Positive and finite. REQUIRES: one finite value a token.
  Latency Predict(std::span<const OwnLatency> own_latency) const;
  // And the exact slopes, one a token.
  Latency PredictWithGradient(std::span<const OwnLatency> own_latency,
                              std::span<OwnLatencySlope> slopes) const;

  // The factor that a prediction must be multiplied by so that the measured tail stays below with
  // this confidence: the split-conformal quantile of the calibration runs, rank
  // ceil((count + 1) * confidence); the largest ratio seen where that rank exceeds the count, 1
  // without calibration.
  double ErrorQuantile(Quantile confidence) const;

 private:
  explicit EndToEndPredictor(EndToEndModel model) : model_(std::move(model)) {}
  EndToEndModel model_;
};

}  // namespace trimtab
