#include "trimtab/latency/latency_models.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "fmt/ranges.h"
#include "trimtab/latency/accuracy.h"
#include "trimtab/latency/boosted_trees_model.h"
#include "trimtab/latency/latency_model.h"
#include "trimtab/latency/latency_sample.h"
#include "trimtab/latency/neural_latency_model.h"
#include "trimtab/latency/piecewise_linear_model.h"
#include "trimtab/neural/parallel_for.h"

namespace trimtab {
namespace {

using Samples = std::span<const LatencySample>;
using Fitted = absl::StatusOr<std::unique_ptr<LatencyModel>>;

template <class Model>
Fitted Own(absl::StatusOr<Model> model) {
  if (!model.ok()) return model.status();
  return std::make_unique<Model>(*std::move(model));
}

template <int kLayers>
Fitted FitNeural(Samples samples, const LatencyModelOptions& options) {
  NeuralLatencyOptions neural = options.neural;
  neural.layers = kLayers;
  return Own(NeuralLatencyModel::Fit(samples, neural));
}

Fitted FitPiecewise(Samples samples, const LatencyModelOptions&) {
  return Own(PiecewiseLinearModel::Fit(samples));
}

Fitted FitTrees(Samples samples, const LatencyModelOptions& options) {
  return Own(BoostedTreesModel::Fit(samples, options.trees));
}

constexpr LatencyModelKind kKinds[] = {
    {"nn2", "neural network of 2 layers"},
    {"nn3", "neural network of 3 layers"},
    {"nn4", "neural network of 4 layers, Grad's"},
    {"nn5", "neural network of 5 layers"},
    {"nn6", "neural network of 6 layers"},
    {"pwl", "two linear pieces in the load, as Erms"},
    {"xgb", "gradient-boosted trees by XGBoost"},
};
using Fit = Fitted (*)(Samples, const LatencyModelOptions&);
constexpr Fit kFits[] = {FitNeural<2>, FitNeural<3>, FitNeural<4>, FitNeural<5>,
                         FitNeural<6>, FitPiecewise, FitTrees};
static_assert(std::size(kKinds) == std::size(kFits));

absl::Status Annotate(const absl::Status& status, std::string_view microservice) {
  return {status.code(),
          fmt::format("latency model of '{}': {}", microservice, std::string(status.message()))};
}

}  // namespace

std::span<const LatencyModelKind> LatencyModelKinds() { return kKinds; }

absl::StatusOr<std::unique_ptr<LatencyModel>> FitLatencyModel(std::string_view kind,
                                                              Samples samples,
                                                              const LatencyModelOptions& options) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < std::size(kKinds); ++i) {
    if (kKinds[i].name == kind) return kFits[i](samples, options);
    names.push_back(kKinds[i].name);
  }
  return absl::NotFoundError(
      fmt::format("latency model is '{}', expected one of {}", kind, fmt::join(names, ", ")));
}

MicroserviceSamples Divide(std::string name, Samples samples, double test_share,
                           std::uint64_t seed) {
  const SampleSplit split = SplitSamples(samples.size(), test_share, seed);
  return {std::move(name), SelectSamples(samples, split.training),
          SelectSamples(samples, split.test)};
}

absl::StatusOr<std::vector<AccuracyReport>> EvaluateLatencyModel(
    std::string_view kind, std::span<const MicroserviceSamples> microservices,
    std::span<const InterferenceMask> masks, const LatencyModelOptions& options, int threads) {
  if (microservices.empty()) return absl::InvalidArgumentError("no microservices to evaluate");
  std::vector<absl::Status> statuses(microservices.size());
  std::vector<std::vector<double>> accuracies(microservices.size());
  ParallelFor(microservices.size(), threads, [&](std::size_t m) {
    const MicroserviceSamples& each = microservices[m];
    if (each.test.empty()) {
      statuses[m] = absl::InvalidArgumentError("no test samples");
      return;
    }
    const Fitted model = FitLatencyModel(kind, each.training, options);
    statuses[m] = model.status();
    if (!model.ok()) return;
    for (const InterferenceMask& mask : masks) {
      accuracies[m].push_back(Accuracy(**model, each.test, mask));
    }
  });
  for (std::size_t m = 0; m < statuses.size(); ++m) {
    if (!statuses[m].ok()) return Annotate(statuses[m], microservices[m].name);
  }
  std::vector<AccuracyReport> reports;
  for (std::size_t k = 0; k < masks.size(); ++k) {
    std::vector<MicroserviceAccuracy> rows;
    for (std::size_t m = 0; m < microservices.size(); ++m) {
      rows.push_back({microservices[m].name, accuracies[m][k], microservices[m].test.size()});
    }
    const std::string name = masks[k].hidden == 0
                                 ? std::string(kind)
                                 : fmt::format("{} without {}", kind, masks[k].name);
    reports.push_back(AccuracyReport::Of(name, std::move(rows)));
  }
  return reports;
}

}  // namespace trimtab
