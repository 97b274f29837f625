#include "trimtab/workload/workload.h"

#include <cmath>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/application/interference.h"
#include "trimtab/quantity/time.h"

namespace trimtab {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr auto kCpu = static_cast<std::size_t>(InterferenceKind::kCpu);
constexpr auto kNetwork = static_cast<std::size_t>(InterferenceKind::kNetworkBandwidth);

Workload Steady(double fluctuation) {
  Workload workload;
  workload.load = 100.0;
  workload.interference[kCpu] = 0.3;
  workload.interference[kNetwork] = 0.9;
  workload.surge = Surge{};
  workload.surge->fluctuation = fluctuation;
  return workload;
}

TEST(RealizeWorkloadTest, SurgeDoublesLoadAndRaisesInterferenceInsideItsTimesOnly) {
  const auto series = RealizeWorkload(Steady(0), 1);
  ASSERT_TRUE(series.ok()) << series.status();
  for (const auto& [at, load, cpu] :
       {std::tuple(minutes(0), 100.0, 0.3), std::tuple(minutes(279), 100.0, 0.3),
        std::tuple(minutes(280), 200.0, 0.7), std::tuple(minutes(299), 200.0, 0.7),
        std::tuple(minutes(300), 100.0, 0.3), std::tuple(minutes(5000), 100.0, 0.3)}) {
    EXPECT_EQ(series->load.At(at), load) << at.count();
    EXPECT_EQ(series->interference[kCpu]->At(at), cpu) << at.count();
  }
}

TEST(RealizeWorkloadTest, SurgeNeverLowersAnInterference) {
  const auto series = RealizeWorkload(Steady(0), 1);
  EXPECT_EQ(series->interference[kNetwork]->At(minutes(290)), 0.9);
}

TEST(RealizeWorkloadTest, AbsentKindsStayAbsent) {
  const auto series = RealizeWorkload(Steady(0), 1);
  EXPECT_FALSE(series->interference[static_cast<std::size_t>(InterferenceKind::kMemoryCapacity)]);
}

TEST(RealizeWorkloadTest, SurgeFluctuatesAroundItsLevel) {
  const auto series = RealizeWorkload(Steady(0.1), 1);
  double sum = 0;
  double square = 0;
  for (int i = 0; i < 60; ++i) {
    const double factor = series->load.At(minutes(280) + seconds(20) * i) / 200 - 1;
    sum += factor;
    square += factor * factor;
  }
  // n = 60 values of deviation 0.1 and correlation 0.8: the mean's standard error is
  // 0.1 * sqrt(9 / 60) = 0.039; that of the mean square 0.01 * sqrt(2 * 4.56 / 60) = 0.0039.
  EXPECT_NEAR(sum / 60, 0, 0.12);
  EXPECT_NEAR(square / 60, 0.01, 0.012);
  EXPECT_GT(square / 60, 1e-4);
}

TEST(RealizeWorkloadTest, ChangingOneDescriptionLeavesTheOthersAsTheyWere) {
  Workload changed = Steady(0.1);
  changed.load = 500.0;
  EXPECT_EQ(RealizeWorkload(changed, 9)->interference[kCpu]->values(),
            RealizeWorkload(Steady(0.1), 9)->interference[kCpu]->values());
}

TEST(RealizeWorkloadTest, InterferenceLeavesTheHostSomething) {
  Workload workload = Steady(0);
  workload.interference[kCpu] = 1.0;
  EXPECT_EQ(RealizeWorkload(workload, 1)->interference[kCpu]->At(minutes(1)), 0.95);
}

TEST(RealizeWorkloadTest, RecordingsStandInAndGetTheSurge) {
  RecordedWorkload recorded;
  recorded.load = *StepSeries::Create(minutes(1), {10, 20});
  const auto series = RealizeWorkload(Steady(0), 1, recorded);
  EXPECT_EQ(series->load.At(seconds(30)), 10);
  EXPECT_EQ(series->load.At(seconds(90)), 20);
  EXPECT_EQ(series->load.At(minutes(285)), 40);
  EXPECT_EQ(series->load.At(minutes(301)), 20);
}

TEST(RealizeWorkloadTest, ReportsEveryViolation) {
  Workload workload = Steady(0);
  workload.load = -1.0;
  workload.interference[kCpu] = 1.5;
  workload.surge->end = minutes(10);
  workload.surge->step = Duration(0);
  const std::string message(RealizeWorkload(workload, 1).status().message());
  EXPECT_THAT(message, HasSubstr("load is -1"));
  EXPECT_THAT(message, HasSubstr("cpu is 1.5, must be between 0 and 1"));
  EXPECT_THAT(message, HasSubstr("surge lasts from 4h40m to 10m"));
  EXPECT_THAT(message, HasSubstr("surge step is 0 ns"));
}

TEST(PlayedOverTest, StretchesEveryStepByTheSameFactor) {
  const auto hour = StepSeries::Create(seconds(1), std::vector<double>(3600, 1.0));
  const auto played = PlayedOver(*hour, minutes(400));
  ASSERT_TRUE(played.ok());
  EXPECT_EQ(played->step(), Duration(24'000'000'000'000 / 3600));
}

}  // namespace
}  // namespace trimtab
