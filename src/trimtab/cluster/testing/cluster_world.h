// An application on a real API server, with all that its actuator needs.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "trimtab/cluster/cluster_actuator.h"
#include "trimtab/cluster/cluster_watch.h"
#include "trimtab/cluster/testing/memory_book.h"
#include "trimtab/cluster/testing/pod_runner.h"
#include "trimtab/kubernetes/testing/api_server.h"

namespace trimtab {

// A workload of one container, `app`: 100m and 64Mi requested, limits of 200m and 128Mi.
inline nlohmann::json TestWorkload(const std::string& kind, const std::string& name, int replicas) {
  nlohmann::json object = Parsed(R"({"apiVersion":"apps/v1","spec":{"template":{"spec":{
    "terminationGracePeriodSeconds":0,"containers":[{"name":"app","image":"none","resources":{
    "requests":{"cpu":"100m","memory":"64Mi"},"limits":{"cpu":"200m","memory":"128Mi"}}}]}}}})");
  object["kind"] = kind;
  object["metadata"]["name"] = name;
  object["spec"]["replicas"] = replicas;
  object["spec"]["selector"]["matchLabels"]["app"] = name;
  object["spec"]["template"]["metadata"]["labels"]["app"] = name;
  if (kind == "StatefulSet") {
    object["spec"]["serviceName"] = name;
    object["spec"]["podManagementPolicy"] = "Parallel";
  }
  return object;
}

inline ScaledWorkload TestTarget(const std::string& name, const std::string& kind = "Deployment") {
  ScaledWorkload scaled{.name = name};
  scaled.target = {.api_version = "apps/v1", .kind = kind, .name = name};
  scaled.service_names = {name};
  return scaled;
}

class ClusterTest : public ApiServerTest {
 protected:
  void SetUp() override {
    ApiServerTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    ASSERT_TRUE(TakesPods());
    runner_ = std::make_unique<PodRunner>(client(), clock(), name_space());
    auto watch = ClusterWatch::Start(client(), clock(), {.namespaces = {name_space()}});
    ASSERT_TRUE(watch.ok()) << watch.status();
    watch_ = *std::move(watch);
    scaler_.meta.name_space = name_space();
  }

  // The nodes are those of every test.
  void TearDown() override {
    if (runner_ != nullptr) {
      for (const ResourceType& type : {kDeployments, kStatefulSets}) {
        EXPECT_TRUE(client().Delete(Path(type)).ok());
      }
    }
    ApiServerTest::TearDown();
  }

  // Creates a workload that the application has, too.
  void Run(const std::string& kind, const std::string& name, int replicas) {
    RunObject(TestWorkload(kind, name, replicas));
  }
  void RunObject(const nlohmann::json& object) {
    const std::string kind = TextAt(object, {"kind"});
    Make(kind == "Deployment" ? kDeployments : kStatefulSets, object);
    scaler_.workloads.push_back(TestTarget(TextAt(object, {"metadata", "name"}), kind));
  }

  ClusterActuator& actuator() {
    if (actuator_ == nullptr) {
      actuator_ =
          std::make_unique<ClusterActuator>(client(), *watch_, clock(), book_, scaler_, options_);
    }
    return *actuator_;
  }
  MicroserviceState State(std::size_t index = 0) {
    const auto states = actuator().State();
    if (!states.ok()) return {};
    return (*states)[index];
  }
  bool BecomesEffective(std::size_t index = 0) {
    const bool is = servers::Eventually([&] {
      const MicroserviceState state = State(index);
      return state.Effective() && state.ready > 0;
    });
    if (!is) ADD_FAILURE() << State(index).reason;
    return is;
  }
  // From what is desired now.
  absl::Status Apply(const MicroserviceAllocation& to, std::size_t index = 0) {
    return actuator().Apply({MicroserviceId(index), State(index).desired, to});
  }
  // Lets `Tend` do what it does until then.
  bool Tends(const std::function<bool()>& condition) {
    return servers::Eventually([&] {
      actuator().Tend().IgnoreError();
      return condition();
    });
  }
  std::vector<PodView> Pods(const std::string& app) {
    const auto pods = client().List(Path(kPods), {{"labelSelector", "app=" + app}});
    std::vector<PodView> views;
    if (!pods.ok()) return views;
    for (const nlohmann::json& pod : pods->items) views.push_back(ReadPod(pod).value_or(PodView{}));
    return views;
  }
  std::int64_t Replicas(const std::string& deployment) {
    const auto scale = GetScale(client(), {kDeployments, name_space(), deployment});
    return scale.ok() ? scale->replicas : -1;
  }

  std::vector<Millicores> CpuLimits(const std::string& app) {
    std::vector<Millicores> limits;
    for (const PodView& pod : Pods(app)) limits.push_back(*pod.containers[0].limits.cpu);
    return limits;
  }
  bool Says(const std::string& reason, std::size_t index = 0) {
    const bool says = servers::Eventually(
        [&] { return State(index).reason.starts_with(reason + ": "); }, std::chrono::seconds(20));
    if (!says) ADD_FAILURE() << "'" << State(index).reason << "' for " << reason;
    return says;
  }
  void ScaleByHand(const std::string& deployment, int replicas) {
    const auto scaled =
        control_plane().Kubectl({"scale", "-n", name_space(), "deployment", deployment,
                                 fmt::format("--replicas={}", replicas)});
    ASSERT_TRUE(scaled.ok()) << scaled.status();
  }

  AppScaler scaler_;
  MemoryPodSizeBook book_;
  ClusterActuatorOptions options_;
  std::unique_ptr<PodRunner> runner_;
  std::unique_ptr<ClusterWatch> watch_;
  std::unique_ptr<ClusterActuator> actuator_;
};

}  // namespace trimtab
