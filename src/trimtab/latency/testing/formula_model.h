// A latency model given by a function, for tests.
#pragma once

#include <functional>
#include <string_view>
#include <utility>

#include "trimtab/latency/feature_ranges.h"
#include "trimtab/latency/latency_model.h"
#include "trimtab/latency/latency_sample.h"
#include "trimtab/quantity/time.h"

namespace trimtab::testing {

class FormulaModel final : public LatencyModel {
 public:
  using Formula = std::function<LatencyPrediction(const LatencyFeatures&)>;
  explicit FormulaModel(Formula formula, const FeatureRanges& ranges = {})
      : formula_(std::move(formula)), ranges_(ranges) {}

  std::string_view name() const override { return "formula"; }
  const FeatureRanges& ranges() const override { return ranges_; }
  Latency Predict(const LatencyFeatures& features) const override {
    return formula_(features).tail;
  }
  LatencyPrediction PredictWithGradient(const LatencyFeatures& features) const override {
    return formula_(features);
  }

 private:
  Formula formula_;
  FeatureRanges ranges_;
};

}  // namespace trimtab::testing
