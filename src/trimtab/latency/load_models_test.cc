#include "trimtab/latency/load_models.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace trimtab {
namespace {

using ::testing::HasSubstr;

// The quantiles of an exponential at 2,000 even probabilities.
std::vector<double> Quantiles(double offset, double rate) {
  std::vector<double> values;
  for (int i = 0; i < 2'000; ++i) values.push_back(offset - std::log1p(-(i + 0.5) / 2'000) / rate);
  return values;
}

struct Levels {
  std::vector<std::vector<double>> samples;
  std::vector<LoadLevel> levels;
};

Levels SingleServer(const std::vector<double>& loads) {
  Levels made;
  for (const double load : loads) made.samples.push_back(Quantiles(0.001, 100 - load));
  for (std::size_t i = 0; i < loads.size(); ++i) {
    made.levels.push_back({loads[i], made.samples[i]});
  }
  return made;
}

const LoadModelAccuracy& Of(const std::vector<LoadModelAccuracy>& all, std::string_view model) {
  for (const LoadModelAccuracy& each : all) {
    if (each.model == model) return each;
  }
  ADD_FAILURE() << model;
  return all.front();
}

// Rates are exactly linear, so what is left is the sampling of the quantiles; the P95 is not linear
// in the load: 1 / (100 - w).
TEST(LoadModelsTest, ASingleServerQueueIsALineOfRatesAndNotOfTails) {
  const Levels made = SingleServer({5, 20, 35, 48});
  const auto judged = EvaluateLoadModels(made.levels);
  ASSERT_TRUE(judged.ok()) << judged.status();
  ASSERT_EQ(judged->size(), 9U);
  EXPECT_GT(*Of(*judged, "least-squares").rate_accuracy, 99);
  EXPECT_GT(*Of(*judged, "unbiased").rate_accuracy, 99);
  EXPECT_GT(*Of(*judged, "tail").p95_accuracy, 99);
  EXPECT_GT(*Of(*judged, "paper").p95_accuracy, 98);
  EXPECT_LT(*Of(*judged, "straight-line").p95_accuracy, 97);
  EXPECT_LT(*Of(*judged, "constant").p95_accuracy, 80);
  EXPECT_FALSE(Of(*judged, "cumulants").rate_accuracy.has_value());
}

// The line through 200 at 1 call/s and 20 at 20 falls by 9.5 a call/s: -169 at 40.
TEST(LoadModelsTest, AFreeLineWithoutARateHasNoAccuracy) {
  Levels made;
  const std::vector<double> rates = {200, 20, 15};
  const std::vector<double> loads = {1, 20, 40};
  for (const double rate : rates) made.samples.push_back(Quantiles(0, rate));
  for (std::size_t i = 0; i < 3; ++i) made.levels.push_back({loads[i], made.samples[i]});
  const auto judged = EvaluateLoadModels(made.levels);
  ASSERT_TRUE(judged.ok());
  EXPECT_FALSE(Of(*judged, "paper").p95_accuracy.has_value());
  EXPECT_TRUE(Of(*judged, "tail").p95_accuracy.has_value());
}

TEST(LoadModelsTest, TwoLoadsCannotSpareOne) {
  const Levels made = SingleServer({5, 20});
  EXPECT_THAT(std::string(EvaluateLoadModels(made.levels).status().message()),
              HasSubstr("2 loads, at least 3"));
}

TEST(LoadModelsTest, ALoadWithOneSampleIsNamed) {
  Levels made = SingleServer({5, 20, 30});
  made.samples[1].resize(1);
  made.levels[1].sorted = made.samples[1];
  EXPECT_THAT(std::string(EvaluateLoadModels(made.levels).status().message()),
              HasSubstr("at 20 calls/s: 1 latencies"));
}

}  // namespace
}  // namespace trimtab
