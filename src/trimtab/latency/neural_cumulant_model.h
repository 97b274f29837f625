// Mean, variance and third cumulant of own latency over CPU, memory, load and interference.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "trimtab/latency/feature_ranges.h"
#include "trimtab/latency/latency_sample.h"
#include "trimtab/latency/neural_latency_model.h"
#include "trimtab/neural/simd_level.h"
#include "trimtab/probability/cumulants.h"

namespace trimtab {

// The same distribution as three times, which scale with latency: mean, standard deviation and the
// cube root of the third cumulant.
struct CumulantTimes {
  LatencySample mean;
  LatencySample deviation;
  LatencySample third_root;
};

// Each as the tail of a sample with the features and flags of `sample`, and with its own error: of
// a time, half that of the variance and a third of that of the third cumulant. A deviation below a
// thousandth of the mean, and a third cumulant below LeastThird(), count as that.
// REQUIRES: a mean above 0 and a variance of at least 0.
CumulantTimes TimesOf(const LatencySample& sample);

// Cumulants in s, s^2 and s^3 with their slopes, each in its own unit per core, per MiB and per
// request/s.
struct CumulantPrediction {
  Cumulants value;
  Cumulants by_cpu;
  Cumulants by_memory;
  Cumulants by_load;
};

// Three networks as NeuralLatencyModel, one for each of CumulantTimes: what Derm's planner needs
// of a microservice where containers change their size. All three cumulants are above 0, fall along
// CPU and memory and rise along load everywhere; interference that is absent is averaged over.
// Immutable; thread-safe. Cost: three predictions of NeuralLatencyModel.
class NeuralCumulantModel {
 public:
  // Trains on `samples`, each weighed by the error of the cumulant in question. The same arguments
  // give the same model. Fails as NeuralLatencyModel::Fit(), and with kInvalidArgument on a sample
  // whose mean is not above 0 or whose variance is below 0, by its index.
  static absl::StatusOr<NeuralCumulantModel> Fit(std::span<const LatencySample> samples,
                                                 const NeuralLatencyOptions& options);

  // {"mean", "deviation", "thirdRoot"}, each as NeuralLatencyModel::ToJson(), with the same bytes
  // when read back.
  std::string ToJson() const;
  // kInvalidArgument names the member that is unknown, missing or wrong, or whose ranges are not
  // those of the mean.
  static absl::StatusOr<NeuralCumulantModel> FromJson(std::string_view text, SimdLevel simd);

  const FeatureRanges& ranges() const { return mean_.ranges(); }
  Cumulants Predict(const LatencyFeatures& features) const;
  CumulantPrediction PredictWithGradient(const LatencyFeatures& features) const;

  // What a LatencyBank evaluates for many containers at once.
  const NeuralLatencyModel& mean() const { return mean_; }
  const NeuralLatencyModel& deviation() const { return deviation_; }
  const NeuralLatencyModel& third_root() const { return third_root_; }

 private:
  NeuralCumulantModel(NeuralLatencyModel mean, NeuralLatencyModel deviation,
                      NeuralLatencyModel third_root);

  NeuralLatencyModel mean_;
  NeuralLatencyModel deviation_;
  NeuralLatencyModel third_root_;
};

}  // namespace trimtab
