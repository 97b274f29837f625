// Replicas that the test places, by hand-worked times.
#include "trimtab/simulation/hosted_replicas.h"

#include <chrono>
#include <memory>
#include <utility>

#include "gtest/gtest.h"
#include "trimtab/simulation/simulated_cluster.h"
#include "trimtab/simulation/testing/scenarios.h"

namespace trimtab {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr ContainerConfig kOneCore{Cores(1), Mebibytes(100)};

// A request burns 4 ms; a process takes 2 s to start and then 0.6 s of CPU.
ClusterScenario OneService() {
  MicroserviceSpec spec = PlainMicroservice("a", {Cpu(Deterministic{Latency(4)})});
  spec.initial = {3, kOneCore};
  spec.start_up = {Deterministic{Latency(2000)}, Deterministic{Latency(600)}};
  ClusterScenario scenario = PlainCluster({spec});
  scenario.hosts = {{"b", Cores(4), Gibibytes(4)}, {"a", Cores(4), Gibibytes(4)}};
  scenario.life.readiness_period = Duration(0);
  scenario.life.shortest_propagation = milliseconds(500);
  scenario.life.longest_propagation = milliseconds(500);
  return scenario;
}

class HostedReplicasTest : public testing::Test {
 protected:
  void Start(ClusterScenario scenario, double load = 0) {
    SimulatedClusterOptions options;
    options.load = StepSeries::Constant(load);
    options.is_hosted = true;
    auto made = SimulatedCluster::Create(std::move(scenario), std::move(options));
    ASSERT_TRUE(made.ok()) << made.status();
    cluster_ = *std::move(made);
  }
  void At(Duration time) { EXPECT_TRUE(cluster_->clock().WaitUntil(Instant(time))); }
  HostedReplicas& hosted() { return cluster_->hosted(); }
  HostedReplica Add(std::uint32_t host, const ContainerConfig& size, bool is_warm = false) {
    const auto added = hosted().Add(0, host, size, is_warm);
    EXPECT_TRUE(added.ok()) << added.status();
    return added.value_or(HostedReplica{});
  }
  double UsedBy(const HostedReplica& replica) {
    return hosted().Find(replica)->cpu.UsedAt(cluster_->loop().state().now);
  }
  ReplicaState StateOf(const HostedReplica& replica) {
    const Container* container = hosted().Find(replica);
    return container == nullptr ? ReplicaState::kGone : container->state;
  }

  std::unique_ptr<SimulatedCluster> cluster_;
};

// Nothing runs by itself, whatever the scenario's initial allocation says.
TEST_F(HostedReplicasTest, BeginsEmpty) {
  Start(OneService(), 100);
  At(seconds(5));
  EXPECT_TRUE(cluster_->loop().state().containers.empty());
  EXPECT_EQ(cluster_->arrivals(), 0U);
}

// Placed at 1 s: the process runs at 3 s, has burnt 0.6 s of CPU at one core at 3.6 s.
TEST_F(HostedReplicasTest, StartsWhereItIsPut) {
  Start(OneService());
  At(seconds(1));
  const HostedReplica replica = Add(1, kOneCore);
  EXPECT_EQ(hosted().Find(replica)->host, 1U);
  At(milliseconds(2999));
  EXPECT_EQ(StateOf(replica), ReplicaState::kStarting);
  At(milliseconds(3001));
  EXPECT_EQ(StateOf(replica), ReplicaState::kBooting);
  At(milliseconds(3599));
  EXPECT_EQ(StateOf(replica), ReplicaState::kBooting);
  At(milliseconds(3601));
  EXPECT_EQ(StateOf(replica), ReplicaState::kReady);
  EXPECT_NEAR(UsedBy(replica), 0.6e9, 1);
}

// 100 requests/s of 4 ms from 10 s on: 0.4 cores. Poisson arrivals over 100 s have a standard
// deviation of sqrt(10,000) = 100; the bound is five of them.
TEST_F(HostedReplicasTest, ServesRequestsFromWhenTheyBegin) {
  Start(OneService(), 100);
  const HostedReplica replica = Add(0, kOneCore, true);
  At(seconds(10));
  EXPECT_EQ(cluster_->arrivals(), 0U);
  cluster_->BeginRequests();
  At(seconds(110));
  EXPECT_NEAR(static_cast<double>(cluster_->arrivals()), 10'000, 500);
  const Container* container = hosted().Find(replica);
  EXPECT_NEAR(static_cast<double>(container->requests), 10'000, 500);
  // What the requests under way have burnt comes on top; times are rounded up to nanoseconds.
  const double of_others = UsedBy(replica) - static_cast<double>(container->requests) * 4e6;
  EXPECT_GE(of_others, 0);
  EXPECT_LE(of_others, container->in_flight * 4e6 + static_cast<double>(container->requests));
}

TEST_F(HostedReplicasTest, ResizeIsInForceAtOnce) {
  Start(OneService());
  const HostedReplica replica = Add(0, kOneCore, true);
  ASSERT_TRUE(hosted().Resize(replica, {Cores(2), Mebibytes(300)}).ok());
  EXPECT_EQ(hosted().Find(replica)->limits, (ContainerConfig{Cores(2), Mebibytes(300)}));
  EXPECT_EQ(hosted().Find(replica)->cpu.quota(), 2);
  EXPECT_EQ(cluster_->loop().state().hosts[0].requested_cpu, Cores(2));
  EXPECT_EQ(cluster_->loop().state().hosts[0].requested_memory, Mebibytes(300));
}

// The heap of PlainMicroservice is 10 MiB.
TEST_F(HostedReplicasTest, MemoryBelowWhatIsInUseIsRefused) {
  Start(OneService());
  const HostedReplica replica = Add(0, kOneCore, true);
  const absl::Status refused = hosted().Resize(replica, {Cores(2), Mebibytes(9)});
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition) << refused;
  EXPECT_EQ(hosted().Find(replica)->limits, kOneCore);
  EXPECT_TRUE(hosted().Resize(replica, {Cores(2), Mebibytes(10)}).ok());
}

// Out of the balancer 0.5 s later, and with nothing to finish gone in that instant.
TEST_F(HostedReplicasTest, DrainsAndIsGone) {
  Start(OneService());
  const HostedReplica replica = Add(0, kOneCore, true);
  hosted().Drain(replica);
  At(milliseconds(499));
  EXPECT_EQ(StateOf(replica), ReplicaState::kLeaving);
  At(milliseconds(501));
  EXPECT_EQ(hosted().Find(replica), nullptr);
  EXPECT_EQ(cluster_->loop().state().hosts[0].requested_cpu, Millicores(0));
  EXPECT_EQ(hosted().Resize(replica, kOneCore).code(), absl::StatusCode::kNotFound);
}

// Slots are used again after a window; the handle of the one before never means the new one.
TEST_F(HostedReplicasTest, AHandleIsOfOneReplica) {
  Start(OneService());
  const HostedReplica first = Add(0, kOneCore, true);
  hosted().Kill(first);
  EXPECT_EQ(hosted().Find(first), nullptr);
  At(seconds(61));
  const HostedReplica second = Add(1, kOneCore, true);
  EXPECT_EQ(second.container, first.container);
  EXPECT_EQ(hosted().Find(first), nullptr);
  hosted().Kill(first);
  EXPECT_NE(hosted().Find(second), nullptr);
}

// 10 MiB of heap and 4 MiB a frame: a limit of 12 MiB dies with the first request, comes back after
// 10 s of back-off and 2.6 s of start, and dies again.
TEST_F(HostedReplicasTest, IsKilledForMemoryAndComesBack) {
  ClusterScenario scenario = OneService();
  scenario.microservices[0].memory.per_frame = Mebibytes(4);
  // The start-up itself is a frame, which 14 MiB just hold.
  scenario.microservices[0].start_up.cpu = Deterministic{Latency(0)};
  Start(std::move(scenario), 20);
  const HostedReplica replica = Add(0, {Cores(1), Mebibytes(12)}, true);
  cluster_->BeginRequests();
  At(seconds(5));
  EXPECT_EQ(StateOf(replica), ReplicaState::kBackOff);
  EXPECT_EQ(hosted().Find(replica)->kills, 1);
  ASSERT_TRUE(hosted().Resize(replica, {Cores(1), Mebibytes(200)}).ok());
  At(seconds(20));
  EXPECT_EQ(StateOf(replica), ReplicaState::kReady);
  EXPECT_EQ(hosted().Find(replica)->kills, 1);
}

TEST_F(HostedReplicasTest, WhatDoesNotExistIsNamed) {
  Start(OneService());
  EXPECT_EQ(hosted().Add(1, 0, kOneCore).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(hosted().Add(0, 2, kOneCore).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(hosted().Add(0, 0, {Millicores(0), Mebibytes(1)}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace trimtab
