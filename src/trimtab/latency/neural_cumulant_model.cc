#include "trimtab/latency/neural_cumulant_model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "trimtab/latency/cumulant_curve.h"
#include "trimtab/latency/latency_model.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/quantity/time.h"

namespace trimtab {
namespace {

using Json = nlohmann::ordered_json;
using Member = LatencySample CumulantTimes::*;

constexpr std::array<Member, 3> kMembers = {&CumulantTimes::mean, &CumulantTimes::deviation,
                                            &CumulantTimes::third_root};
constexpr std::array<const char*, 3> kNames = {"mean", "deviation", "thirdRoot"};
// Of the mean. Latencies that are all alike still have a logarithm of their deviation.
constexpr double kLeastDeviation = 1e-3;
// A label that says next to nothing; ValidateSamples() takes no more than 1,000.
constexpr double kMostError = 100;
constexpr double kMillisecond = 1e-3;  // in s

absl::Status Wrong(const char* member, std::string_view problem) {
  return absl::InvalidArgumentError(
      fmt::format("neural cumulant model member '{}' {}", member, problem));
}

absl::Status ValidateCumulants(std::span<const LatencySample> samples) {
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const Cumulants& of = samples[i].cumulants.value;
    if (of.mean > 0 && of.variance >= 0 && std::isfinite(of.third)) continue;
    return absl::InvalidArgumentError(
        fmt::format("latency sample {} has mean {} s, variance {} s2 and third cumulant {} s3, "
                    "expected a mean above 0, a variance of at least 0 and all finite",
                    i, of.mean, of.variance, of.third));
  }
  return absl::OkStatus();
}

absl::StatusOr<NeuralLatencyModel> FitOne(std::span<const LatencySample> samples, std::size_t which,
                                          NeuralLatencyOptions options) {
  std::vector<LatencySample> times;
  times.reserve(samples.size());
  for (const LatencySample& sample : samples) times.push_back(TimesOf(sample).*kMembers[which]);
  options.seed =
      RandomStream(options.seed, fmt::format("training/cumulants/{}", kNames[which])).NextBits();
  return NeuralLatencyModel::Fit(times, options);
}

// The power of a time in ms, and its slopes.
struct Power {
  double value;
  double by_cpu;
  double by_memory;
  double by_load;
};

Power Raise(const LatencyPrediction& time, int exponent) {
  const double seconds = kMillisecond * time.tail.count();
  double below = 1;
  for (int i = 1; i < exponent; ++i) below *= seconds;
  const double slope = exponent * below * kMillisecond;
  return {below * seconds, slope * time.gradient.by_cpu, slope * time.gradient.by_memory,
          slope * time.gradient.by_load};
}

}  // namespace

CumulantTimes TimesOf(const LatencySample& sample) {
  const Cumulants& value = sample.cumulants.value;
  const Cumulants& error = sample.cumulants.relative_standard_error;
  const auto time = [&sample](double seconds, double relative_error) {
    LatencySample as = sample;
    as.tail = Latency(seconds / kMillisecond);
    as.relative_standard_error = std::min(relative_error, kMostError);
    return as;
  };
  Cumulants bounded = value;
  bounded.variance =
      std::max(value.variance, kLeastDeviation * kLeastDeviation * value.mean * value.mean);
  bounded.third = std::max(value.third, LeastThird(bounded));
  // Where a bound stands in for a smaller amount, the error is still that of what was measured.
  const double of_variance = error.variance * value.variance / bounded.variance;
  const double of_third = error.third * std::abs(value.third) / bounded.third;
  return {.mean = time(value.mean, error.mean),
          .deviation = time(std::sqrt(bounded.variance), of_variance / 2),
          .third_root = time(std::cbrt(bounded.third), of_third / 3)};
}

NeuralCumulantModel::NeuralCumulantModel(NeuralLatencyModel mean, NeuralLatencyModel deviation,
                                         NeuralLatencyModel third_root)
    : mean_(std::move(mean)),
      deviation_(std::move(deviation)),
      third_root_(std::move(third_root)) {}

absl::StatusOr<NeuralCumulantModel> NeuralCumulantModel::Fit(std::span<const LatencySample> samples,
                                                             const NeuralLatencyOptions& options) {
  if (absl::Status status = ValidateCumulants(samples); !status.ok()) return status;
  absl::StatusOr<NeuralLatencyModel> mean = FitOne(samples, 0, options);
  if (!mean.ok()) return mean.status();
  absl::StatusOr<NeuralLatencyModel> deviation = FitOne(samples, 1, options);
  if (!deviation.ok()) return deviation.status();
  absl::StatusOr<NeuralLatencyModel> third_root = FitOne(samples, 2, options);
  if (!third_root.ok()) return third_root.status();
  return NeuralCumulantModel(*std::move(mean), *std::move(deviation), *std::move(third_root));
}

std::string NeuralCumulantModel::ToJson() const {
  const std::array<const NeuralLatencyModel*, 3> models = {&mean_, &deviation_, &third_root_};
  Json json;
  for (std::size_t i = 0; i < models.size(); ++i) {
    json[kNames[i]] = Json::parse(models[i]->ToJson());
  }
  return json.dump();
}

absl::StatusOr<NeuralCumulantModel> NeuralCumulantModel::FromJson(std::string_view text,
                                                                  SimdLevel simd) {
  // Only this call could throw, and with `false` it does not.
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) {
    return absl::InvalidArgumentError("neural cumulant model is not a JSON object");
  }
  for (const auto& [key, value] : json.items()) {
    if (std::ranges::find(kNames, std::string_view(key)) == kNames.end()) {
      return absl::InvalidArgumentError(
          fmt::format("neural cumulant model has an unknown member '{}'", key));
    }
  }
  std::vector<NeuralLatencyModel> models;
  for (const char* name : kNames) {
    const auto found = json.find(name);
    if (found == json.end()) return Wrong(name, "is missing");
    auto model = NeuralLatencyModel::FromJson(found->dump(), simd);
    if (!model.ok()) return Wrong(name, "is wrong: " + std::string(model.status().message()));
    models.push_back(*std::move(model));
    if (models.back().ranges() != models.front().ranges()) {
      return Wrong(name, "has other ranges than 'mean'");
    }
  }
  return NeuralCumulantModel(std::move(models[0]), std::move(models[1]), std::move(models[2]));
}

Cumulants NeuralCumulantModel::Predict(const LatencyFeatures& features) const {
  const auto power = [&features](const NeuralLatencyModel& model, int exponent) {
    return Raise({model.Predict(features), {}}, exponent).value;
  };
  return {
      .mean = power(mean_, 1), .variance = power(deviation_, 2), .third = power(third_root_, 3)};
}

CumulantPrediction NeuralCumulantModel::PredictWithGradient(const LatencyFeatures& features) const {
  const Power mean = Raise(mean_.PredictWithGradient(features), 1);
  const Power variance = Raise(deviation_.PredictWithGradient(features), 2);
  const Power third = Raise(third_root_.PredictWithGradient(features), 3);
  const auto member = [&](double Power::* of) -> Cumulants {
    return {.mean = mean.*of, .variance = variance.*of, .third = third.*of};
  };
  return {.value = member(&Power::value),
          .by_cpu = member(&Power::by_cpu),
          .by_memory = member(&Power::by_memory),
          .by_load = member(&Power::by_load)};
}

}  // namespace trimtab
