// What the tail latency of a container depends on, and one measurement of it.
#pragma once

#include <span>

#include "absl/status/status.h"
#include "trimtab/application/allocation.h"
#include "trimtab/application/interference.h"
#include "trimtab/probability/cumulants.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// The arguments of Grad's f (eq. 1), for one container: its allocation u, its load rho and the
// interference I on its host.
struct LatencyFeatures {
  ContainerConfig container;
  RequestsPerSecond container_load;
  Interference interference;
  friend bool operator==(const LatencyFeatures&, const LatencyFeatures&) = default;
};

// The labels of one setting: the P95 own latency of a container under `features`, and the cumulants
// of the same requests.
struct LatencySample {
  LatencyFeatures features;
  Latency tail{0};
  // Estimated, of `tail`; what the label's weight in training is computed from.
  double relative_standard_error = 0;
  // Share of the time in which no thread of the container was free.
  double pool_full_share = 0;
  // Measured in a run of the whole call tree, not with the container alone.
  bool whole_tree = false;
  MeasuredCumulants cumulants = {};  // in s, s^2 and s^3; asked for by NeuralCumulantModel alone
};

// Whether a model can be fitted: at least one sample, and every tail, error, load and CPU positive
// (or 0, for error and load) and finite. kInvalidArgument names the first that is not, by index.
absl::Status ValidateSamples(std::span<const LatencySample> samples);

// What a label of relative standard error `error` counts against a perfect one, for a model that
// is itself off by `model_error`: the inverse of the expected squared error of their difference.
double SampleWeight(double error, double model_error);

}  // namespace trimtab
