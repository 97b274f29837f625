#include "trimtab/simulation/memory_model.h"

#include "gtest/gtest.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/simulation/event_loop.h"
#include "trimtab/simulation/testing/scenarios.h"

namespace trimtab {
namespace {

MemorySpec Spec() {
  MemorySpec spec;
  spec.heap = Mebibytes(40);
  spec.per_frame = Mebibytes(2);
  spec.file_pages = Mebibytes(50);
  spec.pages_per_request = 20;
  spec.skew = 2;
  return spec;
}

// Unreclaimable with 5 frames: 50 MiB. Limits of 49, 75 and 100 MiB: killed, half of the pages
// missing (0.5^2 under the skew), nothing missing.
TEST(MemoryModelTest, ThreeRegions) {
  const MemorySpec spec = Spec();
  MemoryModel tight(spec, Mebibytes(49).as_double());
  MemoryModel middle(spec, Mebibytes(75).as_double());
  MemoryModel enough(spec, Mebibytes(100).as_double());
  EXPECT_TRUE(tight.Kills(5));
  EXPECT_FALSE(tight.Kills(4));
  EXPECT_DOUBLE_EQ(middle.MissingShare(5), 0.25);
  EXPECT_DOUBLE_EQ(enough.MissingShare(5), 0);
  EXPECT_GT(enough.MissingShare(6), 0);
  EXPECT_DOUBLE_EQ(middle.UsedBytes(5), Mebibytes(75).as_double());
  EXPECT_DOUBLE_EQ(enough.UsedBytes(2), Mebibytes(94).as_double());
}

ClusterScenario Scenario(Bytes limit) {
  MicroserviceSpec spec = PlainMicroservice("a", {Cpu(Lognormal{Latency(4), 1})});
  spec.parallelism = 4;
  spec.memory = Spec();
  spec.memory.per_frame = Bytes(0);
  spec.memory.pages_per_request = 200;
  spec.initial = {1, {Cores(1), limit}};
  return PlainCluster({spec});
}

struct Outcome95 {
  std::uint64_t digest;
  double p95;
};
Outcome95 RunWith(Bytes limit) {
  const ClusterScenario scenario = Scenario(limit);
  EventLoopOptions options;
  options.load = StepSeries::Constant(100);
  auto loop = EventLoop::Create(scenario, options, [](EventKind) {});
  EXPECT_TRUE(loop.ok());
  (*loop)->RunUntil(300 * kSecond);
  return {(*loop)->requests().digest(), (*loop)->requests().operations()[0].latency.ValueAt(kP95)};
}

TEST(MemoryModelTest, MoreThanEnoughIsTheSameAsNoLimit) {
  EXPECT_EQ(RunWith(Mebibytes(90)).digest, RunWith(Gibibytes(100)).digest);
  EXPECT_NE(RunWith(Mebibytes(89)).digest, RunWith(Gibibytes(100)).digest);
}

TEST(MemoryModelTest, HalvingTheLimitDoesNotLowerTheTail) {
  const double full = RunWith(Mebibytes(96)).p95;
  const double half = RunWith(Mebibytes(48)).p95;
  EXPECT_GT(half, full);
}

}  // namespace
}  // namespace trimtab
