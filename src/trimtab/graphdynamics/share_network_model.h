// Everything that training learns about how graph shares move, as plain data.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/graphdynamics/graph_predictor.h"
#include "trimtab/graphdynamics/share_blend.h"
#include "trimtab/graphdynamics/share_network.h"
#include "trimtab/graphdynamics/share_series.h"

namespace trimtab {

// shares = w[0] * network + w[1] * newest step + w[2] * mean of the window, w as the blend says.
// The paper's is the network alone.
struct ShareNetworkModel {
  // Standardised inputs are cut at +-kInputBound: beyond what training saw the model stands still.
  static constexpr double kInputBound = 8;

  ShareSpace space;
  ShareNetworkShape shape;
  std::vector<double> input_center;  // [inputs]: argument shares, graph shares, load
  std::vector<double> input_scale;   // [inputs], 0 for an input that never varied
  ShareBlend blend;
  std::vector<float> weights;  // as ShareNetworkLayout(shape) says

  // kInvalidArgument names the member that does not fit.
  absl::Status Validate() const;
  // JSON text; the way back gives the same numbers. Weights are written with as many digits as
  // tell floats apart: 3 MB for the paper's size.
  std::string ToJson() const;
  // kInvalidArgument names the member that is unknown, missing, mistyped or out of bounds.
  static absl::StatusOr<ShareNetworkModel> FromJson(std::string_view text);
};

// A predictor of that model. kInvalidArgument as Validate().
// Cost: at 49 inputs, 36 classes, window 5 about 35 us a prediction, bound by reading 0.9 MB of
// weights from the second cache.
absl::StatusOr<std::unique_ptr<GraphPredictor>> MakeNetworkPredictor(
    ShareNetworkModel model, SimdLevel level = SimdLevel::kNative);

// One step standardised: [inputs]. REQUIRES: a valid model and a row of its space.
void StandardiseStep(const ShareNetworkModel& model, std::span<const double> row, float* inputs);

}  // namespace trimtab
