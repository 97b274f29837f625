#include "trimtab/latency/accuracy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "trimtab/application/interference.h"
#include "trimtab/latency/latency_sample.h"
#include "trimtab/latency/testing/formula_model.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"

namespace trimtab {
namespace {

TEST(SplitSamplesTest, TakesTheShareOnceEach) {
  const SampleSplit split = SplitSamples(1000, 0.15, 7);
  EXPECT_EQ(split.test.size(), 150u);
  EXPECT_EQ(split.training.size(), 850u);
  std::vector<std::size_t> all = split.test;
  all.insert(all.end(), split.training.begin(), split.training.end());
  std::ranges::sort(all);
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i], i);
}

TEST(SplitSamplesTest, DependsOnTheSeedAlone) {
  EXPECT_EQ(SplitSamples(100, 0.15, 1).test, SplitSamples(100, 0.15, 1).test);
  EXPECT_NE(SplitSamples(100, 0.15, 1).test, SplitSamples(100, 0.15, 2).test);
}

TEST(SplitSamplesTest, ReachesBothEnds) {
  EXPECT_TRUE(SplitSamples(10, 0, 1).test.empty());
  EXPECT_TRUE(SplitSamples(10, 1, 1).training.empty());
}

TEST(AccuracyTest, IsOneHundredLessTheMeanPercentageError) {
  // Predictions of 11 and 8 for 10: errors of 10 % and 20 %, mean 15 %.
  std::vector<LatencySample> samples(2);
  samples[0].tail = samples[1].tail = Latency(10);
  samples[0].features.container_load = RequestsPerSecond(11);
  samples[1].features.container_load = RequestsPerSecond(8);
  const testing::FormulaModel model([](const LatencyFeatures& features) {
    return LatencyPrediction{Latency(features.container_load.value()), {}};
  });
  EXPECT_NEAR(Accuracy(model, samples), 85, 1e-9);
}

TEST(AccuracyTest, HidesWhatTheMaskSays) {
  const testing::FormulaModel model([](const LatencyFeatures& features) {
    return LatencyPrediction{Latency(features.interference.presence()), {}};
  });
  std::vector<LatencySample> samples(1);
  samples[0].features.interference = Interference::None();
  for (const InterferenceMask& mask : StandardMasks()) {
    samples[0].tail = Latency(0x0F & ~mask.hidden);
    if (samples[0].tail.count() == 0) continue;
    EXPECT_NEAR(Accuracy(model, samples, mask), 100, 1e-9) << mask.name;
  }
  EXPECT_EQ(Hide(samples[0].features, StandardMasks().back()).interference, Interference());
}

TEST(AccuracyTest, NamesTheMasks) {
  std::vector<std::string> names;
  for (const InterferenceMask& mask : StandardMasks()) names.push_back(mask.name);
  EXPECT_THAT(names, ::testing::ElementsAre("none", "cpu", "memoryCapacity", "memoryBandwidth",
                                            "networkBandwidth", "all"));
}

TEST(AccuracyReportTest, TakesTheMiddleAndTheWorst) {
  const auto odd = AccuracyReport::Of("nn4", {{"a", 91, 10}, {"b", 95, 10}, {"c", 93, 10}});
  EXPECT_EQ(odd.median, 93);
  EXPECT_EQ(odd.worst, 91);
  EXPECT_EQ(AccuracyReport::Of("nn4", {{"a", 91, 10}, {"b", 95, 10}}).median, 93);
}

TEST(AccuracyReportTest, WritesTheNamesThatOtherToolsRead) {
  const AccuracyReport report = AccuracyReport::Of("nn4", {{"search", 93.5, 2400}});
  EXPECT_EQ(AccuracyJson(std::vector{report}),
            R"({"models":[{"model":"nn4","microservices":[{"name":"search","accuracy":93.5,)"
            R"("samples":2400}],"median":93.5,"worst":93.5}]})");
}

}  // namespace
}  // namespace trimtab
