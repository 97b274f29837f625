// Tests how the behaviour of a resource becomes the limits of its loop.
#include "trimtab/operator/scaler_options.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trimtab {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

AppScaler TwoWorkloads() {
  AppScaler scaler;
  scaler.objective.latency = Latency(200);
  scaler.workloads.resize(2);
  return scaler;
}

TEST(ScalerOptionsTest, WithoutBehaviorOfAWorkloadOneSetOfLimitsHoldsForAll) {
  AppScaler scaler = TwoWorkloads();
  scaler.behavior.down = {.largest_change = 0.2, .stabilization = minutes(5)};
  const ControlOptions options = ControlOptionsOf(scaler, {});
  EXPECT_EQ(options.safety.largest_lower, 0.2);
  EXPECT_EQ(options.safety.scale_down_stabilisation, minutes(5));
  EXPECT_THAT(options.safety_of, testing::IsEmpty());
}

TEST(ScalerOptionsTest, AWorkloadSaysOnlyWhatDiffersInEachDirection) {
  AppScaler scaler = TwoWorkloads();
  scaler.behavior.up = {.largest_change = 0.5, .stabilization = {}, .tolerance = 0.1};
  scaler.behavior.down = {.largest_change = 0.2, .stabilization = minutes(5), .tolerance = {}};
  ScaleBehavior& own = scaler.workloads[1].behavior;
  own.up.stabilization = seconds(30);
  own.down = {.largest_change = 0.9, .stabilization = minutes(30), .tolerance = 0.15};
  own.most_throttled = 0.6;
  const ControlOptions options = ControlOptionsOf(scaler, {});
  ASSERT_THAT(options.safety_of, testing::SizeIs(2));
  const SafetyOptions& first = options.safety_of[0];
  EXPECT_EQ(first.largest_raise, 1.5);
  EXPECT_EQ(first.raise_tolerance, 0.1);
  EXPECT_EQ(first.scale_up_stabilisation, seconds(0));
  EXPECT_EQ(first.largest_lower, 0.2);
  EXPECT_EQ(first.lower_tolerance, 0);
  EXPECT_EQ(first.most_throttled, SafetyOptions{}.most_throttled);
  const SafetyOptions& second = options.safety_of[1];
  EXPECT_EQ(second.largest_raise, 1.5);  // of the application
  EXPECT_EQ(second.raise_tolerance, 0.1);
  EXPECT_EQ(second.scale_up_stabilisation, seconds(30));
  EXPECT_EQ(second.largest_lower, 0.9);
  EXPECT_GE(second.largest_lower_in_window, 0.9);
  EXPECT_EQ(second.scale_down_stabilisation, minutes(30));
  EXPECT_EQ(second.lower_tolerance, 0.15);
  EXPECT_EQ(second.most_throttled, 0.6);
}

}  // namespace
}  // namespace trimtab
