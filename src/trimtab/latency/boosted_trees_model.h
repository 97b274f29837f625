// Gradient-boosted trees by XGBoost ("XGB" in Grad fig. 8a): a peer, not a planner's model.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/latency/feature_ranges.h"
#include "trimtab/latency/latency_model.h"
#include "trimtab/latency/latency_sample.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// The defaults are the best of a small search; the loss is squared error of the logarithm.
struct BoostedTreesOptions {
  int rounds = 300;
  int depth = 6;
  double learning_rate = 0.1;
  // Trees grown side by side in each round, and the share of the samples that each sees. XGBoost's
  // own mode of a random forest: one round, a learning rate of 1, many trees, a share below 1.
  int parallel_trees = 1;
  double sample_share = 1;
  double leaf_penalty = 1;  // on the squares of the leaves, XGBoost's lambda
  // As NeuralLatencyOptions: what the model is trained to do without.
  double mask_probability = 0.1;
  double model_error = 0.05;
  std::uint64_t seed = 1;

  // A random forest of 200 trees, with the defaults of XGBoost's own (XGBRFRegressor).
  static BoostedTreesOptions RandomForest(std::uint64_t seed);

  // kInvalidArgument naming every value that is out of its bound.
  absl::Status Validate() const;
};

// Thread-safe. The XGBoost library is loaded by the first Fit(), so that a program that never fits
// trees starts without it.
class BoostedTreesModel final : public LatencyModel {
 public:
  // Uses one thread. Fails with kUnavailable when libxgboost is not installed, naming the package;
  // with kInvalidArgument as NeuralLatencyModel::Fit; with kInternal and XGBoost's own words.
  // Cost: 16,000 samples take about 0.2 s.
  static absl::StatusOr<BoostedTreesModel> Fit(std::span<const LatencySample> samples,
                                               const BoostedTreesOptions& options);
  BoostedTreesModel(BoostedTreesModel&&) noexcept;
  BoostedTreesModel& operator=(BoostedTreesModel&&) noexcept;
  ~BoostedTreesModel() override;

  std::string_view name() const override { return "xgb"; }
  const FeatureRanges& ranges() const override { return ranges_; }
  Latency Predict(const LatencyFeatures& features) const override;
  LatencyPrediction PredictWithGradient(const LatencyFeatures& features) const override;

 private:
  struct Booster;
  BoostedTreesModel(const FeatureRanges& ranges, std::unique_ptr<Booster> booster);

  FeatureRanges ranges_;
  std::unique_ptr<Booster> booster_;
};

}  // namespace trimtab
