// `LatencyModel`: the tail latency of one microservice as a function of what its container gets.
#pragma once

#include <string>
#include <string_view>

#include "trimtab/latency/feature_ranges.h"
#include "trimtab/latency/latency_sample.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// Slopes of the tail latency, what Grad's eq. 2 and 3 are made of.
struct LatencyGradient {
  double by_cpu = 0;     // in ms per core
  double by_memory = 0;  // in ms per MiB
  double by_load = 0;    // in ms per request/s
};

struct LatencyPrediction {
  Latency tail{0};
  LatencyGradient gradient;
};

// Learned from samples; immutable. Thread-safe.
// A model answers everywhere; only inside ranges() has it seen what it answers. Interference that
// is absent is answered for as if averaged over what training saw.
class LatencyModel {
 public:
  virtual ~LatencyModel() = default;

  // The name in the table of models, such as "nn4".
  virtual std::string_view name() const = 0;
  virtual const FeatureRanges& ranges() const = 0;

  // Never below 0, always finite for finite features.
  virtual Latency Predict(const LatencyFeatures& features) const = 0;
  // The slopes are exact for the neural and the piecewise-linear model; trees have none, and
  // theirs are central differences over a tenth of the range.
  virtual LatencyPrediction PredictWithGradient(const LatencyFeatures& features) const = 0;
};

}  // namespace trimtab
