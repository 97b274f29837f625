// Grad's latency model: a small dense network per microservice (section IV-A, eq. 1, 4 and 5).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/latency/feature_ranges.h"
#include "trimtab/latency/latency_model.h"
#include "trimtab/latency/latency_sample.h"
#include "trimtab/neural/mlp.h"
#include "trimtab/neural/mlp_shape.h"
#include "trimtab/neural/simd_level.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

struct NeuralLatencyOptions {
  // Decides the model. The paper's network has 4 layers; it does not tell their width.
  int layers = 4;
  int hidden = 32;
  // Training passes over the samples go on until about this many have been read, at least 4 and at
  // most 200 passes.
  std::int64_t samples_read = 600'000;
  double peak_rate = 0.02;
  // Residual from which the loss is linear, in units of the latency's logarithm: 0.1 is 10 %.
  double huber_log = 0.1;
  // Each interference of each sample is hidden with this probability, anew in every pass, so that
  // the model can answer when a cluster does not measure it.
  double mask_probability = 0.1;
  // Whether the model falls along CPU and memory and rises along load everywhere. Real systems
  // break this at the edges (an idle server can be slower than a busy one), scaling relies on it.
  bool monotone = true;
  // Expected relative error of the model itself. A sample of relative standard error e weighs
  // 1 / (model_error^2 + e^2).
  double model_error = 0.05;
  std::uint64_t seed = 1;
  SimdLevel simd = SimdLevel::kNative;

  // kInvalidArgument naming every value that is out of its bound.
  absl::Status Validate() const;
};

// How features become the inputs of a network and its output a latency: max-min normalised cpu,
// memory, load and four interferences, then the four presence flags; the output is the logarithm
// of the latency, standardised.
struct LatencyScaling {
  static constexpr std::size_t kNumbers = 3 + kInterferenceKinds.size();
  static constexpr std::size_t kInputs = kNumbers + kInterferenceKinds.size();

  std::array<double, kNumbers> low{};
  std::array<double, kNumbers> inverse_length{};  // 0 for a feature that never varied
  double log_mean = 0;
  double log_deviation = 1;

  static LatencyScaling Of(const FeatureRanges& ranges, double log_mean, double log_deviation);
  // With the mean and the deviation of the samples' logarithms.
  static LatencyScaling Of(const FeatureRanges& ranges, std::span<const LatencySample> samples);

  // Writes kInputs numbers.
  void WriteInputs(const LatencyFeatures& features, float* inputs) const;
  Latency ToLatency(float output) const;
  // The slopes in natural units, from the network's by its first three inputs.
  LatencyGradient ToGradient(Latency tail, const float* slopes) const;
};

// See LatencyModel. Right in the direction of every slope by construction (see `monotone`).
// Predictions depend on `simd` in their last digits (see SimdLevel).
class NeuralLatencyModel final : public LatencyModel {
 public:
  // Trains on `samples`. The same arguments give the same model. Fails with kInvalidArgument on a
  // bad option, no sample, or a sample that is not positive and finite, by its index.
  // Cost: about 0.1 us a sample read with AVX-512; 16,000 samples take about 80 ms.
  static absl::StatusOr<NeuralLatencyModel> Fit(std::span<const LatencySample> samples,
                                                const NeuralLatencyOptions& options);

  // A model as JSON text; FromJson gives back the same bytes of weights.
  std::string ToJson() const;
  // Fails with kInvalidArgument naming the member that is missing, mistyped or out of bounds.
  static absl::StatusOr<NeuralLatencyModel> FromJson(std::string_view text, SimdLevel simd);

  std::string_view name() const override { return name_; }
  const FeatureRanges& ranges() const override { return ranges_; }
  Latency Predict(const LatencyFeatures& features) const override;
  LatencyPrediction PredictWithGradient(const LatencyFeatures& features) const override;

  const MlpShape& shape() const { return mlp_.shape(); }
  std::span<const float> weights() const { return mlp_.weights(); }
  const LatencyScaling& scaling() const { return scaling_; }
  SimdLevel simd() const { return simd_; }

 private:
  NeuralLatencyModel(Mlp mlp, const FeatureRanges& ranges, const LatencyScaling& scaling,
                     SimdLevel simd);

  std::string name_;
  Mlp mlp_;
  FeatureRanges ranges_;
  LatencyScaling scaling_;
  SimdLevel simd_;
};

}  // namespace trimtab
