// 200 Deployments and 1,000 pods, which the real scheduler places on simulated nodes.
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "gtest/gtest.h"
#include "trimtab/cluster/cluster_actuator.h"
#include "trimtab/cluster/testing/memory_book.h"
#include "trimtab/kubelet/testing/nodes_world.h"

namespace trimtab {
namespace {

constexpr int kDeploymentCount = 200;
constexpr int kReplicas = 5;
const ContainerConfig kSmall{Millicores(50), Mebibytes(32)};
const ContainerConfig kLarger{Millicores(60), Mebibytes(32)};

// Twelve hosts of 110 pods each, which run nothing of their own.
ClusterScenario Hosts() {
  ClusterScenario scenario = TwoTiers("size");
  scenario.hosts.clear();
  for (int i = 0; i < 12; ++i) {
    scenario.hosts.push_back({fmt::format("size-{}", i), Cores(32), Gibibytes(64)});
  }
  return scenario;
}

std::string Manifest() {
  ClusterScenario workloads = Hosts();
  workloads.microservices.clear();
  for (int i = 0; i < kDeploymentCount; ++i) {
    MicroserviceSpec& spec = workloads.microservices.emplace_back();
    spec.name = fmt::format("w{}", i);
    spec.initial = {kReplicas, kSmall};
  }
  return WorkloadManifest(workloads);
}

AppScaler Scaler(const std::string& name_space) {
  AppScaler scaler;
  scaler.meta.name_space = name_space;
  for (int i = 0; i < kDeploymentCount; ++i) {
    const std::string name = fmt::format("w{}", i);
    scaler.workloads.push_back({.name = name, .target = {"apps/v1", "Deployment", name}});
  }
  return scaler;
}

// Of the calling thread.
int ProcessorMilliseconds() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  const auto of = [](const timeval& time) { return time.tv_sec * 1000 + time.tv_usec / 1000; };
  return static_cast<int>(of(usage.ru_utime) + of(usage.ru_stime));
}

class ClusterSizeServerTest : public SimulatedNodesTest {
 protected:
  // A client that counts what it is asked to write.
  std::unique_ptr<ApiClient> CountingClient() {
    ApiClientOptions options;
    options.before_write = [this] {
      ++writes_;
      return absl::OkStatus();
    };
    return MakeApiClient({.kubeconfig_flag = control_plane().kubeconfig()}, clock(), options);
  }
  // A client of nobody: every request of it fails.
  static std::unique_ptr<ApiClient> DeafClient() {
    auto http = HttpClient::Create({});
    if (!http.ok()) return nullptr;
    ApiClientOptions options;
    options.wait = [](Duration, const std::stop_token&) { return true; };
    return std::make_unique<ApiClient>("http://127.0.0.1:1", *std::move(http), options);
  }
  bool IsEffective(ClusterActuator& actuator) {
    return servers::Eventually(
        [&] {
          const auto states = actuator.State();
          return states.ok() && std::ranges::all_of(*states, &MicroserviceState::Effective);
        },
        std::chrono::seconds(240));
  }

  std::atomic<int> writes_ = 0;
  MemoryPodSizeBook book_;
};

TEST_F(ClusterSizeServerTest, AThousandQuietPodsCostNoRequestAndNoWrite) {
  Run(Hosts(), 0);
  Apply(Manifest());
  const auto client = CountingClient();
  const auto deaf = DeafClient();
  ASSERT_TRUE(client != nullptr && deaf != nullptr);
  auto watch = ClusterWatch::Start(*client, clock(), {.namespaces = {name_space()}});
  ASSERT_TRUE(watch.ok()) << watch.status();
  const AppScaler scaler = Scaler(name_space());
  ClusterActuator actuator(*client, **watch, clock(), book_, scaler, {});
  ASSERT_TRUE(IsEffective(actuator));

  // Another size is told by one entry of the book and one resize for each pod, and by no scale.
  ASSERT_TRUE(actuator
                  .Apply({.microservice = MicroserviceId(7),
                          .from = {kReplicas, kSmall},
                          .to = {kReplicas, kLarger}})
                  .ok());
  ASSERT_TRUE(IsEffective(actuator));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(actuator.Tend().ok());
  EXPECT_EQ(writes_, kReplicas);
  const int puts = book_.puts;

  ClusterActuator quiet(*deaf, **watch, clock(), book_, scaler, {});
  constexpr int kCycles = 20;
  const int before = ProcessorMilliseconds();
  for (int i = 0; i < kCycles; ++i) {
    const auto states = quiet.State();
    ASSERT_TRUE(states.ok()) << states.status();
    ASSERT_EQ(states->size(), static_cast<std::size_t>(kDeploymentCount));
    ASSERT_TRUE(quiet.Tend().ok());
  }
  const int after = ProcessorMilliseconds();
  EXPECT_EQ(writes_, kReplicas);
  EXPECT_EQ(book_.puts, puts);
  RecordProperty("cycle_processor_microseconds", (after - before) * 1000 / kCycles);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  RecordProperty("largest_resident_mebibytes", static_cast<int>(usage.ru_maxrss / 1024));
}

}  // namespace
}  // namespace trimtab
