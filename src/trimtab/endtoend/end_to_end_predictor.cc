#include "trimtab/endtoend/end_to_end_predictor.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/endtoend/tail_network_pass.h"
#include "trimtab/neural/portable_math.h"

namespace trimtab {
namespace {

double Clamped(Latency latency) {
  return InMilliseconds(std::max(latency, EndToEndPredictor::kShortest));
}

}  // namespace

absl::StatusOr<EndToEndPredictor> EndToEndPredictor::Create(EndToEndModel model) {
  if (absl::Status status = model.Validate(); !status.ok()) return status;
  return EndToEndPredictor(std::move(model));
}

Latency EndToEndPredictor::Predict(std::span<const OwnLatency> own_latency) const {
  return PredictWithGradient(own_latency, {});
}

Latency EndToEndPredictor::PredictWithGradient(std::span<const OwnLatency> own_latency,
                                               std::span<OwnLatencySlope> slopes) const {
  const std::size_t n = model_.microservices.size();
  double log_tail = model_.output_center;
  double sum = model_.composition_constant;
  const bool composed = HasComposition(model_.kind);
  if (composed) {
    for (std::size_t i = 0; i < n; ++i) {
      sum += model_.composition_shares[i] * Clamped(own_latency[i].mean);
    }
    sum = std::max(sum, InMilliseconds(kShortest));
    log_tail += model_.composition_weight * PortableLog(sum);
  }
  std::vector<double> by_inputs(2 * n, 0.0);
  if (HasNetwork(model_.kind)) {
    std::vector<double> inputs(2 * n);
    for (std::size_t i = 0; i < n; ++i) {
      const double logs[2] = {PortableLog(Clamped(own_latency[i].mean)),
                              PortableLog(Clamped(own_latency[i].max))};
      for (std::size_t c = 0; c < 2; ++c) {
        inputs[2 * i + c] =
            (logs[c] - model_.input_center[2 * i + c]) * model_.input_scale[2 * i + c];
      }
    }
    const std::vector<double> parameters(model_.parameters.begin(), model_.parameters.end());
    TailNetworkPass<double> pass(ShapeOf(model_.kind, model_.tokens(), model_.hidden));
    log_tail += model_.output_scale * pass.Forward(parameters.data(), inputs.data());
    if (!slopes.empty()) {
      pass.Backward(parameters.data(), model_.output_scale, nullptr, by_inputs.data());
    }
  }
  const double tail = PortableExp(std::min(log_tail, 25.0));
  for (std::size_t i = 0; i < slopes.size(); ++i) {
    const double mean = Clamped(own_latency[i].mean);
    const double max = Clamped(own_latency[i].max);
    slopes[i].by_mean = by_inputs[2 * i] * model_.input_scale[2 * i] / mean;
    if (composed) {
      slopes[i].by_mean += model_.composition_weight * model_.composition_shares[i] / sum;
    }
    slopes[i].by_mean *= tail;
    slopes[i].by_max = tail * by_inputs[2 * i + 1] * model_.input_scale[2 * i + 1] / max;
    if (own_latency[i].mean < kShortest) slopes[i].by_mean = 0;
    if (own_latency[i].max < kShortest) slopes[i].by_max = 0;
  }
  return Latency(tail);
}

double EndToEndPredictor::ErrorQuantile(Quantile confidence) const {
  const std::vector<double>& ratios = model_.error_ratios;
  if (ratios.empty()) return 1.0;
  const double rank = std::ceil(static_cast<double>(ratios.size() + 1) * confidence.level());
  const double last = static_cast<double>(ratios.size());
  return ratios[static_cast<std::size_t>(std::clamp(rank, 1.0, last)) - 1];
}

}  // namespace trimtab
