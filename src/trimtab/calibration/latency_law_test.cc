// Laws against samples whose law is known.
#include "trimtab/calibration/latency_law.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "gtest/gtest.h"
#include "trimtab/calibration/hold_out.h"
#include "trimtab/calibration/run_samples.h"
#include "trimtab/probability/random_stream.h"

namespace trimtab {
namespace {

// Ascending samples of a law at a rate.
std::vector<double> Samples(const LatencyLaw& law, double rate, int count, std::uint64_t seed) {
  RandomStream random(seed, "samples");
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(law.Quantile(random.Uniform(), rate));
  std::sort(values.begin(), values.end());
  return values;
}

LatencyLaw OneMode() { return {{}, 0, 0, {0.3, 0.6, 0.8, 0.005}}; }
LatencyLaw TwoModes() {
  return {LatencyMode{0.008, 0.004, 0.5, 0}, 0.45, 0.2, {2.5, 2.4, 0.9, 0.008}};
}

TEST(LatencyLawTest, RecoversTheLawOfOneMode) {
  const LatencyLaw truth = OneMode();
  std::vector<std::vector<double>> values;
  for (const double rate : {20.0, 50.0, 100.0}) {
    values.push_back(Samples(truth, rate, 20'000, static_cast<std::uint64_t>(rate)));
  }
  const std::vector<LatencyRun> runs = {{20, values[0]}, {50, values[1]}, {100, values[2]}};
  EXPECT_FALSE(ModeThreshold(runs).has_value());
  const auto law = FitLatencyLaw(runs, std::nullopt);
  ASSERT_TRUE(law.ok()) << law.status();
  // At P95 the density of this law is 0.05 / ms at 1.8 ms: the sample quantile's standard error is
  // sqrt(0.95 * 0.05 / 20000) / 0.05 = 0.03 ms, 1.7 %; three runs and 4 standard errors: 4 %.
  for (const double p : {0.1, 0.5, 0.95}) {
    EXPECT_NEAR(law->Quantile(p, 0) / truth.Quantile(p, 0), 1, 0.04) << p;
    EXPECT_NEAR(law->Quantile(p, 200) / truth.Quantile(p, 200), 1, 0.04) << p;
  }
}

TEST(LatencyLawTest, FindsTwoModesAndTheirShare) {
  const LatencyLaw truth = TwoModes();
  const auto low = Samples(truth, 30, 20'000, 1);
  const auto high = Samples(truth, 90, 20'000, 2);
  const std::vector<LatencyRun> runs = {{30, low}, {90, high}};
  const auto threshold = ModeThreshold(runs);
  ASSERT_TRUE(threshold.has_value());
  EXPECT_GT(*threshold, 0.03);
  EXPECT_LT(*threshold, 2.5);
  const auto law = FitLatencyLaw(runs, threshold);
  ASSERT_TRUE(law.ok());
  // Standard error of a share of 40,000: sqrt(0.45 * 0.55 / 40000) = 0.0025; 4 of them.
  EXPECT_NEAR(law->fast_share, 0.45, 0.01);
  EXPECT_NEAR(law->slow.Quantile(0.5, 0) / truth.slow.Quantile(0.5, 0), 1, 0.04);
  EXPECT_NEAR(law->slow.per_rate, 0.008, 0.001);
}

TEST(LatencyLawTest, RunsAtOneRateHaveNoGrowth) {
  const auto values = Samples(OneMode(), 50, 1000, 1);
  const auto law = FitLatencyLaw(std::vector<LatencyRun>{{50, values}, {51, values}}, std::nullopt);
  ASSERT_TRUE(law.ok());
  EXPECT_EQ(law->slow.per_rate, 0);
}

TEST(LatencyLawTest, TooFewValuesAreAnError) {
  const std::vector<double> values(19, 1.0);
  EXPECT_FALSE(FitLatencyLaw(std::vector<LatencyRun>{{50, values}}, std::nullopt).ok());
}

TEST(HoldOutTest, PredictsTheRunThatWasLeftOutAndShowsTheFloor) {
  std::vector<RecordedRun> runs;
  for (const double rate : {25.0, 50.0, 100.0, 101.0}) {
    RecordedRun run;
    run.rate = rate;
    run.own_latency["a"] = Samples(OneMode(), rate, 20'000, static_cast<std::uint64_t>(rate));
    runs.push_back(run);
  }
  const auto hold_out = LeaveEachRunOut(runs);
  ASSERT_TRUE(hold_out.ok()) << hold_out.status();
  ASSERT_EQ(hold_out->rows.size(), 4U);
  for (const HoldOutRow& row : hold_out->rows) {
    EXPECT_NEAR(row.p50.error(), 0, 0.05);
    EXPECT_NEAR(row.p95.error(), 0, 0.06);
  }
  ASSERT_EQ(hold_out->floor.size(), 1U);
  EXPECT_EQ(hold_out->floor[0].run, 2U);
  EXPECT_EQ(hold_out->floor[0].other_run, 3U);
  EXPECT_FALSE(LeaveEachRunOut({runs[0]}).ok());
}

}  // namespace
}  // namespace trimtab
