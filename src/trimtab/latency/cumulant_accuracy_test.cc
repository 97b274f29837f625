#include "trimtab/latency/cumulant_accuracy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace trimtab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// One setting whose latency is 1 ms and an exponential of 2 ms: mean 3 ms, deviation 2 ms, third
// cumulant 16 ms^3, P95 1 + 2 ln 20 = 6.99 ms.
LatencySample Sample() {
  LatencySample sample;
  sample.features.container = {Millicores(200), Mebibytes(100)};
  sample.features.container_load = RequestsPerSecond(10);
  sample.tail = Latency(1 + 2 * std::log(20));
  sample.cumulants = {.value = {.mean = 3e-3, .variance = 4e-6, .third = 16e-9},
                      .relative_standard_error = {.mean = 0.01, .variance = 0.02, .third = 0.03}};
  return sample;
}

NeuralLatencyOptions Quick() {
  NeuralLatencyOptions options;
  options.samples_read = 20'000;
  options.simd = SimdLevel::kPortable;
  return options;
}

MicroserviceSamples Constant(const std::string& name) {
  return {name, std::vector<LatencySample>(100, Sample()), std::vector<LatencySample>(4, Sample())};
}

// Against labels 10 % above what it learned: 100 (1 - 0.1 / 1.1) = 90.9 % of each.
TEST(CumulantAccuracyTest, IsRelativeToTheLabel) {
  const auto model = NeuralCumulantModel::Fit(Constant("a").training, Quick());
  ASSERT_TRUE(model.ok()) << model.status();
  LatencySample above = Sample();
  above.cumulants.value = {.mean = 1.1 * 3e-3, .variance = 1.21 * 4e-6, .third = 1.331 * 16e-9};
  const CumulantAccuracy accuracy = AccuracyOfCumulants(*model, std::vector{above, above});
  EXPECT_NEAR(accuracy.mean.accuracy, 100 / 1.1, 0.2);
  EXPECT_NEAR(accuracy.deviation.accuracy, 100 / 1.1, 0.2);
  EXPECT_NEAR(accuracy.third_root.accuracy, 100 / 1.1, 0.2);
  EXPECT_NEAR(accuracy.third.accuracy, 100 / 1.331, 0.6);
  EXPECT_EQ(accuracy.third.samples, 2);
}

TEST(CumulantAccuracyTest, ALabelThatIsItselfUncertainTestsNothing) {
  const auto model = NeuralCumulantModel::Fit(Constant("a").training, Quick());
  ASSERT_TRUE(model.ok()) << model.status();
  // Half and a third of these are the errors of the times: 10 %, and just above.
  LatencySample sample = Sample();
  sample.cumulants.relative_standard_error = {.mean = 0.11, .variance = 0.2, .third = 0.31};
  const CumulantAccuracy accuracy = AccuracyOfCumulants(*model, std::vector{sample});
  EXPECT_EQ(accuracy.mean, JudgedAccuracy());
  EXPECT_EQ(accuracy.deviation.samples, 1);
  EXPECT_EQ(accuracy.third_root, JudgedAccuracy());
  EXPECT_EQ(accuracy.third, JudgedAccuracy());
}

std::vector<std::string> NamesOf(const std::vector<AccuracyReport>& reports) {
  std::vector<std::string> names;
  for (const AccuracyReport& report : reports) names.push_back(report.model);
  return names;
}

TEST(EvaluateCumulantModelTest, ReportsTimesAndTheTailThatTheyImply) {
  const std::vector<MicroserviceSamples> microservices = {Constant("a"), Constant("b")};
  const std::vector<InterferenceMask> none = {StandardMasks().front()};
  const auto reports = EvaluateCumulantModel(microservices, none, Quick(), 1);
  ASSERT_TRUE(reports.ok()) << reports.status();
  EXPECT_THAT(NamesOf(*reports),
              ElementsAre("mean", "deviation", "third-root", "third", "p95-of-cumulants",
                          "p95-of-measured-cumulants", "p95-network"));
  for (const AccuracyReport& report : *reports) {
    ASSERT_EQ(report.microservices.size(), 2U);
    EXPECT_EQ(report.microservices[1].name, "b");
    EXPECT_EQ(report.microservices[1].samples, 4U);
    // Constants are learned; Wilson and Hilferty are within 1.5 % of an exponential's P95.
    EXPECT_GT(report.worst, 98) << report.model;
  }
  const auto threads = EvaluateCumulantModel(microservices, none, Quick(), 3);
  EXPECT_EQ(*threads, *reports);
}

TEST(EvaluateCumulantModelTest, LeavesOutWhatHasNoLabelToTestOn) {
  std::vector<MicroserviceSamples> microservices = {Constant("a"), Constant("b")};
  for (LatencySample& sample : microservices[1].test) {
    sample.cumulants.relative_standard_error.third = 1;
  }
  const std::vector<InterferenceMask> none = {StandardMasks().front()};
  const auto reports = EvaluateCumulantModel(microservices, none, Quick(), 1);
  ASSERT_TRUE(reports.ok()) << reports.status();
  EXPECT_EQ((*reports)[0].microservices.size(), 2U);
  ASSERT_EQ((*reports)[3].microservices.size(), 1U);
  EXPECT_EQ((*reports)[3].microservices[0].name, "a");
  for (LatencySample& sample : microservices[0].test) {
    sample.cumulants.relative_standard_error.third = 1;
  }
  EXPECT_THAT(NamesOf(*EvaluateCumulantModel(microservices, none, Quick(), 1)),
              ElementsAre("mean", "deviation", "p95-of-cumulants", "p95-of-measured-cumulants",
                          "p95-network"));
}

TEST(EvaluateCumulantModelTest, NamesTheMaskAndTheMicroservice) {
  const std::vector<InterferenceMask> masks = {StandardMasks().back()};
  std::vector<MicroserviceSamples> microservices = {Constant("a")};
  const auto reports = EvaluateCumulantModel(microservices, masks, Quick(), 1);
  ASSERT_TRUE(reports.ok()) << reports.status();
  EXPECT_EQ((*reports)[0].model, "mean without all");
  microservices[0].test.clear();
  EXPECT_EQ(EvaluateCumulantModel(microservices, masks, Quick(), 1).status().message(),
            "cumulant model of 'a': no test samples");
  EXPECT_THAT(std::string(EvaluateCumulantModel({}, masks, Quick(), 1).status().message()),
              HasSubstr("no microservices"));
}

}  // namespace
}  // namespace trimtab
