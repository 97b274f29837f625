// Predictors of the shares of graph classes, by name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/graphdynamics/share_network_trainer.h"
#include "trimtab/graphdynamics/share_series.h"

namespace trimtab {

// What the next step's graph shares will be, from a window of past steps (Derm V-A:
// g_{t+1} = M(S)). The horizon is one step: a plan made on it is too late when containers take
// longer than a step to start (D17), which is for the caller to check.
// Thread-safety: one thread at a time.
class GraphPredictor {
 public:
  virtual ~GraphPredictor() = default;

  virtual std::string_view name() const = 0;
  virtual const ShareSpace& space() const = 0;
  // Steps that are read; further ones are ignored.
  virtual std::size_t window() const = 0;
  // Writes space().graphs() shares that are not negative and sum to one. With fewer steps than
  // window() the oldest stands for those that are missing.
  // REQUIRES: `past` has at least one step and is of space().
  virtual void Predict(const ShareWindow& past, std::span<double> shares) = 0;
};

struct GraphPredictorOptions {
  // Decides what is predicted.
  std::size_t window = 5;  // Derm V-A; 1 to 64
  // autoregressive: penalties on the squared coefficients, as parts of the inputs' variance; the
  // one that is best on a validation block is taken.
  std::vector<double> ridges = {1e-4, 1e-3, 1e-2, 0.1, 1};
  double blend_last = 0.8;       // fixed-blend: share of the last step, the rest the global mean
  ShareTrainingOptions network;  // its window, copying and attention come from the kind
};

struct GraphPredictorKind {
  std::string_view name;
  std::string_view description;
  absl::StatusOr<std::unique_ptr<GraphPredictor>> (*train)(const ShareSeries& training,
                                                           const GraphPredictorOptions& options);
  bool naive = true;  // needs neither a network nor more than sums
};

// Sorted by name.
std::span<const GraphPredictorKind> GraphPredictorKinds();

// kNotFound lists the names; kInvalidArgument on a bad option, a bad series, or one without a place
// to learn from.
absl::StatusOr<std::unique_ptr<GraphPredictor>> TrainGraphPredictor(
    std::string_view name, const ShareSeries& training, const GraphPredictorOptions& options);

}  // namespace trimtab
