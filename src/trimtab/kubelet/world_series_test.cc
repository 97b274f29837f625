#include "trimtab/kubelet/world_series.h"

#include <chrono>
#include <memory>
#include <set>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/kubelet/testing/pod_json.h"
#include "trimtab/simulation/simulated_cluster.h"
#include "trimtab/simulation/testing/scenarios.h"

namespace trimtab {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

// A process that burns 0.6 s of CPU when it starts and then serves nothing: 10 MiB of heap.
class WorldSeriesTest : public testing::Test {
 protected:
  WorldSeriesTest() {
    MicroserviceSpec spec = PlainMicroservice("front", {Cpu(Deterministic{Latency(4)})});
    spec.start_up = {Deterministic{Latency(2000)}, Deterministic{Latency(600)}};
    ClusterScenario scenario = PlainCluster({spec});
    scenario.hosts = {{"host-1", Cores(4), Gibibytes(4)}};
    SimulatedClusterOptions options;
    options.is_hosted = true;
    auto made = SimulatedCluster::Create(std::move(scenario), std::move(options));
    EXPECT_TRUE(made.ok()) << made.status();
    cluster_ = *std::move(made);
  }
  std::unique_ptr<PodLife> Life(const std::string& name, bool is_replica) {
    PodPlace place{.host = 0, .node = {Cores(4), Gibibytes(4)}, .microservice_name = "front"};
    if (is_replica) place.microservice = 0;
    return std::make_unique<PodLife>(PodJson{.name = name}.Read(), std::move(place), Instant());
  }
  void Advance(PodLife& life, Duration to) {
    for (Duration now{0}; now <= to; now += std::chrono::milliseconds(100)) {
      cluster_->clock().WaitUntil(Instant(now));
      life.Advance(Instant(now), cluster_->hosted(),
                   [] { return ContainerConfig{Cores(4), Gibibytes(4)}; });
    }
  }

  std::unique_ptr<SimulatedCluster> cluster_;
  const std::map<std::pair<std::string, std::string>, OwnerReference> nobody_;
  const std::vector<PastRequests> nothing_;
  std::set<std::uint32_t> lost_;
};

TEST_F(WorldSeriesTest, ShowsAReplicaOfItsHost) {
  const auto life = Life("front-1", true);
  Advance(*life, seconds(30));
  const std::map<std::pair<std::string, std::string>, OwnerReference> owners = {
      {{"shop", "front-abc"}, {.kind = "Deployment", .name = "front"}}};
  const std::vector<PastRequests> past = {{"shop", "front-0", 0, 9, 2}};
  const std::string text = WorldSeries({.state = cluster_->loop().state(),
                                        .pods = {life.get()},
                                        .replica_set_owners = owners,
                                        .past = past,
                                        .lost_hosts = lost_});
  constexpr const char* kLabels =
      R"({job="kubelet",metrics_path="/metrics/cadvisor",node="host-1",instance="host-1:10250",)"
      R"(namespace="shop",pod="front-1",container="app",image="none",)"
      R"(id="/kubepods/poduid-front-1/app",name="app")";
  EXPECT_THAT(text, HasSubstr(std::string("container_cpu_usage_seconds_total") + kLabels +
                              R"(,cpu="total"} 0.6)"));
  EXPECT_THAT(text, HasSubstr(std::string("container_memory_working_set_bytes") + kLabels +
                              "} 10485760\n"));
  // One core is 100,000 us in each 100,000.
  EXPECT_THAT(text, HasSubstr(std::string("container_spec_cpu_quota") + kLabels + "} 100000\n"));
  EXPECT_THAT(text, HasSubstr(R"(instance="host-1:10250",id="/",cpu="total"} 0.6)"));
  EXPECT_THAT(text, HasSubstr(R"(kube_replicaset_owner{job="kube-state-metrics",namespace="shop",)"
                              R"(replicaset="front-abc",owner_kind="Deployment",)"
                              R"(owner_name="front",owner_is_controller="true"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(uid="uid-front-1",resource="cpu",unit="core"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(pod="front-1",condition="true"} 1)"));
  // Of nine requests of one that has ended two failed.
  EXPECT_THAT(text, HasSubstr(R"(pod="front-0",status_code="STATUS_CODE_UNSET"} 7)"));
  EXPECT_THAT(text, HasSubstr(R"(pod="front-0",status_code="STATUS_CODE_ERROR"} 2)"));
}

TEST_F(WorldSeriesTest, OtherPodsUseNothing) {
  const auto life = Life("other-1", false);
  Advance(*life, seconds(2));
  const std::string text = WorldSeries({.state = cluster_->loop().state(),
                                        .pods = {life.get()},
                                        .replica_set_owners = nobody_,
                                        .past = nothing_,
                                        .lost_hosts = lost_});
  EXPECT_THAT(text, HasSubstr(R"(id="/kubepods/poduid-other-1/app",name="app",cpu="total"} 0)"));
  EXPECT_THAT(text, Not(HasSubstr("service_name=")));
}

// What the API server says of its pods is still there.
TEST_F(WorldSeriesTest, ALostHostShowsNothing) {
  const auto life = Life("front-1", true);
  Advance(*life, seconds(30));
  lost_ = {0};
  const std::string text = WorldSeries({.state = cluster_->loop().state(),
                                        .pods = {life.get()},
                                        .replica_set_owners = nobody_,
                                        .past = nothing_,
                                        .lost_hosts = lost_});
  EXPECT_THAT(text, Not(HasSubstr("job=\"kubelet\"")));
  EXPECT_THAT(text, Not(HasSubstr("job=\"node-exporter\"")));
  EXPECT_THAT(text, HasSubstr(R"(pod="front-1",condition="true"} 0)"));
}

TEST_F(WorldSeriesTest, OneThatHasNotBegunHasNoContainer) {
  const auto life = Life("front-1", true);
  const std::string text = WorldSeries({.state = cluster_->loop().state(),
                                        .pods = {life.get()},
                                        .replica_set_owners = nobody_,
                                        .past = nothing_,
                                        .lost_hosts = lost_});
  EXPECT_THAT(text, Not(HasSubstr("container=\"app\",image")));
  EXPECT_THAT(text, HasSubstr(R"(kube_pod_status_ready{job="kube-state-metrics",namespace="shop",)"
                              R"(pod="front-1",condition="true"} 0)"));
}

}  // namespace
}  // namespace trimtab
