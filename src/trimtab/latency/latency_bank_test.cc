#include "trimtab/latency/latency_bank.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <span>
#include <vector>

#include "trimtab/latency/latency_sample.h"
#include "trimtab/latency/neural_latency_model.h"
#include "trimtab/latency/testing/synthetic_microservice.h"
#include "trimtab/quantity/time.h"

namespace trimtab {
namespace {

NeuralLatencyModel Fit(std::uint64_t seed, int hidden = 32) {
  const std::vector<LatencySample> samples = testing::SyntheticMicroservice(seed).Joint(1);
  NeuralLatencyOptions options;
  options.samples_read = 2000;
  options.hidden = hidden;
  return NeuralLatencyModel::Fit(std::span(samples).first(400), options).value();
}

TEST(LatencyBankTest, GivesTheBytesOfItsModels) {
  const std::vector<NeuralLatencyModel> models = {Fit(1), Fit(2), Fit(3)};
  const std::vector<const NeuralLatencyModel*> pointers = {&models[0], &models[1], &models[2]};
  const LatencyBank bank = LatencyBank::Create(pointers).value();
  EXPECT_EQ(bank.size(), 3u);
  std::vector<LatencyFeatures> rows;
  for (const LatencySample& sample : testing::SyntheticMicroservice(4).Joint(2)) {
    rows.push_back(sample.features);
    if (rows.size() == 53) break;  // two full chunks and a rest
  }
  std::vector<Latency> tails(rows.size());
  std::vector<LatencyPrediction> predictions(rows.size());
  for (std::size_t m = 0; m < models.size(); ++m) {
    bank.Predict(m, rows, tails);
    bank.PredictWithGradient(m, rows, predictions);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const LatencyPrediction expected = models[m].PredictWithGradient(rows[i]);
      EXPECT_EQ(tails[i], expected.tail);
      EXPECT_EQ(predictions[i].tail, expected.tail);
      EXPECT_EQ(predictions[i].gradient.by_cpu, expected.gradient.by_cpu);
      EXPECT_EQ(predictions[i].gradient.by_memory, expected.gradient.by_memory);
      EXPECT_EQ(predictions[i].gradient.by_load, expected.gradient.by_load);
    }
  }
}

TEST(LatencyBankTest, RefusesModelsOfDifferentShape) {
  const NeuralLatencyModel one = Fit(1);
  const NeuralLatencyModel other = Fit(1, 64);
  const std::vector<const NeuralLatencyModel*> both = {&one, &other};
  EXPECT_THAT(LatencyBank::Create(both).status().message(),
              ::testing::HasSubstr("latency model 1 has 4 layers of 64"));
  EXPECT_FALSE(LatencyBank::Create({}).ok());
}

}  // namespace
}  // namespace trimtab
