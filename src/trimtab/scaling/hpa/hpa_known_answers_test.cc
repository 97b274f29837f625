// What a real Kubernetes 1.36 controller answered, step by step: requests 100m, target 50 %, min 2,
// max 10, scaleDown window 0, sync 2 s, four pods to begin with.
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "gtest/gtest.h"
#include "trimtab/scaling/testing/hpa_deployment.h"

namespace trimtab {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct OneSync {
  std::string name;
  std::optional<int> usage;
  int missing;
  int unready;
  int expected;
};

class HpaOneSyncTest : public ::testing::TestWithParam<OneSync> {};

TEST_P(HpaOneSyncTest, AnswersAsTheController) {
  HpaDeployment deployment(RecordedHpaOptions());
  deployment.usage = GetParam().usage;
  deployment.missing = GetParam().missing;
  deployment.unready = GetParam().unready;
  EXPECT_EQ(deployment.Sync(), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Recorded, HpaOneSyncTest,
    ::testing::Values(OneSync{"OnTarget", 50, 0, 0, 4},
                      OneSync{"WithinToleranceAbove", 54, 0, 0, 4},
                      OneSync{"WithinToleranceBelow", 46, 0, 0, 4},
                      // ceil(0.88 x 4 = 3.52)
                      OneSync{"RoundsUpToTheSame", 44, 0, 0, 4},
                      // ceil(1.12 x 4 = 4.48)
                      OneSync{"Above", 56, 0, 0, 5},
                      // 300 % of 4 pods asks for 24; +100 % in 15 s allows 8
                      OneSync{"LimitedByTheDefaultPolicy", 300, 0, 0, 8},
                      // 1 % asks for 1, min is 2
                      OneSync{"TooFewReplicas", 1, 0, 0, 2},
                      // 160 / 400 = 40 % < 50 %: turned round
                      OneSync{"MissingCountAsNothingGoingUp", 80, 2, 0, 4},
                      // (40 + 200) / 400 = 60 % > 50 %: turned round
                      OneSync{"MissingCountAsTheRequestGoingDown", 20, 2, 0, 4},
                      OneSync{"UnreadyCountAsNothingGoingUp", 80, 0, 2, 4},
                      OneSync{"WithoutAnySample", std::nullopt, 0, 0, 4}),
    [](const ::testing::TestParamInfo<OneSync>& row) { return row.param.name; });

TEST(HpaKnownAnswersTest, GrowsByOneAtEachSync) {
  HpaDeployment deployment(RecordedHpaOptions());
  deployment.usage = 56;
  EXPECT_EQ(deployment.Sync(), 5);
  EXPECT_EQ(deployment.Sync(), 6);  // ceil(1.12 x 5 = 5.6)
  EXPECT_EQ(deployment.Sync(), 7);  // ceil(1.12 x 6 = 6.72)
}

TEST(HpaKnownAnswersTest, ShrinksToTwo) {
  HpaDeployment deployment(RecordedHpaOptions());
  deployment.usage = 30;
  EXPECT_EQ(deployment.Sync(), 3);  // ceil(0.6 x 4 = 2.4)
  EXPECT_EQ(deployment.Sync(), 2);  // ceil(0.6 x 3 = 1.8)
}

TEST(HpaKnownAnswersTest, DoublesAndWaitsForThePeriodToEnd) {
  HpaDeployment deployment(RecordedHpaOptions());
  deployment.usage = 200;
  EXPECT_EQ(deployment.Sync(), 8);
  while (deployment.now() < seconds(16)) EXPECT_EQ(deployment.Sync(), 8);
  EXPECT_EQ(deployment.Sync(), 10);
}

TEST(HpaKnownAnswersTest, StopsAtMaxReplicasWhenThePolicyAllowsMore) {
  HpaOptions options = RecordedHpaOptions();
  options.behavior->scale_up.policies = {{.kind = HpaScalingPolicy::Kind::kPercent, .value = 900}};
  HpaDeployment deployment(options);
  deployment.usage = 300;
  EXPECT_EQ(deployment.Sync(), 10);
}

TEST(HpaKnownAnswersTest, TakesTheToleranceOfTheDirection) {
  HpaOptions options = RecordedHpaOptions();
  options.behavior->scale_up.tolerance = 0.2;
  HpaDeployment deployment(options);
  deployment.usage = 56;
  EXPECT_EQ(deployment.Sync(), 4);
}

TEST(HpaKnownAnswersTest, AMissingExternalMetricForbidsDownNotUp) {
  HpaOptions options = RecordedHpaOptions();
  options.metrics.push_back({.kind = HpaMetric::Kind::kLoadAverageValue, .target = 100});
  HpaDeployment down(options);
  down.usage = 30;
  EXPECT_EQ(down.Sync(), 4);
  HpaDeployment up(options);
  up.usage = 80;
  EXPECT_EQ(up.Sync(), 7);  // ceil(1.6 x 4 = 6.4)
}

TEST(HpaKnownAnswersTest, ScalesOnMemoryByAverageValue) {
  HpaOptions options = RecordedHpaOptions();
  options.metrics = {
      {.kind = HpaMetric::Kind::kMemoryAverageValue, .target = Mebibytes(64).as_double()}};
  HpaDeployment deployment(options);
  deployment.memory = Mebibytes(90);
  EXPECT_EQ(deployment.Sync(), 6);  // ceil(90 / 64 x 4 = 5.6)
  EXPECT_EQ(deployment.Sync(), 8);  // ceil(8.4) = 9, limited to twice the 4 of the period's start
  while (deployment.now() < seconds(16)) EXPECT_EQ(deployment.Sync(), 8);
  EXPECT_EQ(deployment.Sync(), 10);
}

// The recording counts from the moment usage fell, between two syncs: 3 after 14.5 s, 2 after
// 20.6 s. Here it falls right after the sync at 0: the recommendation of 0 leaves the window of
// 15 s at the sync of 16, and the next pod may go 5 s later, at the sync of 22.
TEST(HpaKnownAnswersTest, StabilisesAndThenShrinksByPolicy) {
  HpaOptions options = RecordedHpaOptions();
  options.behavior->scale_down.stabilization_window = seconds(15);
  options.behavior->scale_down.policies = {
      {.kind = HpaScalingPolicy::Kind::kReplicas, .value = 1, .period = seconds(5)}};
  HpaDeployment deployment(options);
  EXPECT_EQ(deployment.Sync(), 4);
  deployment.usage = 10;
  while (deployment.now() < seconds(16)) EXPECT_EQ(deployment.Sync(), 4);
  EXPECT_EQ(deployment.Sync(), 3);
  while (deployment.now() < seconds(22)) EXPECT_EQ(deployment.Sync(), 3);
  EXPECT_EQ(deployment.Sync(), 2);
}

}  // namespace
}  // namespace trimtab
