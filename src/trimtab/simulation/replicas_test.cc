// The life of replicas, by hand-worked times.
#include "trimtab/simulation/replicas.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "trimtab/simulation/simulated_cluster.h"
#include "trimtab/simulation/testing/scenarios.h"

namespace trimtab {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

ClusterScenario OneService() {
  MicroserviceSpec spec = PlainMicroservice("a", {Cpu(Deterministic{Latency(4)})});
  spec.initial = {1, {Cores(1), Mebibytes(100)}};
  spec.start_up = {Deterministic{Latency(2000)}, Deterministic{Latency(600)}};
  ClusterScenario scenario = PlainCluster({spec});
  scenario.hosts = {{"b", Cores(4), Gibibytes(4)}, {"a", Cores(4), Gibibytes(4)}};
  scenario.life.readiness_period = Duration(0);
  scenario.life.decision_delay = seconds(1);
  scenario.life.starts_per_second = 2;
  return scenario;
}

class Life {
 public:
  explicit Life(ClusterScenario scenario, double load = 0) {
    SimulatedClusterOptions options;
    options.load = StepSeries::Constant(load);
    options.on_window = [this](const WindowRecord& record) { windows.push_back(record); };
    auto made = SimulatedCluster::Create(std::move(scenario), std::move(options));
    EXPECT_TRUE(made.ok()) << made.status();
    cluster = *std::move(made);
  }
  void At(Duration time) { EXPECT_TRUE(cluster->clock().WaitUntil(Instant(time))); }
  MicroserviceState State() { return (*cluster->actuator().State())[0]; }
  absl::Status Ask(int replicas, ContainerConfig container) {
    return cluster->actuator().Apply({MicroserviceId(0), State().desired, {replicas, container}});
  }
  const Container& container(std::size_t index) {
    return cluster->loop().state().containers[index];
  }

  std::unique_ptr<SimulatedCluster> cluster;
  std::vector<WindowRecord> windows;
};

constexpr ContainerConfig kOneCore{Cores(1), Mebibytes(100)};

// Asked at 10 s, decided at 11 s; the first replica starts then, the second half a second later;
// 2 s until the process runs, 0.6 s of CPU at one core: ready at 13.6 and 14.1 s.
TEST(ReplicasTest, StartUpTakesDecisionImageAndCpu) {
  Life life(OneService());
  life.At(seconds(10));
  ASSERT_TRUE(life.Ask(3, kOneCore).ok());
  life.At(milliseconds(10'999));
  EXPECT_EQ(life.State().pending, 0);
  life.At(milliseconds(13'599));
  EXPECT_EQ(life.State().ready, 1);
  EXPECT_EQ(life.State().pending, 2);
  life.At(milliseconds(13'601));
  EXPECT_EQ(life.State().ready, 2);
  life.At(milliseconds(14'101));
  EXPECT_TRUE(life.State().Effective());
}

// Start-up CPU is burnt under the quota: 0.5 cores make 0.6 s of CPU last at least 1.1 s.
TEST(ReplicasTest, StartUpIsThrottled) {
  ClusterScenario scenario = OneService();
  scenario.microservices[0].initial.container.cpu = Millicores(500);
  Life life(std::move(scenario));
  ASSERT_TRUE(life.Ask(2, {Millicores(500), Mebibytes(100)}).ok());
  life.At(milliseconds(4'050));
  EXPECT_EQ(life.State().ready, 1);
  life.At(milliseconds(4'250));
  EXPECT_EQ(life.State().ready, 2);
}

// Least allocated first; equal hosts by name: "a", then "b", then "a" again.
TEST(ReplicasTest, PlacementBalancesAndBreaksTiesByName) {
  ClusterScenario scenario = OneService();
  scenario.microservices[0].initial.replicas = 3;
  Life life(std::move(scenario));
  EXPECT_EQ(life.container(0).host, 1U);
  EXPECT_EQ(life.container(1).host, 0U);
  EXPECT_EQ(life.container(2).host, 1U);
}

TEST(ReplicasTest, WhatFitsNowhereStaysPendingUntilThereIsRoom) {
  Life life(OneService());
  ASSERT_TRUE(life.Ask(10, kOneCore).ok());
  life.At(seconds(30));
  EXPECT_EQ(life.State().ready, 8);
  EXPECT_EQ(life.State().pending, 2);
  EXPECT_EQ(life.State().reason, "unschedulable: no host has 1 cpu and 100Mi memory free");
  ASSERT_TRUE(life.Ask(8, kOneCore).ok());
  life.At(seconds(60));
  EXPECT_TRUE(life.State().Effective());
}

TEST(ReplicasTest, AnInitialAllocationThatDoesNotFitIsRefused) {
  ClusterScenario scenario = OneService();
  scenario.microservices[0].initial.replicas = 9;
  const auto cluster = SimulatedCluster::Create(std::move(scenario), {});
  EXPECT_EQ(cluster.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(cluster.status().message(),
            "initial allocation of microservice 'a': unschedulable: no host has 1 cpu and 100Mi "
            "memory free");
}

// Requests that a removed replica holds are answered: none fails although half of it is taken away
// under load.
TEST(ReplicasTest, DrainingAnswersWhatIsThere) {
  ClusterScenario scenario = OneService();
  scenario.microservices[0].initial.replicas = 4;
  scenario.network.hop = milliseconds(1);
  Life life(std::move(scenario), 300);
  life.At(seconds(20));
  ASSERT_TRUE(life.Ask(2, kOneCore).ok());
  life.At(milliseconds(21'050));
  EXPECT_EQ(life.State().draining, 2);
  life.At(seconds(60));
  EXPECT_EQ(life.State().draining, 0);
  EXPECT_EQ(life.State().ready, 2);
  ASSERT_EQ(life.windows.size(), 1U);
  EXPECT_EQ(life.windows[0].failures, 0U);
  EXPECT_GT(life.windows[0].requests, 17'000U);
}

// A frame that outlives the grace period fails: it waits for 60 s, the grace is 30 s after the
// removal has spread (1.1 to 2 s after the question).
TEST(ReplicasTest, TheGracePeriodEnds) {
  ClusterScenario scenario = OneService();
  scenario.microservices[0].endpoints[0].program = {Wait(Deterministic{Latency(60'000)})};
  Life life(std::move(scenario), 1);
  life.At(seconds(10));
  ASSERT_TRUE(life.Ask(0, kOneCore).ok());
  life.At(seconds(30));
  EXPECT_EQ(life.State().draining, 1);
  life.At(seconds(60));
  EXPECT_EQ(life.State().draining, 0);
  ASSERT_EQ(life.windows.size(), 1U);
  // All that arrived before the removal fail at the end of the grace, all later ones at once.
  EXPECT_EQ(life.windows[0].failures, life.windows[0].arrivals);
}

// Raising the heap above the limit is not possible from outside; a host that is short of memory
// does it: an anomaly of 99 % leaves 41 MiB of 4 GiB, below the heap of 45 MiB.
TEST(ReplicasTest, AReplicaKilledForMemoryComesBackAfterTheBackOff) {
  ClusterScenario scenario = OneService();
  scenario.hosts.pop_back();
  scenario.microservices[0].memory.heap = Mebibytes(45);
  Life life(std::move(scenario), 50);
  life.At(seconds(10));
  ASSERT_TRUE(life.cluster->anomalies()
                  .Inject({HostId(0), InterferenceKind::kMemoryCapacity, Ratio(0.99),
                           Instant(seconds(10)), Instant(seconds(12))})
                  .ok());
  life.At(seconds(15));
  EXPECT_EQ(life.State().ready, 0);
  EXPECT_EQ(life.State().pending, 1);
  EXPECT_EQ(life.State().reason, "killed for memory 1 times at a limit of 100Mi");
  life.At(milliseconds(22'599));  // 10 s of back-off, 2 s and 0.6 s of start-up
  EXPECT_EQ(life.State().ready, 0);
  life.At(milliseconds(22'601));
  EXPECT_EQ(life.State().ready, 1);
  life.At(seconds(60));
  // 12.6 s at 50 requests/s without a replica; 4.5 standard deviations of a Poisson count.
  EXPECT_NEAR(static_cast<double>(life.windows[0].failures), 630, 113);
}

// Asked at 10 s: decided at 11 s, in force at 12 s.
TEST(ReplicasTest, ASizeChangesInPlaceAfterBothDelays) {
  Life life(OneService());
  life.At(seconds(10));
  ASSERT_TRUE(life.Ask(1, {Cores(2), Mebibytes(200)}).ok());
  EXPECT_EQ(life.State().resizing, 1);
  life.At(milliseconds(11'999));
  EXPECT_EQ(life.container(0).limits, kOneCore);
  life.At(milliseconds(12'001));
  EXPECT_EQ(life.State().resizing, 0);
  EXPECT_EQ(life.container(0).cpu.quota(), 2);
}

TEST(ReplicasTest, ASizeThatTheHostHasNoRoomForWaits) {
  ClusterScenario scenario = OneService();
  scenario.microservices[0].initial.replicas = 8;
  Life life(std::move(scenario));
  ASSERT_TRUE(life.Ask(8, {Millicores(1500), Mebibytes(100)}).ok());
  life.At(seconds(10));
  EXPECT_EQ(life.State().resizing, 8);
  EXPECT_NE(life.State().reason.find("resize deferred: host"), std::string::npos)
      << life.State().reason;
  ASSERT_TRUE(life.Ask(4, {Millicores(1500), Mebibytes(100)}).ok());
  life.At(seconds(60));
  EXPECT_TRUE(life.State().Effective()) << life.State().reason;
}

// One replica of 1 core and 100 MiB for 60 s: 5 + 1 units. Two more are created at 11 s of the
// second minute and count from there, pending or not: twice 49 s of 60 make 9.8 units more.
TEST(ReplicasTest, UnitsCountFromCreationToTheEnd) {
  Life life(OneService());
  life.At(seconds(70));
  ASSERT_TRUE(life.Ask(3, kOneCore).ok());
  life.At(seconds(120));
  ASSERT_EQ(life.windows.size(), 2U);
  EXPECT_DOUBLE_EQ(life.windows[0].units.cpu, 5);
  EXPECT_DOUBLE_EQ(life.windows[0].units.memory, 1);
  EXPECT_NEAR(life.windows[1].units.total(), 6 + 6 * (49 + 49) / 60.0, 1e-9);
  // Taken away again at 130 s: decided at 131 s, gone 0.1 to 1 s later.
  life.At(seconds(130));
  ASSERT_TRUE(life.Ask(1, kOneCore).ok());
  life.At(seconds(180));
  EXPECT_GT(life.windows[2].units.total(), 6 + 12 * 11.1 / 60);
  EXPECT_LT(life.windows[2].units.total(), 6 + 12 * 12.0 / 60);
}

}  // namespace
}  // namespace trimtab
