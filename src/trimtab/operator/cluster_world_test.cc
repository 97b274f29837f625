// The world of one AppScaler over a fake API server and a fake Prometheus: what one tells of bounds
// what is asked of the other.
#include "trimtab/operator/cluster_world.h"

#include <chrono>
#include <memory>
#include <string>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/clock/system_clock.h"
#include "trimtab/cluster/testing/memory_book.h"
#include "trimtab/http/testing/loopback_server.h"
#include "trimtab/kubernetes/json_view.h"
#include "trimtab/kubernetes/testing/fake_api.h"

namespace trimtab {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::StartsWith;

// Deployment 'web' with one ready pod of 200m and 128 MiB. Writes are answered with the pod as it
// is.
void AnswerAsCluster(const FakeApi::Request& request, const LoopbackConnection& connection) {
  constexpr std::string_view kContainers = R"("containers":[{"name":"app","resources":{
    "requests":{"cpu":"100m","memory":"64Mi"},"limits":{"cpu":"200m","memory":"128Mi"}}}])";
  const std::string path = request.target.substr(0, request.target.find('?'));
  if (request.target.find("watch=true") != std::string::npos) {
    if (connection.BeginChunks()) connection.WaitForClose();
    return;
  }
  const auto meta = [](std::string_view name, std::string_view owner) {
    return fmt::format(
        R"("metadata":{{"name":"{0}","namespace":"shop","uid":"uid-{0}","generation":1,
        "resourceVersion":"1","ownerReferences":[{{"kind":"x","name":"{1}","uid":"uid-{1}",
        "controller":true}}]}})",
        name, owner);
  };
  const auto workload = [&](std::string_view name, std::string_view owner) {
    return fmt::format(
        R"({{{},"spec":{{"replicas":1,"template":{{"spec":{{{}}}}}}},"status":
        {{"observedGeneration":1,"replicas":1,"readyReplicas":1,"updatedReplicas":1}}}})",
        meta(name, owner), kContainers);
  };
  const std::string pod = fmt::format(
      R"({{"kind":"Pod",{},"spec":{{"nodeName":"n",{}}},"status":{{"phase":"Running",
      "conditions":[{{"type":"Ready","status":"True"}}],"containerStatuses":[{{"name":"app",
      "ready":true,"resources":{{"requests":{{"cpu":"100m","memory":"64Mi"}},
      "limits":{{"cpu":"200m","memory":"128Mi"}}}}}}]}}}})",
      meta("web-1", "set"), kContainers);
  std::string items;
  if (path.ends_with("/deployments")) items = workload("web", "nobody");
  if (path.ends_with("/replicasets")) items = workload("set", "web");
  if (path.ends_with("/pods")) items = pod;
  const bool is_one = request.method == "PATCH" || path.find("/pods/") != std::string::npos;
  connection.Answer(200, is_one ? pod
                                : fmt::format(R"({{"items":[{}],"metadata":
                                      {{"resourceVersion":"1"}}}})",
                                              items));
}

// One pod of a working set of 100 MiB; nothing else is known.
void AnswerAsPrometheus(const LoopbackConnection::Request& request,
                        const LoopbackConnection& connection) {
  const bool is_asked = request.body.starts_with("query=container_memory_working_set_bytes%7B") &&
                        request.body.find("id%3D%22%2F%22") == std::string::npos;
  const double now = std::stod(request.body.substr(request.body.find("time=") + 5));
  connection.Answer(
      200,
      fmt::format(R"({{"status":"success","data":{{"resultType":"matrix","result":[{}]}}}})",
                  is_asked ? fmt::format(R"({{"metric":{{"namespace":"shop","pod":"web-1",
                     "container":"app","id":"/web-1","image":"a"}},"values":[[{},"{}"]]}})",
                                         now - 1, 100 << 20)
                           : ""),
      "Content-Type: application/json\r\n");
}

TEST(ClusterWorldTest, MemoryIsNotLoweredBelowWhatPrometheusSaysIsInUse) {
  FakeApi api(AnswerAsCluster);
  LoopbackServer server(LoopbackServer::EveryRequest(AnswerAsPrometheus));
  const SystemClock clock;
  auto watch = ClusterWatch::Start(api.client(), clock, {.namespaces = {"shop"}});
  ASSERT_TRUE(watch.ok());
  ASSERT_TRUE((*watch)->Await([&] { return (*watch)->IsSynced(); }, seconds(20)));
  AppScaler scaler;
  scaler.meta.name_space = "shop";
  scaler.workloads = {{.name = "web", .target = {"apps/v1", "Deployment", "web"}}};
  MemoryPodSizeBook book;
  OwnMetrics metrics;
  const auto reader = [&](const std::string& name_space) {
    return PrometheusReader(*PrometheusClient::Create({.url = server.Url()}),
                            *PrometheusQueries::Create({.namespaces = {name_space}}), clock);
  };
  auto world = MakeClusterWorld({.client = api.client(),
                                 .watch = **watch,
                                 .clock = clock,
                                 .book = book,
                                 .prometheus = reader,
                                 .own_metrics = metrics},
                                scaler);
  ASSERT_TRUE(world.ok()) << world.status();
  ASSERT_TRUE((*world)->metrics().Read(clock.Now(), minutes(1)).ok());

  const MicroserviceAllocation now{1, {Millicores(200), Mebibytes(128)}};
  const auto lower_to = [&](std::int64_t mebibytes) {
    return (*world)->actuator().Apply(
        {MicroserviceId(0), now, {1, {Millicores(200), Mebibytes(mebibytes)}}});
  };
  // 100 MiB with a tenth more.
  const absl::Status refused = lower_to(109);
  EXPECT_TRUE(absl::IsInvalidArgument(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()), StartsWith("WorkingSet: "));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("110Mi"));
  for (const FakeApi::Request& request : api.requests()) EXPECT_NE(request.method, "PATCH");
  EXPECT_TRUE(lower_to(110).ok());
}

}  // namespace
}  // namespace trimtab
