#include "trimtab/latency/neural_latency_model.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/application/interference.h"
#include "trimtab/latency/feature_ranges.h"
#include "trimtab/latency/latency_model.h"
#include "trimtab/latency/latency_sample.h"
#include "trimtab/neural/aligned_floats.h"
#include "trimtab/neural/mlp.h"
#include "trimtab/neural/mlp_trainer.h"
#include "trimtab/neural/portable_math.h"
#include "trimtab/quantity/quantity.h"

namespace trimtab {
namespace {

constexpr GradientInputs kAllocationAndLoad = {0, 1, 2};
constexpr int kFewestPasses = 4;
constexpr int kMostPasses = 200;
// The largest logarithm of a latency in ms that is believed: e^25 ms is two years.
constexpr double kMostLogLatency = 25;

MlpSamples ToMlpSamples(std::span<const LatencySample> samples, const LatencyScaling& scaling,
                        double model_error) {
  MlpSamples table(static_cast<int>(LatencyScaling::kInputs), samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    scaling.WriteInputs(samples[i].features, table.row(i).data());
    const double log_tail = PortableLog(samples[i].tail.count());
    table.target(i) = static_cast<float>((log_tail - scaling.log_mean) / scaling.log_deviation);
    table.weight(i) =
        static_cast<float>(SampleWeight(samples[i].relative_standard_error, model_error));
  }
  return table;
}

MlpTrainerOptions ToTrainerOptions(const NeuralLatencyOptions& options, std::size_t samples,
                                   double log_deviation) {
  MlpTrainerOptions trainer;
  const std::int64_t passes = options.samples_read / static_cast<std::int64_t>(samples);
  trainer.epochs = static_cast<int>(std::clamp<std::int64_t>(passes, kFewestPasses, kMostPasses));
  trainer.peak_rate = options.peak_rate;
  trainer.huber = options.huber_log / log_deviation;
  for (std::size_t k = 0; k < kInterferenceKinds.size(); ++k) {
    trainer.masked_inputs.push_back(
        {.value = static_cast<int>(3 + k), .flag = static_cast<int>(LatencyScaling::kNumbers + k)});
  }
  trainer.mask_probability = options.mask_probability;
  // More CPU or memory never hurts and more load never helps: exactly what scaling relies on, and
  // what samples alone leave to chance where a resource changes nothing.
  if (options.monotone) {
    trainer.monotone_inputs = {
        {.input = 0, .direction = -1}, {.input = 1, .direction = -1}, {.input = 2, .direction = 1}};
  }
  trainer.seed = options.seed;
  trainer.simd = options.simd;
  return trainer;
}

}  // namespace

absl::Status NeuralLatencyOptions::Validate() const {
  std::string violations;
  const auto check = [&violations](bool ok, const char* name, double value, const char* bound) {
    if (ok) return;
    violations +=
        fmt::format("{}{} is {}, expected {}", violations.empty() ? "" : "; ", name, value, bound);
  };
  check(samples_read >= 1, "samples read", static_cast<double>(samples_read), "at least 1");
  check(huber_log > 0 && huber_log <= 10, "Huber residual", huber_log, "0 to 10, above 0");
  check(mask_probability >= 0 && mask_probability <= 1, "mask probability", mask_probability,
        "0 to 1");
  check(model_error > 0 && model_error <= 1, "model error", model_error, "0 to 1, above 0");
  check(peak_rate > 0 && peak_rate <= 1, "peak learning rate", peak_rate, "0 to 1, above 0");
  return violations.empty() ? absl::OkStatus() : absl::InvalidArgumentError(violations);
}

LatencyScaling LatencyScaling::Of(const FeatureRanges& ranges, double log_mean,
                                  double log_deviation) {
  LatencyScaling scaling;
  scaling.log_mean = log_mean;
  scaling.log_deviation = log_deviation;
  const auto set = [&scaling](std::size_t input, const FeatureInterval& range) {
    scaling.low[input] = range.low;
    scaling.inverse_length[input] = range.length() > 0 ? 1 / range.length() : 0;
  };
  set(0, ranges.cpu_cores);
  set(1, ranges.memory_mib);
  set(2, ranges.container_load);
  for (std::size_t k = 0; k < kInterferenceKinds.size(); ++k) set(3 + k, ranges.interference[k]);
  return scaling;
}

LatencyScaling LatencyScaling::Of(const FeatureRanges& ranges,
                                  std::span<const LatencySample> samples) {
  const auto count = static_cast<double>(samples.size());
  double sum = 0;
  for (const LatencySample& sample : samples) sum += PortableLog(sample.tail.count());
  const double mean = sum / count;
  double squares = 0;
  for (const LatencySample& sample : samples) {
    const double distance = PortableLog(sample.tail.count()) - mean;
    squares += distance * distance;
  }
  // Labels that are all alike still need a scale; a thousandth is below any measurable difference.
  return Of(ranges, mean, std::max(std::sqrt(squares / count), 1e-3));
}

void LatencyScaling::WriteInputs(const LatencyFeatures& features, float* inputs) const {
  const auto normalise = [this](std::size_t input, double value) {
    return static_cast<float>((value - low[input]) * inverse_length[input]);
  };
  inputs[0] = normalise(0, InCores(features.container.cpu));
  inputs[1] = normalise(1, InMebibytes(features.container.memory));
  inputs[2] = normalise(2, features.container_load.value());
  for (std::size_t k = 0; k < kInterferenceKinds.size(); ++k) {
    const auto share = features.interference[kInterferenceKinds[k]];
    inputs[3 + k] = share ? normalise(3 + k, share->value()) : 0.0f;
    inputs[kNumbers + k] = share ? 1.0f : 0.0f;
  }
}

Latency LatencyScaling::ToLatency(float output) const {
  const double log_latency = static_cast<double>(output) * log_deviation + log_mean;
  return Latency(PortableExp(std::min(log_latency, kMostLogLatency)));
}

LatencyGradient LatencyScaling::ToGradient(Latency tail, const float* slopes) const {
  const double scale = tail.count() * log_deviation;
  return {scale * static_cast<double>(slopes[0]) * inverse_length[0],
          scale * static_cast<double>(slopes[1]) * inverse_length[1],
          scale * static_cast<double>(slopes[2]) * inverse_length[2]};
}

NeuralLatencyModel::NeuralLatencyModel(Mlp mlp, const FeatureRanges& ranges,
                                       const LatencyScaling& scaling, SimdLevel simd)
    : name_(fmt::format("nn{}", mlp.shape().layers)),
      mlp_(std::move(mlp)),
      ranges_(ranges),
      scaling_(scaling),
      simd_(simd) {}

absl::StatusOr<NeuralLatencyModel> NeuralLatencyModel::Fit(std::span<const LatencySample> samples,
                                                           const NeuralLatencyOptions& options) {
  if (absl::Status status = options.Validate(); !status.ok()) return status;
  if (absl::Status status = ValidateSamples(samples); !status.ok()) return status;
  const FeatureRanges ranges = FeatureRanges::Of(samples);
  const LatencyScaling scaling = LatencyScaling::Of(ranges, samples);
  const MlpShape shape{.inputs = static_cast<int>(LatencyScaling::kInputs),
                       .hidden = options.hidden,
                       .layers = options.layers};
  absl::StatusOr<Mlp> mlp =
      TrainMlp(ToMlpSamples(samples, scaling, options.model_error), shape,
               ToTrainerOptions(options, samples.size(), scaling.log_deviation));
  if (!mlp.ok()) return mlp.status();
  return NeuralLatencyModel(*std::move(mlp), ranges, scaling, options.simd);
}

Latency NeuralLatencyModel::Predict(const LatencyFeatures& features) const {
  alignas(AlignedFloats::kAlignment) float inputs[MlpShape::kMaxInputs] = {};
  scaling_.WriteInputs(features, inputs);
  float output = 0;
  EvaluateMlp(mlp_.shape(), mlp_.weights().data(), inputs, 1, &output, simd_);
  return scaling_.ToLatency(output);
}

LatencyPrediction NeuralLatencyModel::PredictWithGradient(const LatencyFeatures& features) const {
  alignas(AlignedFloats::kAlignment) float inputs[MlpShape::kMaxInputs] = {};
  scaling_.WriteInputs(features, inputs);
  float output = 0;
  float slopes[kGradientInputs];
  EvaluateMlpGradient(mlp_.shape(), mlp_.weights().data(), inputs, 1, kAllocationAndLoad, &output,
                      slopes, simd_);
  const Latency tail = scaling_.ToLatency(output);
  return {tail, scaling_.ToGradient(tail, slopes)};
}

}  // namespace trimtab
