#include "trimtab/graphdynamics/share_network_model.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/graphdynamics/graph_predictor.h"
#include "trimtab/graphdynamics/share_network.h"
#include "trimtab/graphdynamics/share_network_pass.h"
#include "trimtab/graphdynamics/share_series.h"
#include "trimtab/neural/aligned_floats.h"
#include "trimtab/neural/simd_level.h"

namespace trimtab {
namespace {

// Far beyond what training reaches; sums of such products stay finite.
constexpr float kLargestWeight = 1e6F;

absl::Status Refuse(std::string_view member, std::string_view problem) {
  return absl::InvalidArgumentError(
      fmt::format("share network model: member '{}' {}", member, problem));
}

class NetworkPredictor : public GraphPredictor {
 public:
  NetworkPredictor(ShareNetworkModel model, SimdLevel level)
      : model_(std::move(model)),
        level_(level),
        pass_(model_.shape, 1),
        weights_(model_.weights.size()),
        inputs_(model_.shape.steps() * model_.shape.inputs()),
        shares_(model_.shape.steps() * model_.space.graphs()) {
    std::ranges::copy(model_.weights, weights_.data());
  }

  std::string_view name() const override {
    if (model_.shape.copying) return "lstm";
    return model_.shape.attention ? "lstm-paper" : "lstm-paper-without-attention";
  }
  const ShareSpace& space() const override { return model_.space; }
  std::size_t window() const override { return model_.shape.steps(); }

  void Predict(const ShareWindow& past, std::span<double> shares) override {
    const std::size_t steps = window();
    const std::size_t inputs = model_.shape.inputs();
    const std::size_t graphs = model_.space.graphs();
    const std::size_t there = past.steps();
    for (std::size_t t = 0; t < steps; ++t) {
      const std::size_t back = steps - t;  // 1 is the newest
      const std::size_t from = back > there ? 0 : there - back;
      StandardiseStep(model_, past.rows.subspan(from * inputs, inputs), &inputs_[t * inputs]);
      std::ranges::transform(past.graphs(from), &shares_[t * graphs],
                             [](double share) { return static_cast<float>(share); });
    }
    const float* out = pass_.Forward(
        weights_.data(), {.rows = 1, .inputs = inputs_.data(), .shares = shares_.data()}, level_);
    std::copy_n(out, graphs, shares.begin());
    const auto newest = past.graphs(there - 1);
    const ShareWeights& weights = model_.blend.At(MoveSignal(shares, newest, past.load(there - 1)));
    const double each = weights[2] / static_cast<double>(steps);
    for (std::size_t g = 0; g < graphs; ++g) {
      shares[g] = weights[0] * shares[g] + weights[1] * newest[g];
      for (std::size_t t = 0; t < steps; ++t) shares[g] += each * shares_[t * graphs + g];
    }
    NormaliseShares(shares);
  }

 private:
  ShareNetworkModel model_;
  SimdLevel level_;
  ShareNetworkPass pass_;
  AlignedFloats weights_;
  std::vector<float> inputs_;  // [window][inputs]
  std::vector<float> shares_;  // [window][graphs]
};

}  // namespace

absl::Status ShareNetworkModel::Validate() const {
  const auto within = [](int value, int low, int high) { return value >= low && value <= high; };
  const auto width = [&within](int value) {
    return within(value, 16, ShareNetworkShape::kMaxWidth) && value % 16 == 0;
  };
  if (!within(shape.graphs, 1, ShareNetworkShape::kMaxClasses) ||
      static_cast<std::size_t>(shape.graphs) != space.graphs()) {
    return Refuse("graphClasses", fmt::format("has {} entries, expected 1 to {}", space.graphs(),
                                              ShareNetworkShape::kMaxClasses));
  }
  if (!within(shape.arguments, 0, ShareNetworkShape::kMaxClasses) ||
      static_cast<std::size_t>(shape.arguments) != space.arguments()) {
    return Refuse("argumentClasses",
                  fmt::format("has {} entries, expected 0 to {}", space.arguments(),
                              ShareNetworkShape::kMaxClasses));
  }
  if (!within(shape.window, 1, ShareNetworkShape::kMaxWindow)) {
    return Refuse("window", fmt::format("is {}, expected 1 to 64", shape.window));
  }
  if (!width(shape.encoder) || !width(shape.decoder)) {
    return Refuse(width(shape.encoder) ? "decoder" : "encoder",
                  "is not a multiple of 16 from 16 to 512");
  }
  const auto check = [&](const char* member, const std::vector<double>& values, double low,
                         double high) {
    if (values.size() != shape.inputs()) {
      return Refuse(member,
                    fmt::format("has {} numbers, expected {}", values.size(), shape.inputs()));
    }
    for (const double value : values) {
      if (!(value >= low && value <= high)) {
        return Refuse(member, fmt::format("holds {}, expected {} to {}", value, low, high));
      }
    }
    return absl::OkStatus();
  };
  if (auto status = check("inputCenter", input_center, -1e12, 1e12); !status.ok()) return status;
  if (auto status = check("inputScale", input_scale, 0, 1e12); !status.ok()) return status;
  const auto is_mix = [](const ShareWeights& of) {
    return of[0] >= 0 && of[1] >= 0 && of[2] >= 0 && std::abs(of[0] + of[1] + of[2] - 1) < 1e-6;
  };
  if (!is_mix(blend.moving)) return Refuse("blend", "is not three shares that sum to one");
  if (!is_mix(blend.quiet)) return Refuse("quietBlend", "is not three shares that sum to one");
  if (!(blend.signal >= 0 && blend.signal <= 1e12)) {
    return Refuse("signal", fmt::format("is {}, expected 0 to 1e12", blend.signal));
  }
  const std::size_t expected = ShareNetworkLayout(shape).weights;
  if (weights.size() != expected) {
    return Refuse("weights", fmt::format("has {} numbers, expected {}", weights.size(), expected));
  }
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (!(std::abs(weights[i]) <= kLargestWeight)) {
      return Refuse("weights", fmt::format("holds {} at {}, expected -1e6 to 1e6", weights[i], i));
    }
  }
  return absl::OkStatus();
}

void StandardiseStep(const ShareNetworkModel& model, std::span<const double> row, float* inputs) {
  constexpr double kBound = ShareNetworkModel::kInputBound;
  for (std::size_t j = 0; j < row.size(); ++j) {
    const double z = (row[j] - model.input_center[j]) * model.input_scale[j];
    inputs[j] = static_cast<float>(std::clamp(z, -kBound, kBound));
  }
}

absl::StatusOr<std::unique_ptr<GraphPredictor>> MakeNetworkPredictor(ShareNetworkModel model,
                                                                     SimdLevel level) {
  if (auto status = model.Validate(); !status.ok()) return status;
  return std::make_unique<NetworkPredictor>(std::move(model), level);
}

}  // namespace trimtab
