#include "trimtab/latency/latency_bank.h"

#include <algorithm>
#include <cstddef>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/latency/latency_model.h"
#include "trimtab/latency/latency_sample.h"
#include "trimtab/latency/neural_latency_model.h"
#include "trimtab/neural/aligned_floats.h"
#include "trimtab/neural/mlp.h"
#include "trimtab/neural/mlp_shape.h"
#include "trimtab/quantity/time.h"

namespace trimtab {
namespace {

constexpr GradientInputs kAllocationAndLoad = {0, 1, 2};
// Rows that are gathered on the stack before the kernel runs: several of its passes.
constexpr std::size_t kChunk = 24;
constexpr std::size_t kStride = (LatencyScaling::kInputs + 3) / 4 * 4;

struct Chunk {
  alignas(AlignedFloats::kAlignment) float inputs[kChunk * kStride] = {};

  void Fill(const LatencyScaling& scaling, std::span<const LatencyFeatures> rows) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      scaling.WriteInputs(rows[i], inputs + i * kStride);
    }
  }
};

}  // namespace

LatencyBank::LatencyBank(const MlpShape& shape, SimdLevel simd, std::size_t models)
    : shape_(shape), simd_(simd), weights_(models * shape.parameter_count()) {}

absl::StatusOr<LatencyBank> LatencyBank::Create(std::span<const NeuralLatencyModel* const> models) {
  if (models.empty()) return absl::InvalidArgumentError("a latency bank needs at least one model");
  LatencyBank bank(models[0]->shape(), models[0]->simd(), models.size());
  for (std::size_t i = 0; i < models.size(); ++i) {
    const MlpShape& shape = models[i]->shape();
    if (shape != bank.shape_ || models[i]->simd() != bank.simd_) {
      return absl::InvalidArgumentError(fmt::format(
          "latency model {} has {} layers of {} on SIMD level {}, expected {} of {} on {}", i,
          shape.layers, shape.hidden, SimdLevelName(models[i]->simd()), bank.shape_.layers,
          bank.shape_.hidden, SimdLevelName(bank.simd_)));
    }
    std::ranges::copy(models[i]->weights(), bank.weights_.data() + i * shape.parameter_count());
    bank.scalings_.push_back(models[i]->scaling());
  }
  return bank;
}

void LatencyBank::Predict(std::size_t model, std::span<const LatencyFeatures> rows,
                          std::span<Latency> tails) const {
  const LatencyScaling& scaling = scalings_[model];
  Chunk chunk;
  float outputs[kChunk];
  for (std::size_t first = 0; first < rows.size(); first += kChunk) {
    const std::size_t count = std::min(kChunk, rows.size() - first);
    chunk.Fill(scaling, rows.subspan(first, count));
    EvaluateMlp(shape_, WeightsOf(model), chunk.inputs, count, outputs, simd_);
    for (std::size_t i = 0; i < count; ++i) tails[first + i] = scaling.ToLatency(outputs[i]);
  }
}

void LatencyBank::PredictWithGradient(std::size_t model, std::span<const LatencyFeatures> rows,
                                      std::span<LatencyPrediction> predictions) const {
  const LatencyScaling& scaling = scalings_[model];
  Chunk chunk;
  float outputs[kChunk];
  float slopes[kChunk * kGradientInputs];
  for (std::size_t first = 0; first < rows.size(); first += kChunk) {
    const std::size_t count = std::min(kChunk, rows.size() - first);
    chunk.Fill(scaling, rows.subspan(first, count));
    EvaluateMlpGradient(shape_, WeightsOf(model), chunk.inputs, count, kAllocationAndLoad, outputs,
                        slopes, simd_);
    for (std::size_t i = 0; i < count; ++i) {
      const Latency tail = scaling.ToLatency(outputs[i]);
      predictions[first + i] = {tail, scaling.ToGradient(tail, slopes + i * kGradientInputs)};
    }
  }
}

}  // namespace trimtab
