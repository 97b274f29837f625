// Simulated nodes under a real control plane, with a namespace of the test's own.
#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tests/servers/eventually.h"
#include "trimtab/clock/stoppable_wait.h"
#include "trimtab/kubelet/simulated_nodes.h"
#include "trimtab/kubelet/workload_manifest.h"
#include "trimtab/kubernetes/testing/api_server.h"
#include "trimtab/simulation/testing/scenarios.h"

namespace trimtab {

// A front and a back, 4 ms and 2 ms of CPU a request, on two hosts of two cores. Every delay is
// short.
inline ClusterScenario TwoTiers(const std::string& name) {
  MicroserviceSpec front =
      PlainMicroservice("front", {Cpu(Deterministic{Latency(4)}), Call({"back"})});
  MicroserviceSpec back = PlainMicroservice("back", {Cpu(Deterministic{Latency(2)})});
  for (MicroserviceSpec* spec : {&front, &back}) {
    spec->initial = {1, {Millicores(500), Mebibytes(100)}};
    spec->start_up = {Deterministic{Latency(100)}, Deterministic{Latency(50)}};
    spec->endpoints[0].network_bytes = Bytes(1000);
  }
  front.initial.replicas = 2;
  ClusterScenario scenario = PlainCluster({front, back});
  scenario.name = name;
  scenario.hosts = {{name + "-1", Cores(2), Gibibytes(2)}, {name + "-2", Cores(2), Gibibytes(2)}};
  scenario.life.readiness_period = std::chrono::milliseconds(100);
  scenario.life.resize_delay = std::chrono::milliseconds(200);
  scenario.life.first_back_off = std::chrono::seconds(2);
  return scenario;
}

// Steps the nodes on a thread.
class SteppedNodes {
 public:
  explicit SteppedNodes(std::unique_ptr<SimulatedNodes> nodes)
      : nodes_(std::move(nodes)), thread_([this](const std::stop_token& stop) {
          while (WaitFor(std::chrono::milliseconds(10), stop)) nodes_->Step();
        }) {}

  SimulatedNodes& nodes() { return *nodes_; }
  absl::Status Stop() {
    thread_ = {};
    return nodes_->Stop();
  }

 private:
  std::unique_ptr<SimulatedNodes> nodes_;
  std::jthread thread_;
};

class SimulatedNodesTest : public ApiServerTest {
 protected:
  void SetUp() override {
    ApiServerTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    ASSERT_TRUE(TakesPods());
  }
  void TearDown() override {
    if (runner_ == nullptr) return;
    EXPECT_TRUE(runner_->Stop().ok());
  }

  void Run(const ClusterScenario& scenario, double load, SimulatedNodesOptions options = {}) {
    options.simulation.load = StepSeries::Constant(load);
    options.name_space = name_space();
    auto nodes = SimulatedNodes::Start(client(), clock(), scenario, std::move(options));
    ASSERT_TRUE(nodes.ok()) << nodes.status();
    runner_ = std::make_unique<SteppedNodes>(*std::move(nodes));
  }
  void Apply(const std::string& manifest) {
    const auto applied =
        control_plane().Kubectl({"apply", "--namespace", name_space(), "-f", "-"}, manifest);
    ASSERT_TRUE(applied.ok()) << applied.status();
  }
  std::vector<PodView> Pods(const std::string& prefix = "") {
    std::vector<PodView> views;
    const auto pods = client().List(Path(kPods));
    EXPECT_TRUE(pods.ok()) << pods.status();
    if (!pods.ok()) return views;
    for (const auto& pod : pods->items) {
      auto view = ReadPod(pod);
      EXPECT_TRUE(view.ok()) << view.status();
      if (view.ok() && view->meta.name.starts_with(prefix)) views.push_back(*std::move(view));
    }
    return views;
  }
  bool HasReady(const std::string& prefix, std::size_t count) {
    return servers::Eventually([&] {
      const auto pods = Pods(prefix);
      return pods.size() == count &&
             std::all_of(pods.begin(), pods.end(), [](const PodView& p) { return p.IsReady(); });
    });
  }
  PodView PodNamed(const std::string& name) {
    const auto pod = client().Get(Path(kPods, name));
    EXPECT_TRUE(pod.ok()) << pod.status();
    return pod.ok() ? ReadPod(*pod).value_or(PodView{}) : PodView{};
  }

  std::unique_ptr<SteppedNodes> runner_;
};

}  // namespace trimtab
