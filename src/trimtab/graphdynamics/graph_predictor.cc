#include "trimtab/graphdynamics/graph_predictor.h"

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/graphdynamics/naive_predictors.h"
#include "trimtab/graphdynamics/share_network_model.h"
#include "trimtab/graphdynamics/share_network_trainer.h"
#include "trimtab/graphdynamics/share_series.h"

namespace trimtab {
namespace {

absl::StatusOr<std::unique_ptr<GraphPredictor>> TrainNetwork(const ShareSeries& training,
                                                             const GraphPredictorOptions& options,
                                                             bool copying, bool attention) {
  ShareTrainingOptions network = options.network;
  network.window = static_cast<int>(options.window);
  network.copying = copying;
  network.attention = attention;
  auto model = TrainShareNetwork(training, network);
  if (!model.ok()) return model.status();
  return MakeNetworkPredictor(*std::move(model), network.level);
}

absl::StatusOr<std::unique_ptr<GraphPredictor>> TrainLstm(const ShareSeries& training,
                                                          const GraphPredictorOptions& options) {
  return TrainNetwork(training, options, true, true);
}

absl::StatusOr<std::unique_ptr<GraphPredictor>> TrainLstmPaper(
    const ShareSeries& training, const GraphPredictorOptions& options) {
  return TrainNetwork(training, options, false, true);
}

absl::StatusOr<std::unique_ptr<GraphPredictor>> TrainLstmPaperWithoutAttention(
    const ShareSeries& training, const GraphPredictorOptions& options) {
  return TrainNetwork(training, options, false, false);
}

constexpr std::array kKinds = {
    GraphPredictorKind{"autoregressive", "ridge regression on the whole window",
                       TrainAutoregressive},
    GraphPredictorKind{"fixed-blend", "the newest step and the global mean in fixed parts",
                       TrainFixedBlend},
    GraphPredictorKind{"global-mean", "the mean of all training steps", TrainGlobalMean},
    GraphPredictorKind{"lstm", "attention over a window, as a ratio to its shares", TrainLstm,
                       false},
    GraphPredictorKind{"lstm-paper", "encoder, decoder and attention as in Derm V", TrainLstmPaper,
                       false},
    GraphPredictorKind{"lstm-paper-without-attention", "the same without attention",
                       TrainLstmPaperWithoutAttention, false},
    GraphPredictorKind{"moving-average", "the mean of the window", TrainMovingAverage},
    GraphPredictorKind{"persistence", "the newest step", TrainPersistence},
};

}  // namespace

std::span<const GraphPredictorKind> GraphPredictorKinds() { return kKinds; }

absl::StatusOr<std::unique_ptr<GraphPredictor>> TrainGraphPredictor(
    std::string_view name, const ShareSeries& training, const GraphPredictorOptions& options) {
  if (options.window < 1 || options.window > ShareNetworkShape::kMaxWindow) {
    return absl::InvalidArgumentError(fmt::format("window is {}, expected 1 to {}", options.window,
                                                  ShareNetworkShape::kMaxWindow));
  }
  if (auto status = training.Validate(); !status.ok()) return status;
  if (PlacesOf(training, options.window).empty()) {
    return absl::InvalidArgumentError(fmt::format(
        "the series has {} steps in {} blocks: none has {} steps before it to learn from",
        training.steps(), training.blocks.size(), options.window));
  }
  std::string names;
  for (const GraphPredictorKind& kind : kKinds) {
    if (kind.name == name) return kind.train(training, options);
    names += fmt::format("{}{}", names.empty() ? "" : ", ", kind.name);
  }
  return absl::NotFoundError(fmt::format("graph predictor '{}' is not one of {}", name, names));
}

}  // namespace trimtab
