// Training one microservice's latency model, against XGBoost at no better accuracy.
#include <cstdio>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "bench/comparison.h"
#include "fmt/format.h"
#include "trimtab/latency/accuracy.h"
#include "trimtab/latency/boosted_trees_model.h"
#include "trimtab/latency/latency_sample.h"
#include "trimtab/latency/neural_latency_model.h"
#include "trimtab/latency/testing/synthetic_microservice.h"

namespace trimtab {
namespace {

int CompareTraining() {
  const std::vector<LatencySample> samples = testing::SyntheticMicroservice(1).Grid(1);
  const auto training = std::span(samples).first(testing::TrainingCount(samples.size()));
  const auto test = std::span(samples).subspan(training.size());
  NeuralLatencyOptions neural;
  neural.samples_read = 150'000;
  neural.peak_rate = 0.032;
  neural.mask_probability = 0;
  BoostedTreesOptions trees;
  trees.mask_probability = 0;

  std::optional<NeuralLatencyModel> ours;
  std::optional<BoostedTreesModel> peer;
  if (auto model = BoostedTreesModel::Fit(training.first(100), trees); !model.ok()) {
    std::fprintf(stderr, "%s\n", model.status().ToString().c_str());
    return absl::IsUnavailable(model.status()) ? 0 : 1;
  }
  Comparison comparison;
  comparison.what = "latency model of 13,600 samples, to no lower accuracy";
  comparison.unit = "models/s";
  comparison.peer_name = "XGBoost, 300 rounds of depth 6";
  comparison.rounds = 5;
  const int code = RunComparison(
      comparison, [&] { ours = NeuralLatencyModel::Fit(training, neural).value(); },
      [&] { peer = BoostedTreesModel::Fit(training, trees).value(); });
  const double our_accuracy = Accuracy(*ours, test);
  const double peer_accuracy = Accuracy(*peer, test);
  std::fprintf(stderr, "accuracy: ours %.2f %%, XGBoost %.2f %%\n", our_accuracy, peer_accuracy);
  return our_accuracy >= peer_accuracy ? code : 1;
}

}  // namespace
}  // namespace trimtab

int main() { return trimtab::CompareTraining(); }
