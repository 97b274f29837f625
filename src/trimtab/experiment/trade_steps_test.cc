#include "trimtab/experiment/trade_steps.h"

#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trimtab {
namespace {

using ::testing::Eq;
using ::testing::Optional;
using ::testing::SizeIs;

constexpr MicroserviceAllocation kStart = {
    .replicas = 1, .container = {.cpu = Millicores(200), .memory = Mebibytes(100)}};

// The tail is 100 ms, less 10 ms for each 0.1 core of microservice 0, 1 ms for each 100 MiB of
// microservice 1 and 4 ms for each replica of it, whatever the seed.
class LinearSource : public SampleSource {
 public:
  StationTraits Traits(MicroserviceId) const override { return {}; }
  absl::StatusOr<Duration> CpuPerRequest(MicroserviceId, const ContainerConfig&,
                                         const Interference&) const override {
    return Duration(0);
  }
  StationEquivalent Equivalent(const StationSetting& setting) const override { return {setting}; }
  absl::StatusOr<LatencyLabel> Measure(const StationSetting&, const LabelAccuracy&,
                                       std::uint64_t) const override {
    return absl::UnimplementedError("not measured alone");
  }
  absl::StatusOr<LatencyDraws> Draw(const StationSetting&, std::int64_t,
                                    std::uint64_t) const override {
    return absl::UnimplementedError("not measured alone");
  }
  absl::StatusOr<std::vector<TreeLatencies>> Draw(const TreeSetting&, std::int64_t,
                                                  std::uint64_t) const override {
    return absl::UnimplementedError("not drawn");
  }
  absl::StatusOr<TreeSample> Measure(const TreeSetting& setting, const LabelAccuracy&,
                                     std::uint64_t) const override {
    const MicroserviceAllocation& first = setting.allocation[MicroserviceId(0)];
    const MicroserviceAllocation& second = setting.allocation[MicroserviceId(1)];
    TreeSample sample;
    sample.end_to_end_tail =
        Latency(100 - 100 * InCores(first.container.cpu) -
                InMebibytes(second.container.memory) / 100 - 4.0 * second.replicas);
    return sample;
  }
};

Application TwoMicroservices() {
  return *Application::Create("two", {{.name = "a", .bounds = {}}, {.name = "b", .bounds = {}}},
                              {{"get", "a"}});
}

TEST(TradeStepsTest, TradesAreSharedByTheContainersAndKeptInsideTheBounds) {
  const ScalingBounds bounds;
  MicroserviceAllocation two = kStart;
  two.replicas = 2;
  // 0.2 core over two containers is 0.1 each.
  EXPECT_EQ(AfterTrade(two, ScalingAction::kCpu, bounds)->container.cpu, Millicores(300));
  EXPECT_EQ(AfterTrade(two, ScalingAction::kMemory, bounds)->container.memory, Mebibytes(150));
  EXPECT_EQ(AfterTrade(two, ScalingAction::kReplicas, bounds)->replicas, 3);
  MicroserviceAllocation largest = kStart;
  largest.container.cpu = bounds.largest.cpu;
  EXPECT_EQ(AfterTrade(largest, ScalingAction::kCpu, bounds), std::nullopt);
}

TEST(TradeStepsTest, RanksByTailAndKeepsTheOrderOfEqualOnes) {
  const Application application = TwoMicroservices();
  TreeSetting setting;
  setting.allocation = Allocation(2, kStart);
  const auto trades = TradesOf({MicroserviceId(0), MicroserviceId(1)});
  ASSERT_THAT(trades, SizeIs(6));
  const auto measured = MeasureTrades(application, LinearSource(), setting, trades, 1000, 1, 2);
  ASSERT_TRUE(measured.ok());
  // From 100 - 20 - 1 - 4 = 75 ms: CPU of a to 55, a replica of b to 71, memory of b to 74; the
  // other three change nothing.
  ASSERT_THAT(*measured, SizeIs(6));
  EXPECT_NEAR((*measured)[0].tail.count(), 55, 1e-9);
  EXPECT_THAT(RankOf(*measured, {MicroserviceId(0), ScalingAction::kCpu}), Optional(Eq(1U)));
  EXPECT_THAT(RankOf(*measured, {MicroserviceId(1), ScalingAction::kReplicas}), Optional(Eq(2U)));
  EXPECT_THAT(RankOf(*measured, {MicroserviceId(1), ScalingAction::kMemory}), Optional(Eq(3U)));
  EXPECT_THAT(RankOf(*measured, {MicroserviceId(0), ScalingAction::kMemory}), Optional(Eq(4U)));
  EXPECT_EQ(RankOf(*measured, {MicroserviceId(0), ScalingAction::kCapacity}), std::nullopt);
}

}  // namespace
}  // namespace trimtab
