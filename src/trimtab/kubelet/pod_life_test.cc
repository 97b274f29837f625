// The life of a pod, by hand-worked times.
#include "trimtab/kubelet/pod_life.h"

#include <chrono>
#include <memory>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/kubelet/testing/pod_json.h"
#include "trimtab/simulation/simulated_cluster.h"
#include "trimtab/simulation/testing/scenarios.h"

namespace trimtab {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using Stage = PodReport::Stage;
using Resize = PodReport::Resize;

constexpr Duration kStep = milliseconds(10);
constexpr ContainerConfig kNode{Cores(4), Gibibytes(4)};

// A request burns 4 ms; a process takes 2 s to begin and then 0.6 s of CPU; readiness is seen at
// once. 10 MiB of heap and 4 MiB a request. One that is removed leaves the balancer 0.5 s later.
ClusterScenario OneService() {
  MicroserviceSpec spec = PlainMicroservice("front", {Cpu(Deterministic{Latency(4)})});
  spec.start_up = {Deterministic{Latency(2000)}, Deterministic{Latency(600)}};
  spec.memory.per_frame = Mebibytes(4);
  ClusterScenario scenario = PlainCluster({spec});
  scenario.hosts = {{"host-1", kNode.cpu, kNode.memory}};
  scenario.life.readiness_period = Duration(0);
  scenario.life.shortest_propagation = milliseconds(500);
  scenario.life.longest_propagation = milliseconds(500);
  return scenario;
}

class PodLifeTest : public testing::Test {
 protected:
  PodLifeTest() {
    SimulatedClusterOptions options;
    options.load = StepSeries::Constant(20);
    options.is_hosted = true;
    auto made = SimulatedCluster::Create(OneService(), std::move(options));
    EXPECT_TRUE(made.ok()) << made.status();
    cluster_ = *std::move(made);
  }
  // Seen now.
  void See(const PodJson& pod, bool is_replica = true) {
    PodPlace place{.host = 0,
                   .node = kNode,
                   .microservice_name = "front",
                   .pod_ip = "10.64.0.2",
                   .host_ip = "192.0.2.1",
                   .resize_delay = milliseconds(200)};
    if (is_replica) place.microservice = 0;
    life_ = std::make_unique<PodLife>(pod.Read(), std::move(place), Instant(now_));
    Advance();
  }
  void Change(const PodJson& pod) {
    life_->Change(pod.Read());
    Advance();
  }
  void Advance() {
    EXPECT_TRUE(cluster_->clock().WaitUntil(Instant(now_)));
    life_->Advance(Instant(now_), cluster_->hosted(), [this] { return free_; });
  }
  void At(Duration time) {
    while (now_ < time) {
      now_ += kStep;
      Advance();
    }
  }
  const PodReport& report() const { return life_->report(); }
  ContainerConfig Simulated() const {
    const Container* container = cluster_->hosted().Find(*life_->replica());
    return container == nullptr ? ContainerConfig{} : container->limits;
  }

  std::unique_ptr<SimulatedCluster> cluster_;
  std::unique_ptr<PodLife> life_;
  ContainerConfig free_ = kNode;  // beside other pods
  Duration now_{0};
};

// Seen at 1 s: its process begins at 3 s and has burnt its 0.6 s at one core at 3.6 s.
TEST_F(PodLifeTest, AReplicaStartsAsTheSimulationSays) {
  cluster_->clock().WaitUntil(Instant(seconds(1)));
  now_ = seconds(1);
  See({});
  EXPECT_EQ(report().stage, Stage::kCreating);
  At(milliseconds(2990));
  EXPECT_EQ(report().stage, Stage::kCreating);
  At(milliseconds(3010));
  EXPECT_EQ(report().stage, Stage::kRunning);
  EXPECT_FALSE(report().is_ready);
  At(milliseconds(3590));
  EXPECT_FALSE(report().is_ready);
  At(milliseconds(3610));
  EXPECT_TRUE(report().is_ready);
  EXPECT_EQ(report().restarts, 0);
}

TEST_F(PodLifeTest, AnythingElseIsReadyAfterASecond) {
  See({}, false);
  At(milliseconds(990));
  EXPECT_FALSE(report().is_ready);
  At(seconds(1));
  EXPECT_EQ(report().stage, Stage::kRunning);
  EXPECT_TRUE(report().is_ready);
  EXPECT_FALSE(life_->replica().has_value());
}

TEST_F(PodLifeTest, OneThatRanBeforeIsTakenOverAsItIs) {
  See({.is_running = true});
  EXPECT_EQ(report().stage, Stage::kRunning);
  EXPECT_TRUE(report().is_ready);
}

TEST_F(PodLifeTest, ChangesAreToldOnce) {
  See({});
  EXPECT_TRUE(life_->TakeChange());
  EXPECT_FALSE(life_->TakeChange());
  At(seconds(1));
  EXPECT_FALSE(life_->TakeChange());
  At(milliseconds(2010));
  EXPECT_TRUE(life_->TakeChange());
}

// Admitted at once, in force 0.2 s later.
TEST_F(PodLifeTest, AResizeIsAdmittedAndThenInForce) {
  See({.is_running = true});
  At(seconds(5));
  Change({.cpu = "2", .memory = "300Mi", .generation = 2});
  EXPECT_EQ(report().resize, Resize::kInProgress);
  EXPECT_EQ(report().observed_generation, 2);
  EXPECT_EQ(report().containers[0].allocated["requests"]["cpu"], "2");
  EXPECT_EQ(report().containers[0].resources["requests"]["cpu"], "1");
  EXPECT_EQ(life_->admitted(), (ContainerConfig{Cores(2), Mebibytes(300)}));
  At(milliseconds(5190));
  EXPECT_EQ(report().resize, Resize::kInProgress);
  EXPECT_EQ(Simulated(), (ContainerConfig{Cores(1), Mebibytes(100)}));
  At(milliseconds(5200));
  EXPECT_EQ(report().resize, Resize::kNone);
  EXPECT_EQ(report().containers[0].resources["limits"]["memory"], "300Mi");
  EXPECT_EQ(Simulated(), (ContainerConfig{Cores(2), Mebibytes(300)}));
  EXPECT_EQ(report().restarts, 0);
}

TEST_F(PodLifeTest, OneBeforeTheStartIsTheStart) {
  See({.fault = "slow-start"});
  Change({.cpu = "2", .generation = 2, .fault = "slow-start"});
  EXPECT_EQ(report().resize, Resize::kNone);
  EXPECT_EQ(report().observed_generation, 2);
  // 30 s more, then 2 s until its process begins.
  At(milliseconds(31'990));
  EXPECT_EQ(report().stage, Stage::kCreating);
  At(milliseconds(32'010));
  EXPECT_EQ(report().stage, Stage::kRunning);
  EXPECT_EQ(Simulated().cpu, Cores(2));
}

// Three cores beside one core of others on a node of four, then two of others, then one again.
TEST_F(PodLifeTest, ADeferredResizeWaitsForRoom) {
  See({.is_running = true});
  free_ = {Cores(2), Gibibytes(4)};
  Change({.cpu = "3", .generation = 2});
  EXPECT_EQ(report().resize, Resize::kDeferred);
  EXPECT_EQ(report().observed_generation, 2);
  EXPECT_THAT(report().resize_message, HasSubstr("requested 3 cpu"));
  EXPECT_EQ(life_->admitted().cpu, Cores(1));
  At(seconds(60));
  EXPECT_EQ(report().resize, Resize::kDeferred);
  free_ = {Cores(3), Gibibytes(4)};
  At(seconds(61));
  EXPECT_EQ(report().resize, Resize::kNone);
  EXPECT_EQ(Simulated().cpu, Cores(3));
}

TEST_F(PodLifeTest, ADeferredResizeThatIsTakenBackIsForgotten) {
  See({.is_running = true});
  free_ = {Cores(2), Gibibytes(4)};
  Change({.cpu = "3", .generation = 2});
  Change({.generation = 3});
  EXPECT_EQ(report().resize, Resize::kNone);
  EXPECT_EQ(report().observed_generation, 3);
  EXPECT_EQ(Simulated().cpu, Cores(1));
}

TEST_F(PodLifeTest, MoreThanTheNodeHasIsInfeasible) {
  See({.is_running = true});
  Change({.cpu = "5", .generation = 2});
  EXPECT_EQ(report().resize, Resize::kInfeasible);
  EXPECT_EQ(life_->admitted().cpu, Cores(1));
}

// Less always fits, even where the node has promised too much.
TEST_F(PodLifeTest, LessNeedsNoRoom) {
  See({.is_running = true});
  free_ = {Millicores(0), Bytes(0)};
  Change({.cpu = "500m", .generation = 2});
  At(seconds(1));
  EXPECT_EQ(report().resize, Resize::kNone);
  EXPECT_EQ(Simulated().cpu, Millicores(500));
}

// 10 MiB of heap do not fit into 5.
TEST_F(PodLifeTest, MemoryBelowWhatIsInUseStaysInProgress) {
  See({.is_running = true});
  Change({.memory = "5Mi", .generation = 2});
  At(seconds(30));
  EXPECT_EQ(report().resize, Resize::kInProgress);
  EXPECT_THAT(report().resize_message, HasSubstr("memory in use"));
  EXPECT_EQ(Simulated().memory, Mebibytes(100));
  Change({.memory = "50Mi", .generation = 3});
  At(seconds(32));
  EXPECT_EQ(report().resize, Resize::kNone);
  EXPECT_EQ(Simulated().memory, Mebibytes(50));
}

TEST_F(PodLifeTest, AContainerThatRestartsToBeResizedDoes) {
  See({.is_running = true, .memory_restarts = true});
  At(seconds(1));
  Change({.memory = "200Mi", .generation = 2, .is_running = true, .memory_restarts = true});
  // In force at 1.2 s; the new process begins 2 s later and is ready after 0.6 s.
  At(milliseconds(1300));
  EXPECT_FALSE(report().is_ready);
  EXPECT_EQ(report().resize, Resize::kNone);
  At(milliseconds(3300));
  EXPECT_EQ(report().restarts, 1);
  EXPECT_FALSE(report().last_end->out_of_memory);
  At(milliseconds(3820));
  EXPECT_TRUE(report().is_ready);
  EXPECT_EQ(Simulated().memory, Mebibytes(200));
}

// 10 MiB and 4 a request do not fit into 12: killed by the first request, backs off for 10 s, and
// comes back with the memory that it was given meanwhile.
TEST_F(PodLifeTest, OutOfMemoryIsSeenAndEnds) {
  See({.memory = "12Mi", .is_running = true});
  cluster_->BeginRequests();
  At(seconds(5));
  EXPECT_EQ(report().stage, Stage::kBackingOff);
  EXPECT_FALSE(report().is_ready);
  EXPECT_EQ(report().restarts, 0);
  ASSERT_TRUE(report().last_end.has_value());
  EXPECT_TRUE(report().last_end->out_of_memory);
  Change({.memory = "200Mi", .generation = 2});
  // Killed within 5 s, so at most 5 + 10 + 2 + 0.6 s.
  At(seconds(18));
  EXPECT_EQ(report().stage, Stage::kRunning);
  EXPECT_TRUE(report().is_ready);
  EXPECT_EQ(report().restarts, 1);
}

// The start-up is a request, too: it is killed in the instant in which it begins, at 2 s, and after
// 10 s of back-off and 2 s of start again, at 14 s.
TEST_F(PodLifeTest, OneThatDiesAtItsStartCountsEveryRestart) {
  See({.memory = "12Mi"});
  At(milliseconds(2020));
  EXPECT_EQ(report().stage, Stage::kBackingOff);
  EXPECT_EQ(report().restarts, 0);
  At(milliseconds(13'980));
  EXPECT_EQ(report().restarts, 0);
  At(milliseconds(14'020));
  EXPECT_EQ(report().stage, Stage::kBackingOff);
  EXPECT_EQ(report().restarts, 1);
}

// Out of the balancer after 0.5 s, with nothing left to do.
TEST_F(PodLifeTest, EndsWhenItHasDrained) {
  See({.is_running = true});
  At(seconds(1));
  Change({.grace_seconds = 30});
  At(milliseconds(1490));
  EXPECT_FALSE(life_->has_ended());
  At(milliseconds(1520));
  EXPECT_TRUE(life_->has_ended());
}

TEST_F(PodLifeTest, TheGracePeriodIsTheEnd) {
  See({.is_running = true});
  At(seconds(1));
  Change({.grace_seconds = 0});
  EXPECT_TRUE(life_->has_ended());
  EXPECT_EQ(cluster_->hosted().Find(*life_->replica()), nullptr);
}

TEST_F(PodLifeTest, OneWhoseObjectIsGoneIsGone) {
  See({.is_running = true});
  life_->Vanish(cluster_->hosted());
  EXPECT_TRUE(life_->has_ended());
  EXPECT_EQ(cluster_->hosted().Find(*life_->replica()), nullptr);
}

// Back at 10 s, it begins again: 2 s until its process runs and 0.6 s of CPU.
TEST_F(PodLifeTest, ALostHostTakesItDownUntilItIsBack) {
  See({.is_running = true});
  At(seconds(1));
  life_->LoseHost(cluster_->hosted());
  EXPECT_EQ(cluster_->hosted().Find(*life_->replica()), nullptr);
  now_ = seconds(10);
  cluster_->clock().WaitUntil(Instant(now_));
  life_->RegainHost(Instant(now_));
  Advance();
  EXPECT_EQ(report().stage, Stage::kCreating);
  EXPECT_EQ(report().restarts, 1);
  At(milliseconds(12'590));
  EXPECT_FALSE(report().is_ready);
  At(milliseconds(12'620));
  EXPECT_TRUE(report().is_ready);
  EXPECT_EQ(report().restarts, 1);
}

TEST_F(PodLifeTest, NeverReadyRunsAndServesNothing) {
  See({.fault = "never-ready"});
  At(seconds(60));
  EXPECT_EQ(report().stage, Stage::kRunning);
  EXPECT_FALSE(report().is_ready);
  EXPECT_FALSE(life_->replica().has_value());
}

struct ResizeFault {
  const char* name;
  Resize shown;
};
class ResizeFaultTest : public PodLifeTest, public testing::WithParamInterface<ResizeFault> {};

// For as long as it is there, and no longer.
TEST_P(ResizeFaultTest, HoldsTheResize) {
  See({.is_running = true});
  Change({.cpu = "2", .generation = 2, .fault = GetParam().name});
  At(seconds(30));
  EXPECT_EQ(report().resize, GetParam().shown);
  EXPECT_EQ(Simulated().cpu, Cores(1));
  Change({.cpu = "2", .generation = 2});
  At(seconds(31));
  EXPECT_EQ(report().resize, Resize::kNone);
  EXPECT_EQ(Simulated().cpu, Cores(2));
}

INSTANTIATE_TEST_SUITE_P(Faults, ResizeFaultTest,
                         testing::Values(ResizeFault{"resize-stuck", Resize::kInProgress},
                                         ResizeFault{"resize-error", Resize::kError},
                                         ResizeFault{"resize-deferred", Resize::kDeferred},
                                         ResizeFault{"resize-infeasible", Resize::kInfeasible}),
                         [](const auto& fault) {
                           std::string name = fault.param.name;
                           name.erase(name.find('-'), 1);
                           return name;
                         });

}  // namespace
}  // namespace trimtab
