// 2,500 Deployments and 10,000 pods from a synthesised API server.
#include <sys/resource.h>

#include <chrono>
#include <string>
#include <utility>

#include "fmt/format.h"
#include "gtest/gtest.h"
#include "trimtab/clock/system_clock.h"
#include "trimtab/cluster/cluster_actuator.h"
#include "trimtab/cluster/testing/memory_book.h"
#include "trimtab/kubernetes/testing/fake_api.h"

namespace trimtab {
namespace {

constexpr int kDeploymentCount = 2500;
constexpr int kReplicas = 4;

constexpr std::string_view kContainers =
    R"("containers":[{"name":"app","image":"registry/app:1","resources":{"requests":{"cpu":"100m",)"
    R"("memory":"64Mi"},"limits":{"cpu":"200m","memory":"128Mi"}}}])";

std::string Meta(const std::string& name, const std::string& owner = "") {
  std::string meta = fmt::format(
      R"("metadata":{{"name":"{0}","namespace":"shop","uid":"uid-{0}","resourceVersion":"1",)"
      R"("generation":1,"labels":{{"app":"shop"}})",
      name);
  if (!owner.empty()) {
    meta += fmt::format(
        R"(,"ownerReferences":[{{"kind":"x","name":"{0}","uid":"uid-{0}","controller":true}}])",
        owner);
  }
  return meta + "}";
}

std::string Workload(const std::string& meta) {
  return fmt::format(
      R"({{{},"kind":"Deployment","spec":{{"replicas":{},"template":{{"spec":{{{}}}}}}},)"
      R"("status":{{"observedGeneration":1,"replicas":{},"updatedReplicas":{}}}}})",
      meta, kReplicas, kContainers, kReplicas, kReplicas);
}

std::string Pod(const std::string& name, const std::string& set) {
  return fmt::format(
      R"({{{},"kind":"Pod","spec":{{"nodeName":"n","priority":0,{}}},"status":{{)"
      R"("phase":"Running","qosClass":"Burstable","startTime":"2026-01-01T00:00:01Z",)"
      R"("conditions":[{{"type":"Ready","status":"True",)"
      R"("lastTransitionTime":"2026-01-01T00:00:02Z"}}],"containerStatuses":[{{"name":"app",)"
      R"("ready":true,"restartCount":0,"resources":{{"requests":{{"cpu":"100m",)"
      R"("memory":"64Mi"}},"limits":{{"cpu":"200m","memory":"128Mi"}}}}}}]}}}})",
      Meta(name, set), kContainers);
}

std::string ItemsOf(std::string_view path) {
  std::string items;
  const auto add = [&items](const std::string& item) {
    if (!items.empty()) items += ',';
    items += item;
  };
  for (int i = 0; i < kDeploymentCount; ++i) {
    const std::string name = fmt::format("w{}", i);
    if (path.ends_with("/deployments")) add(Workload(Meta(name)));
    if (path.ends_with("/replicasets")) add(Workload(Meta(name + "-set", name)));
    for (int pod = 0; path.ends_with("/pods") && pod < kReplicas; ++pod) {
      add(Pod(fmt::format("{}-set-{}", name, pod), name + "-set"));
    }
  }
  return R"({"metadata":{"resourceVersion":"1"},"items":[)" + items + "]}";
}

void Respond(const FakeApi::Request& request, const LoopbackConnection& connection) {
  if (request.target.find("watch=true") != std::string::npos) {
    if (connection.BeginChunks()) connection.WaitForClose();
    return;
  }
  connection.Answer(200, ItemsOf(request.target.substr(0, request.target.find('?'))));
}

rusage Usage() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage;
}

int MillisecondsBetween(const rusage& before, const rusage& after) {
  const auto of = [](const timeval& time) { return time.tv_sec * 1000 + time.tv_usec / 1000; };
  return static_cast<int>(of(after.ru_utime) + of(after.ru_stime) - of(before.ru_utime) -
                          of(before.ru_stime));
}

TEST(ClusterSizeTest, TenThousandPodsCostNoRequestOnceTheyAreKnown) {
  FakeApi api(Respond);
  const SystemClock clock;
  const rusage start = Usage();
  auto watch = ClusterWatch::Start(api.client(), clock, {.namespaces = {"shop"}});
  ASSERT_TRUE(watch.ok());
  ASSERT_TRUE((*watch)->Await([&] { return (*watch)->IsSynced(); }, std::chrono::minutes(5)));
  const rusage synced = Usage();
  AppScaler scaler;
  scaler.meta.name_space = "shop";
  for (int i = 0; i < kDeploymentCount; ++i) {
    const std::string name = fmt::format("w{}", i);
    scaler.workloads.push_back({.name = name, .target = {"apps/v1", "Deployment", name}});
  }
  MemoryPodSizeBook book;
  ClusterActuator actuator(api.client(), **watch, clock, book, scaler, {});
  // A watch is asked for once its list is known: one for each collection.
  const std::size_t collections = (*watch)->Ages().size();
  ASSERT_TRUE((*watch)->Await([&] { return api.requests().size() >= 2 * collections; },
                              std::chrono::minutes(1)));
  const std::size_t requests = api.requests().size();
  constexpr int kCycles = 5;
  const rusage before = Usage();
  for (int i = 0; i < kCycles; ++i) {
    const auto states = actuator.State();
    ASSERT_TRUE(states.ok()) << states.status();
    ASSERT_EQ(states->size(), static_cast<std::size_t>(kDeploymentCount));
    for (const MicroserviceState& state : *states) ASSERT_TRUE(state.Effective()) << state.reason;
    ASSERT_TRUE(actuator.Tend().ok());
  }
  const rusage after = Usage();
  EXPECT_EQ(api.requests().size(), requests);
  EXPECT_EQ(book.puts, 0);
  RecordProperty("sync_processor_milliseconds", MillisecondsBetween(start, synced));
  RecordProperty("cycle_processor_milliseconds", MillisecondsBetween(before, after) / kCycles);
  RecordProperty("largest_resident_mebibytes", static_cast<int>(after.ru_maxrss / 1024));
}

}  // namespace
}  // namespace trimtab
