// One step of an allocation, by hand.
#include "trimtab/scaling/grad/resizing.h"

#include "gtest/gtest.h"

namespace trimtab {
namespace {

constexpr StepSize kStep = {.cpu = Millicores(200), .memory = Mebibytes(100)};

MicroserviceAllocation Of(int replicas, int millicores, int mebibytes) {
  return {.replicas = replicas,
          .container = {.cpu = Millicores(millicores), .memory = Mebibytes(mebibytes)}};
}

TEST(ResizingTest, SharesAStepOutAndNeverRoundsItToNothing) {
  ScalingBounds bounds;
  bounds.most_replicas = 1000;
  // 200 m over 3 containers: 66.7 m, rounded up; 100 MiB over 3: 33.3 MiB, rounded up.
  EXPECT_EQ(*Raised(Of(3, 300, 200), ScalingAction::kCpu, kStep, bounds), Of(3, 367, 200));
  EXPECT_EQ(*Raised(Of(3, 300, 200), ScalingAction::kMemory, kStep, bounds), Of(3, 300, 234));
  EXPECT_EQ(*Raised(Of(900, 300, 200), ScalingAction::kCpu, kStep, bounds), Of(900, 301, 200));
  EXPECT_EQ(*Raised(Of(900, 300, 200), ScalingAction::kMemory, kStep, bounds), Of(900, 300, 201));
  EXPECT_EQ(*Raised(Of(3, 300, 200), ScalingAction::kReplicas, kStep, bounds), Of(4, 300, 200));
}

TEST(ResizingTest, EndsAtTheLargestSizeAndOffersNothingThere) {
  const ScalingBounds bounds;  // 1 core, 1000 MiB, 20 replicas
  EXPECT_EQ(*Raised(Of(1, 900, 950), ScalingAction::kCpu, kStep, bounds), Of(1, 1000, 950));
  EXPECT_EQ(*Raised(Of(1, 900, 950), ScalingAction::kMemory, kStep, bounds), Of(1, 900, 1000));
  EXPECT_FALSE(Raised(Of(1, 1000, 1000), ScalingAction::kCpu, kStep, bounds));
  EXPECT_FALSE(Raised(Of(1, 1000, 1000), ScalingAction::kMemory, kStep, bounds));
  EXPECT_FALSE(Raised(Of(20, 100, 100), ScalingAction::kReplicas, kStep, bounds));
  // Above its bound already: it stays.
  EXPECT_FALSE(Raised(Of(1, 1500, 100), ScalingAction::kCpu, kStep, bounds));
}

TEST(ResizingTest, LowersToItsLimits) {
  const LowerLimits limits = {.cpu = Millicores(250), .memory = Mebibytes(180), .replicas = 2};
  EXPECT_EQ(*Lowered(Of(2, 400, 400), ScalingAction::kCpu, kStep, limits), Of(2, 300, 400));
  EXPECT_EQ(*Lowered(Of(2, 300, 200), ScalingAction::kCpu, kStep, limits), Of(2, 250, 200));
  EXPECT_EQ(*Lowered(Of(2, 300, 200), ScalingAction::kMemory, kStep, limits), Of(2, 300, 180));
  EXPECT_FALSE(Lowered(Of(2, 250, 180), ScalingAction::kCpu, kStep, limits));
  EXPECT_FALSE(Lowered(Of(2, 250, 180), ScalingAction::kMemory, kStep, limits));
  EXPECT_EQ(*Lowered(Of(3, 300, 200), ScalingAction::kReplicas, kStep, limits), Of(2, 300, 200));
  EXPECT_FALSE(Lowered(Of(2, 300, 200), ScalingAction::kReplicas, kStep, limits));
  // The containers that are left would need 250 m and have 200 m.
  EXPECT_FALSE(Lowered(Of(3, 200, 200), ScalingAction::kReplicas, kStep, limits));
}

}  // namespace
}  // namespace trimtab
