// Correction of the predicted tail by the measured one (paper note G20).
#pragma once

#include <deque>
#include <optional>

#include "absl/status/status.h"
#include "trimtab/monitoring/series.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

struct TailBiasOptions {
  // Share of a new ratio in the average: at one decision each 15 s a step is learned to two thirds
  // in a minute, and the noise of a P95 of 150 traces (about 10 %) is averaged to a third.
  double weight = 0.2;
  double least = 0.5;
  double most = 2;
  // Measured tails of fewer traces teach nothing. That of 20 is known to a third, which the average
  // brings to a tenth.
  int fewest_traces = 20;

  // kInvalidArgument lists every violation.
  absl::Status Validate() const;
};

// Grad V says that after a miss the measured tail is "the new feedback", and not how a number
// measured under one allocation helps to plan another. Here the ratio of measured to predicted tail
// is bounded, averaged exponentially in its logarithm, and multiplies every later prediction: the
// model keeps the differences between allocations, the measurement sets the level. A ratio beyond
// the bounds comes of a queue that builds up or drains, which no model of a steady state knows: it
// counts as the bound, so that a minute of overload is not remembered for a quarter of an hour.
//
// A measured window spans several decisions, so it is compared with the mean, over the window, of
// the uncorrected predictions that were in force. Thread-safety: one caller at a time.
class TailBias {
 public:
  explicit TailBias(TailBiasOptions options) : options_(options) {}

  // From `at` on the model, uncorrected, predicts this tail; absent when it predicts none for what
  // is deployed.
  void Predicted(Instant at, std::optional<Latency> uncorrected);

  // The measured tail of `window`. Ignored when it is not a positive finite number, comes of too
  // few traces, or predictions covered less than half of the window.
  void Measured(const TimeWindow& window, Latency tail, std::size_t traces);

  // Forgets: what was learned belongs to another call graph.
  void Reset();

  // By which a prediction is to be multiplied, in [least, most]; 1 until something was learned.
  double correction() const;

 private:
  struct Prediction {
    Instant from;
    std::optional<Latency> tail;
  };
  // The mean prediction over the window, absent when less than half of it is covered.
  std::optional<Latency> MeanPrediction(const TimeWindow& window) const;

  TailBiasOptions options_;
  std::deque<Prediction> predictions_;
  double log_correction_ = 0;
};

}  // namespace trimtab
