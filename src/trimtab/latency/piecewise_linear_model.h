// Erms' latency model: two linear pieces in the load (Erms, ASPLOS'23; "PWL" in Grad fig. 8a).
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "absl/status/statusor.h"
#include "trimtab/application/interference.h"
#include "trimtab/latency/feature_ranges.h"
#include "trimtab/latency/latency_model.h"
#include "trimtab/latency/latency_sample.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// latency = max over two pieces of (slope(s) * container_load + intercept(s)), where slope and
// intercept are linear in the setting s = (1, cpu, memory, four interferences). Where the pieces
// meet is the inflection, (b2 - b1) / (a1 - a2) as in Erms; it moves with the setting. Erms knows
// two interferences and one container size; the others are added here the same way.
// Never answers below the fastest sample. Interference that is absent counts as its mean.
class PiecewiseLinearModel final : public LatencyModel {
 public:
  // Least squares of the relative error on each piece, the samples shared out between the pieces
  // by turns until that settles, from several starts; the best start wins. Deterministic.
  // Fails with kInvalidArgument on no sample or one that is not positive and finite.
  // Cost: 16,000 samples take about 0.2 s.
  static absl::StatusOr<PiecewiseLinearModel> Fit(std::span<const LatencySample> samples);

  std::string_view name() const override { return "pwl"; }
  const FeatureRanges& ranges() const override { return ranges_; }
  Latency Predict(const LatencyFeatures& features) const override;
  LatencyPrediction PredictWithGradient(const LatencyFeatures& features) const override;

  // 1, cpu, memory, interferences.
  static constexpr std::size_t kSettings = 3 + kInterferenceKinds.size();
  // First the terms of the slope, then those of the intercept.
  using Piece = std::array<double, 2 * kSettings>;

 private:
  explicit PiecewiseLinearModel(const FeatureRanges& ranges) : ranges_(ranges) {}

  // Sets the fastest sample and the mean of each interference.
  void Summarise(std::span<const LatencySample> samples);
  std::array<double, kSettings> SettingOf(const LatencyFeatures& features) const;
  double Evaluate(const Piece& piece, const LatencyFeatures& features) const;

  FeatureRanges ranges_;
  std::array<double, kInterferenceKinds.size()> mean_interference_{};
  std::array<Piece, 2> pieces_{};  // in ms, of normalised settings and normalised load
  double fastest_ms_ = 0;
};

}  // namespace trimtab
