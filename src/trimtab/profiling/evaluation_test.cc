#include "trimtab/profiling/evaluation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "trimtab/latency/testing/formula_model.h"
#include "trimtab/profiling/sweep.h"
#include "trimtab/profiling/testing/fake_source.h"

namespace trimtab {
namespace {

class EvaluationTest : public ::testing::Test {
 protected:
  EvaluationTest() {
    SweepOptions options;
    options.station_settings = 60;
    options.tree_runs = 80;
    options.bias_pairs = 0;
    const Application application = FakeApplication(2);
    const FakeSource source(2);
    const auto prepared = PrepareSweep(application, source, "hash", options);
    table_ = *RunSweep(application, source, *prepared, {}, nullptr);
  }
  SampleTable table_;
};

TEST_F(EvaluationTest, DividesAsTheTableSays) {
  const auto divided = DividedSamplesOf(table_);
  ASSERT_EQ(divided.size(), 2U);
  std::size_t samples = 0;
  for (const auto& microservice : divided) {
    EXPECT_FALSE(microservice.test.empty());
    samples += microservice.training.size() + microservice.test.size();
  }
  EXPECT_EQ(divided[1].name, "service-1");
  EXPECT_EQ(samples, table_.rows.size());
}

TEST_F(EvaluationTest, ReportsEveryKindOnTheRunsHeldOut) {
  // The fake's own formula: its end-to-end tail is the sum of these over the microservices.
  const FakeSource source(2);
  const auto formula = [&source](std::size_t m) {
    return [&source, m](const LatencyFeatures& f) {
      const auto label = source.Measure(
          StationSetting{MicroserviceId(m), f.container, f.container_load, f.interference}, {}, 1);
      return LatencyPrediction{label->tail, {}};
    };
  };
  const trimtab::testing::FormulaModel first(formula(0));
  const trimtab::testing::FormulaModel second(formula(1));
  const std::vector<const LatencyModel*> models = {&first, &second};
  EndToEndTrainingOptions options;
  options.samples_read = 4'000;
  const auto reports = EvaluateEndToEnd(table_, models, options, 2);
  ASSERT_TRUE(reports.ok()) << reports.status();
  std::set<std::string> kinds;
  for (const AccuracyReport& report : *reports) {
    kinds.insert(report.model);
    ASSERT_EQ(report.microservices.size(), 1U);
    EXPECT_EQ(report.microservices[0].name, "end-to-end");
    EXPECT_EQ(report.median, report.microservices[0].accuracy);
  }
  EXPECT_EQ(kinds, (std::set<std::string>{"corrected", "corrected-without-attention", "paper",
                                          "paper-without-attention", "composition"}));
  // A sum is what the composition can express; labels and inputs scatter by 1 %.
  EXPECT_GE(reports->back().median, 95);
}

TEST_F(EvaluationTest, WithoutARunHeldOutThereIsNothingToReport) {
  std::erase_if(table_.rows, [](const SampleRow& row) { return row.role == SampleRole::kTest; });
  const trimtab::testing::FormulaModel one(
      [](const LatencyFeatures&) { return LatencyPrediction{Latency(1), {}}; });
  const std::vector<const LatencyModel*> models = {&one, &one};
  EXPECT_TRUE(absl::IsInvalidArgument(EvaluateEndToEnd(table_, models, {}, 1).status()));
}

}  // namespace
}  // namespace trimtab
