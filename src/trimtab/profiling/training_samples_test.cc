#include "trimtab/profiling/training_samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trimtab/latency/testing/formula_model.h"

namespace trimtab {
namespace {

SampleRow Row(std::int64_t setting, std::size_t microservice, double tail_ms) {
  SampleRow row;
  row.setting = setting;
  row.microservice = MicroserviceId(microservice);
  row.container = {Millicores(200), Mebibytes(300)};
  row.container_load = RequestsPerSecond(50);
  row.interference = Interference::None();
  row.label.tail = Latency(tail_ms);
  row.label.relative_standard_error = 0.03;
  row.label.utilization = 0.5;
  row.label.requests = 2000;
  row.label.cumulants = {
      .value = {.mean = 1e-3 * tail_ms / 3, .variance = 1e-6, .third = 1e-9},
      .relative_standard_error = {.mean = 0.03, .variance = 0.06, .third = 0.09}};
  return row;
}

SampleRow TreeRow(std::int64_t setting, std::size_t microservice, double load) {
  SampleRow row = Row(setting, microservice, 1);
  row.container_load = RequestsPerSecond(load);
  row.label.whole_tree = true;
  row.end_to_end = EndToEndLabel{RequestsPerSecond(300), Latency(42), 0.02};
  return row;
}

SampleTable TableOf(std::vector<SampleRow> rows) {
  SampleTable table;
  table.manifest.microservices = {{.name = "a"}, {.name = "b"}};
  table.rows = std::move(rows);
  return table;
}

TEST(LatencySamplesOfTest, TakesRowsOfTheRoleThatCarryALabel) {
  SampleRow test = Row(1, 0, 5);
  test.role = SampleRole::kTest;
  SampleRow aside = Row(2, 0, 6);
  aside.role = SampleRole::kSetAside;
  SampleRow short_run = Row(3, 0, 7);
  short_run.label.requests = kFewestRequestsOfALabel - 1;
  const SampleTable table =
      TableOf({Row(0, 0, 4), test, aside, short_run, Row(4, 0, 0), Row(5, 1, 9)});
  const auto training = LatencySamplesOf(table, MicroserviceId(0), SampleRole::kTrain);
  ASSERT_EQ(training.size(), 1U);
  EXPECT_EQ(training[0].tail, Latency(4));
  EXPECT_EQ(training[0].features.container, (ContainerConfig{Millicores(200), Mebibytes(300)}));
  EXPECT_EQ(training[0].features.container_load, RequestsPerSecond(50));
  EXPECT_EQ(LatencySamplesOf(table, MicroserviceId(0), SampleRole::kTest)[0].tail, Latency(5));
  EXPECT_EQ(LatencySamplesOf(table, MicroserviceId(1), SampleRole::kTrain).size(), 1U);
}

TEST(LatencySamplesOfTest, ALabelThatIsItselfUncertainTestsNothing) {
  SampleRow good = Row(0, 0, 5);
  good.role = SampleRole::kTest;
  good.label.relative_standard_error = kMostErrorOfATestLabel;
  SampleRow bad = good;
  bad.setting = 1;
  bad.label.relative_standard_error = kMostErrorOfATestLabel + 1e-6;
  SampleRow training = bad;
  training.setting = 2;
  training.role = SampleRole::kTrain;
  const SampleTable table = TableOf({good, bad, training});
  EXPECT_EQ(LatencySamplesOf(table, MicroserviceId(0), SampleRole::kTest).size(), 1U);
  EXPECT_EQ(LatencySamplesOf(table, MicroserviceId(0), SampleRole::kTrain).size(), 1U);
}

TEST(LatencySamplesOfTest, TheBiasOfMeasuringAloneCountsAboveUtilisation06) {
  SampleRow busy = Row(1, 0, 5);
  busy.label.utilization = 0.7;
  SampleRow busy_in_tree = TreeRow(2, 0, 10);
  busy_in_tree.label.utilization = 0.7;
  SampleTable table = TableOf({Row(0, 0, 4), busy, busy_in_tree});
  table.manifest.microservices[0].alone_bias = {.mean = -0.04, .standard_error = 0.01, .pairs = 9};
  const auto samples = LatencySamplesOf(table, MicroserviceId(0), SampleRole::kTrain);
  ASSERT_EQ(samples.size(), 3U);
  EXPECT_DOUBLE_EQ(samples[0].relative_standard_error, 0.03);
  EXPECT_DOUBLE_EQ(samples[1].relative_standard_error, 0.05);  // sqrt(0.03^2 + 0.04^2)
  EXPECT_DOUBLE_EQ(samples[2].relative_standard_error, 0.03);
  EXPECT_TRUE(samples[2].whole_tree);
  const Cumulants& error = samples[1].cumulants.relative_standard_error;
  EXPECT_DOUBLE_EQ(error.mean, 0.05);
  EXPECT_DOUBLE_EQ(error.variance, 0.1);
  EXPECT_DOUBLE_EQ(error.third, 0.15);
  EXPECT_EQ(samples[0].cumulants.relative_standard_error.third, 0.09);
  EXPECT_EQ(samples[1].cumulants.value, busy.label.cumulants.value);
}

TEST(EndToEndSamplesOfTest, FeedsWhatTheModelsPredictForEachContainer) {
  // The model says 1 ms for each request/s.
  const trimtab::testing::FormulaModel model([](const LatencyFeatures& features) {
    return LatencyPrediction{Latency(features.container_load.value()), {}};
  });
  SampleRow test = TreeRow(9, 0, 1);
  test.role = SampleRole::kTest;
  const SampleTable table =
      TableOf({Row(0, 0, 4), TreeRow(7, 0, 10), TreeRow(7, 0, 30), TreeRow(7, 1, 5), test});
  const std::vector<const LatencyModel*> models = {&model, &model};
  const auto samples = EndToEndSamplesOf(table, SampleRole::kTrain, models);
  ASSERT_EQ(samples.size(), 1U);
  EXPECT_EQ(samples[0].run, 7);
  EXPECT_EQ(samples[0].tail, Latency(42));
  EXPECT_EQ(samples[0].relative_standard_error, 0.02);
  ASSERT_EQ(samples[0].own_latency.size(), 2U);
  EXPECT_EQ(samples[0].own_latency[0].mean, Latency(20));
  EXPECT_EQ(samples[0].own_latency[0].max, Latency(30));
  EXPECT_EQ(samples[0].own_latency[1].mean, Latency(5));
}

TEST(EndToEndSamplesOfTest, LeavesOutARunWithoutAllMicroservices) {
  const trimtab::testing::FormulaModel model(
      [](const LatencyFeatures&) { return LatencyPrediction{Latency(1), {}}; });
  const std::vector<const LatencyModel*> models = {&model, &model};
  EXPECT_TRUE(EndToEndSamplesOf(TableOf({TreeRow(7, 0, 10)}), SampleRole::kTrain, models).empty());
}

}  // namespace
}  // namespace trimtab
