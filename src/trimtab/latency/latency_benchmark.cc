#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "trimtab/latency/accuracy.h"
#include "trimtab/latency/latency_bank.h"
#include "trimtab/latency/latency_model.h"
#include "trimtab/latency/latency_sample.h"
#include "trimtab/latency/neural_latency_model.h"
#include "trimtab/latency/testing/synthetic_microservice.h"
#include "trimtab/quantity/time.h"

namespace trimtab {
namespace {

// Budget: every one of 36 models at 90 % or better within 1 s on one core.
void BM_Train36ModelsOfTheGrid(benchmark::State& state) {
  constexpr std::size_t kModels = 36;
  std::vector<std::vector<LatencySample>> samples;
  for (std::size_t m = 0; m < kModels; ++m) {
    samples.push_back(testing::SyntheticMicroservice(m).Grid(1));
  }
  const std::size_t training = testing::TrainingCount(samples[0].size());
  NeuralLatencyOptions options;
  options.samples_read = state.range(0);
  options.peak_rate = 0.032;
  options.mask_probability = 0;
  std::vector<NeuralLatencyModel> models;
  for (auto _ : state) {
    models.clear();
    for (std::size_t m = 0; m < kModels; ++m) {
      models.push_back(
          NeuralLatencyModel::Fit(std::span(samples[m]).first(training), options).value());
    }
  }
  std::vector<double> accuracies;
  for (std::size_t m = 0; m < kModels; ++m) {
    accuracies.push_back(Accuracy(models[m], std::span(samples[m]).subspan(training)));
  }
  std::ranges::sort(accuracies);
  state.counters["worst_percent"] = accuracies.front();
  state.counters["median_percent"] = accuracies[kModels / 2];
}
BENCHMARK(BM_Train36ModelsOfTheGrid)->Arg(70'000)->Arg(600'000)->Unit(benchmark::kMillisecond);

LatencyBank MakeBank(std::size_t models) {
  const std::vector<LatencySample> samples = testing::SyntheticMicroservice(1).Grid(1);
  NeuralLatencyOptions options;
  options.samples_read = 2000;
  const NeuralLatencyModel model =
      NeuralLatencyModel::Fit(std::span(samples).first(500), options).value();
  return LatencyBank::Create(std::vector<const NeuralLatencyModel*>(models, &model)).value();
}

std::vector<LatencyFeatures> Rows(std::size_t count) {
  std::vector<LatencyFeatures> rows;
  const std::vector<LatencySample> samples = testing::SyntheticMicroservice(1).Joint(1);
  for (std::size_t i = 0; i < count; ++i) rows.push_back(samples[i].features);
  return rows;
}

// One step of a plan: base and three candidates of three replicas. Arguments: models in the bank.
void BM_BankPredict12Rows(benchmark::State& state) {
  const LatencyBank bank = MakeBank(static_cast<std::size_t>(state.range(0)));
  const std::vector<LatencyFeatures> rows = Rows(12);
  std::vector<Latency> tails(rows.size());
  std::size_t model = 0;
  for (auto _ : state) {
    bank.Predict(model, rows, tails);
    benchmark::DoNotOptimize(tails.data());
    model = (model + 1) % bank.size();
  }
}
BENCHMARK(BM_BankPredict12Rows)->Arg(36)->Arg(2500);

void BM_BankGradient3Rows(benchmark::State& state) {
  const LatencyBank bank = MakeBank(static_cast<std::size_t>(state.range(0)));
  const std::vector<LatencyFeatures> rows = Rows(3);
  std::vector<LatencyPrediction> predictions(rows.size());
  std::size_t model = 0;
  for (auto _ : state) {
    bank.PredictWithGradient(model, rows, predictions);
    benchmark::DoNotOptimize(predictions.data());
    model = (model + 1) % bank.size();
  }
}
BENCHMARK(BM_BankGradient3Rows)->Arg(36)->Arg(2500);

}  // namespace
}  // namespace trimtab
