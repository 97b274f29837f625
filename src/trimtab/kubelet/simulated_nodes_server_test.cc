// Simulated nodes under a real control plane: its scheduler binds the pods, its controllers make
// and end them.
#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/kubelet/simulated_nodes.h"
#include "trimtab/kubelet/testing/nodes_world.h"
#include "trimtab/kubernetes/workload_writes.h"

namespace trimtab {
namespace {

using servers::Eventually;
using ::testing::HasSubstr;

TEST_F(SimulatedNodesTest, PodsStartServeAndEnd) {
  const ClusterScenario scenario = TwoTiers("serve");
  SimulatedNodesOptions options;
  options.metrics_listen = ListenAddress{"127.0.0.1", 0};
  Run(scenario, 50, std::move(options));
  Apply(WorkloadManifest(scenario));
  ASSERT_TRUE(HasReady("front", 2));
  ASSERT_TRUE(HasReady("back", 1));
  for (const PodView& pod : Pods()) {
    EXPECT_THAT(pod.node, HasSubstr("serve-"));
    EXPECT_EQ(pod.Resize(), ResizeState::kDone);
    EXPECT_EQ(pod.qos_class, "Guaranteed");
    EXPECT_EQ(pod.statuses.at(0).limits.cpu, Millicores(500));
  }
  const std::string back = Pods("back").at(0).meta.name;
  const std::string served =
      fmt::format(R"(service_name="back",k8s_namespace_name="{0}",span_kind="SPAN_KIND_SERVER",)"
                  R"(namespace="{0}",pod="{1}",status_code="STATUS_CODE_UNSET"}} )",
                  name_space(), back);
  EXPECT_TRUE(Eventually([&] {
    const std::string series = runner_->nodes().Series();
    const auto at = series.find(served);
    return at != std::string::npos && series.substr(at + served.size(), 2) != "0\n";
  }));

  const auto scale = GetScale(client(), {kDeployments, name_space(), "front"});
  ASSERT_TRUE(scale.ok()) << scale.status();
  ASSERT_TRUE(
      SetReplicas(client(), {kDeployments, name_space(), "front"}, 1, scale->meta.resource_version)
          .ok());
  EXPECT_TRUE(HasReady("front", 1));
  EXPECT_TRUE(Eventually([&] { return runner_->nodes().pods() == 2; }));

  ASSERT_TRUE(runner_->Stop().ok());
  runner_.reset();
  for (const HostSpec& host : scenario.hosts) {
    EXPECT_TRUE(absl::IsNotFound(client().Get(ResourcePath(kNodes, "", host.name)).status()));
    EXPECT_TRUE(absl::IsNotFound(
        client().Get(ResourcePath(kLeases, "kube-node-lease", host.name)).status()));
  }
}

TEST_F(SimulatedNodesTest, AResizeTakesEffect) {
  const ClusterScenario scenario = TwoTiers("resize");
  Run(scenario, 20);
  Apply(WorkloadManifest(scenario));
  ASSERT_TRUE(HasReady("back", 1));
  const PodView pod = Pods("back").at(0);
  const std::vector<ContainerResize> more = {
      {.container = "app",
       .requests = {.cpu = Millicores(800), .memory = Mebibytes(200)},
       .limits = {.cpu = Millicores(800), .memory = Mebibytes(200)}}};
  const auto resized = ResizePod(client(), pod, more);
  ASSERT_TRUE(resized.ok()) << resized.status();
  EXPECT_NE(resized->Resize(), ResizeState::kDone);
  EXPECT_TRUE(Eventually([&] {
    const PodView now = PodNamed(pod.meta.name);
    return now.Resize() == ResizeState::kDone &&
           now.StatusOf("app")->limits.cpu == Millicores(800) &&
           now.StatusOf("app")->limits.memory == Mebibytes(200);
  }));
  EXPECT_TRUE(PodNamed(pod.meta.name).IsReady());
  EXPECT_EQ(PodNamed(pod.meta.name).statuses.at(0).restarts, 0);
}

constexpr ContainerConfig kTemplate{Millicores(500), Mebibytes(100)};

ContainerResize Both(const ContainerConfig& size) {
  const ResourceAmounts amounts{.cpu = size.cpu, .memory = size.memory};
  return {.container = "app", .requests = amounts, .limits = amounts};
}

// Three pods of half a core on two nodes of two cores: one node has two. There one and a half cores
// more find no room, which blocks it, until it is taken back.
TEST_F(SimulatedNodesTest, AResizeWithoutRoomIsDeferredAndCanBeTakenBack) {
  const ClusterScenario scenario = TwoTiers("deferred");
  Run(scenario, 0);
  Apply(WorkloadManifest(scenario));
  ASSERT_TRUE(HasReady("front", 2));
  ASSERT_TRUE(HasReady("back", 1));
  std::map<std::string, std::vector<PodView>> by_node;
  for (const PodView& pod : Pods()) by_node[pod.node].push_back(pod);
  const auto full = std::find_if(by_node.begin(), by_node.end(),
                                 [](const auto& node) { return node.second.size() >= 2; });
  ASSERT_NE(full, by_node.end());
  const std::string name = full->second.front().meta.name;
  ASSERT_TRUE(ResizePod(client(), PodNamed(name), {Both({Cores(2), Mebibytes(100)})}).ok());
  EXPECT_TRUE(Eventually([&] { return PodNamed(name).Resize() == ResizeState::kDeferred; }));
  EXPECT_EQ(PodNamed(name).StatusOf("app")->allocated.cpu, Millicores(500));
  ASSERT_TRUE(ResizePod(client(), PodNamed(name), {Both(kTemplate)}).ok());
  EXPECT_TRUE(Eventually([&] { return PodNamed(name).Resize() == ResizeState::kDone; }));
}

TEST_F(SimulatedNodesTest, AFaultHoldsAResizeForAsLongAsItIsThere) {
  const ClusterScenario scenario = TwoTiers("fault");
  Run(scenario, 0);
  Apply(WorkloadManifest(scenario));
  ASSERT_TRUE(HasReady("back", 1));
  const std::string name = Pods("back").at(0).meta.name;
  const auto annotate = [&](const std::string& text) {
    const auto done = control_plane().Kubectl(
        {"annotate", "pod", name, "--namespace", name_space(), "--overwrite", text});
    EXPECT_TRUE(done.ok()) << done.status();
  };
  const std::pair<const char*, ResizeState> faults[] = {
      {"resize-stuck", ResizeState::kInProgress},
      {"resize-error", ResizeState::kFailed},
      {"resize-deferred", ResizeState::kDeferred},
      {"resize-infeasible", ResizeState::kInfeasible}};
  ContainerConfig size = kTemplate;
  for (const auto& [fault, state] : faults) {
    annotate(fmt::format("trimtab.dev/fault={}", fault));
    size.cpu += Millicores(10);
    ASSERT_TRUE(ResizePod(client(), PodNamed(name), {Both(size)}).ok());
    EXPECT_TRUE(Eventually([&] { return PodNamed(name).Resize() == state; })) << fault;
    annotate("trimtab.dev/fault-");
    EXPECT_TRUE(Eventually([&] {
      return PodNamed(name).Resize() == ResizeState::kDone &&
             PodNamed(name).StatusOf("app")->limits.cpu == size.cpu;
    })) << fault;
  }
}

// 10 MiB and 4 a frame, its start-up among them, do not fit into 12.
TEST_F(SimulatedNodesTest, OutOfMemoryIsACrashLoopUntilThereIsMore) {
  ClusterScenario scenario = TwoTiers("oom");
  scenario.microservices[1].memory.per_frame = Mebibytes(4);
  scenario.microservices[1].initial.container.memory = Mebibytes(12);
  Run(scenario, 0);
  Apply(WorkloadManifest(scenario));
  ASSERT_TRUE(HasReady("front", 2));
  const auto crashed = [&] {
    const auto pods = Pods("back");
    return pods.size() == 1 && !pods[0].statuses.empty() && pods[0].statuses[0].restarts >= 1 &&
           pods[0].statuses[0].waiting_reason == "CrashLoopBackOff";
  };
  ASSERT_TRUE(Eventually(crashed));
  const PodView pod = Pods("back").at(0);
  EXPECT_FALSE(pod.IsReady());
  EXPECT_EQ(pod.statuses[0].last_end_reason, "OOMKilled");
  EXPECT_FALSE(runner_->nodes().load_has_begun());
  ASSERT_TRUE(ResizePod(client(), pod, {Both({Millicores(500), Mebibytes(100)})}).ok());
  EXPECT_TRUE(HasReady("back", 1));
}

TEST_F(SimulatedNodesTest, AStatefulSetAndOtherPodsRunToo) {
  const ClusterScenario scenario = TwoTiers("kinds");
  Run(scenario, 0);
  constexpr const char* kManifest = R"(
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: back}
spec:
  serviceName: back
  selector: {matchLabels: {app: back}}
  template:
    metadata: {labels: {app: back}}
    spec:
      tolerations: [{key: trimtab.dev/simulated, operator: Exists}]
      initContainers:
        - {name: setup, image: none}
        - {name: proxy, image: none, restartPolicy: Always}
      containers: [{name: app, image: none, resources: {limits: {cpu: 300m, memory: 64Mi}}}]
---
apiVersion: v1
kind: Pod
metadata: {name: other}
spec:
  tolerations: [{key: trimtab.dev/simulated, operator: Exists}]
  containers: [{name: web, image: none}]
)";
  Apply(kManifest);
  ASSERT_TRUE(HasReady("back-0", 1));
  ASSERT_TRUE(HasReady("other", 1));
  EXPECT_THAT(runner_->nodes().Series(), HasSubstr(R"(service_name="back")"));
  ASSERT_TRUE(client().Delete(Path(kPods, "other"), {.grace_seconds = 30}).ok());
  EXPECT_TRUE(Eventually([&] { return Pods("other").empty(); }));
}

// It is away for some seconds; nothing that runs is lost and what comes later runs too.
TEST_F(SimulatedNodesTest, AnApiServerThatComesBackFindsEverythingAsItWas) {
  const ClusterScenario scenario = TwoTiers("restart");
  Run(scenario, 20);
  Apply(WorkloadManifest(scenario));
  ASSERT_TRUE(HasReady("front", 2));
  control_plane().KillApiServer();
  ASSERT_TRUE(control_plane().RestartApiServer().ok());
  const auto scaled = [&] {
    const auto scale = GetScale(client(), {kDeployments, name_space(), "front"});
    return scale.ok() && SetReplicas(client(), {kDeployments, name_space(), "front"}, 3,
                                     scale->meta.resource_version)
                             .ok();
  };
  ASSERT_TRUE(Eventually(scaled));
  EXPECT_TRUE(HasReady("front", 3));
  for (const PodView& pod : Pods()) {
    for (const PodContainerStatus& status : pod.statuses) EXPECT_EQ(status.restarts, 0);
  }
}

// Its exporters are silent and its Lease is not renewed while it is away; then its pods begin anew.
TEST_F(SimulatedNodesTest, ALostNodeIsGoneUntilItIsBack) {
  const ClusterScenario scenario = TwoTiers("lost");
  Run(scenario, 0);
  Apply(WorkloadManifest(scenario));
  ASSERT_TRUE(HasReady("front", 2));
  ASSERT_TRUE(HasReady("back", 1));
  const PodView pod = Pods("back").at(0);
  const auto annotate = [&](const std::string& text) {
    const auto done = control_plane().Kubectl({"annotate", "node", pod.node, text});
    EXPECT_TRUE(done.ok()) << done.status();
  };
  const std::string of_node = fmt::format("node=\"{}\",instance", pod.node);
  EXPECT_THAT(runner_->nodes().Series(), HasSubstr(of_node));
  annotate("trimtab.dev/fault=lost");
  EXPECT_TRUE(
      Eventually([&] { return runner_->nodes().Series().find(of_node) == std::string::npos; }));
  annotate("trimtab.dev/fault-");
  EXPECT_TRUE(Eventually([&] {
    const PodView now = PodNamed(pod.meta.name);
    return now.IsReady() && now.statuses.at(0).restarts == 1;
  }));
  EXPECT_THAT(runner_->nodes().Series(), HasSubstr(of_node));
}

// The nodes of a run that was killed are taken over, with the pods that run on them; nodes of
// anybody else are not.
TEST_F(SimulatedNodesTest, WhatAKilledRunLeftIsTakenOver) {
  const ClusterScenario scenario = TwoTiers("again");
  Run(scenario, 0);
  Apply(WorkloadManifest(scenario));
  ASSERT_TRUE(HasReady("front", 2));
  runner_.reset();
  Run(scenario, 0);
  EXPECT_TRUE(Eventually([&] { return runner_->nodes().pods() == 3; }));
  EXPECT_TRUE(HasReady("front", 2));
  for (const PodView& pod : Pods()) EXPECT_EQ(pod.statuses.at(0).restarts, 0);

  ClusterScenario rival = scenario;
  rival.name = "rival";
  const auto refused = SimulatedNodes::Start(client(), clock(), rival, {});
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kAlreadyExists) << refused.status();
}

}  // namespace
}  // namespace trimtab
