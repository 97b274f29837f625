// Every write path against a real API server, with what it refuses.
#include <chrono>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/kubernetes/api_failure.h"
#include "trimtab/kubernetes/cluster_event.h"
#include "trimtab/kubernetes/lease.h"
#include "trimtab/kubernetes/limits_view.h"
#include "trimtab/kubernetes/testing/api_server.h"
#include "trimtab/kubernetes/timestamp.h"
#include "trimtab/kubernetes/workload_writes.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

Json Workload(const std::string& kind) {
  Json object = {{"apiVersion", "apps/v1"}, {"kind", kind}, {"metadata", {{"name", "web"}}}};
  object["spec"] = {{"replicas", 0},
                    {"selector", {{"matchLabels", {{"app", "web"}}}}},
                    {"template", TestPodTemplate()}};
  if (kind == "StatefulSet") object["spec"]["serviceName"] = "web";
  return object;
}

class ApiServerWriteTest : public ApiServerTest {
 protected:
  // Scales it up with its version, and sees that a stale version is refused.
  void ScaleBothWays(const ObjectName& object) {
    std::string version;
    // Its controller writes the status of a new object: what was read may be stale at once.
    const auto set = [&](const WriteOptions& options) {
      return servers::Eventually([&] {
        const auto before = GetScale(client(), object);
        if (!before.ok() || before->replicas != 0) return false;
        version = before->meta.resource_version;
        const auto after = SetReplicas(client(), object, 3, version, options);
        return after.ok() && after->replicas == 3;
      });
    };
    ASSERT_TRUE(set({.dry_run = true}));
    EXPECT_EQ(GetScale(client(), object)->replicas, 0);
    ASSERT_TRUE(set({}));
    const absl::Status stale = SetReplicas(client(), object, 5, version).status();
    EXPECT_EQ(stale.code(), absl::StatusCode::kAborted) << stale;
    EXPECT_EQ(ApiFailureOf(stale)->reason, "Conflict");
    EXPECT_EQ(GetScale(client(), object)->replicas, 3);
  }
};

TEST_F(ApiServerWriteTest, ObjectsAreMadeChangedAndDeleted) {
  const Json made = Make(kConfigMaps, ConfigMap("a"));
  EXPECT_EQ(client().Create(Path(kConfigMaps), ConfigMap("a")).status().code(),
            absl::StatusCode::kAlreadyExists);
  Json changed = made;
  changed["data"]["key"] = "2";
  ASSERT_TRUE(client().Replace(Path(kConfigMaps, "a"), changed).ok());
  EXPECT_EQ(client().Replace(Path(kConfigMaps, "a"), changed).status().code(),
            absl::StatusCode::kAborted)
      << "its version is stale by now";
  ASSERT_TRUE(
      client().Patch(Path(kConfigMaps, "a"), PatchType::kMerge, {{"data", {{"more", "3"}}}}).ok());
  ASSERT_TRUE(client()
                  .Patch(Path(kConfigMaps, "a"), PatchType::kJson,
                         Parsed(R"([{"op":"test","path":"/data/key","value":"2"},
                                        {"op":"replace","path":"/data/key","value":"4"}])"))
                  .ok());
  const auto read = client().Get(Path(kConfigMaps, "a"));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(TextAt(*read, {"data", "key"}) + TextAt(*read, {"data", "more"}), "43");
  EXPECT_EQ(client().Delete(Path(kConfigMaps, "a"), {.uid = "another"}).status().code(),
            absl::StatusCode::kAborted);
  ASSERT_TRUE(client()
                  .Delete(Path(kConfigMaps, "a"),
                          {.uid = TextAt(made, {"metadata", "uid"}), .dry_run = true})
                  .ok());
  ASSERT_TRUE(
      client().Delete(Path(kConfigMaps, "a"), {.uid = TextAt(made, {"metadata", "uid"})}).ok());
  EXPECT_EQ(client().Get(Path(kConfigMaps, "a")).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(ApiServerWriteTest, UnknownFieldsAndBadValuesAreRefused) {
  Json unknown = ConfigMap("a");
  unknown["dat"] = {{"key", "1"}};
  const absl::Status strict = client().Create(Path(kConfigMaps), unknown).status();
  EXPECT_EQ(strict.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(strict.message()), HasSubstr("unknown field \"dat\""));
  const absl::Status invalid = client().Create(Path(kConfigMaps), ConfigMap("No_Name")).status();
  EXPECT_EQ(invalid.code(), absl::StatusCode::kInvalidArgument);
  const auto failure = ApiFailureOf(invalid);
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code, 422);
  ASSERT_FALSE(failure->causes.empty());
  EXPECT_EQ(failure->causes[0].field, "metadata.name");
  EXPECT_TRUE(failure->HasCause("FieldValueInvalid"));
}

TEST_F(ApiServerWriteTest, AppliesAndNamesTheRivalManager) {
  auto rival = MakeApiClient({.kubeconfig_flag = control_plane().kubeconfig()}, clock(),
                             {.field_manager = "rival"});
  ASSERT_TRUE(rival->Patch(Path(kConfigMaps, "a"), PatchType::kApply, ConfigMap("a", "1")).ok());
  const absl::Status conflict =
      client().Patch(Path(kConfigMaps, "a"), PatchType::kApply, ConfigMap("a", "2")).status();
  EXPECT_EQ(conflict.code(), absl::StatusCode::kAborted);
  EXPECT_THAT(std::string(conflict.message()), HasSubstr("conflict with \"rival\""));
  EXPECT_TRUE(ApiFailureOf(conflict)->HasCause("FieldManagerConflict"));
  EXPECT_TRUE(
      client()
          .Patch(Path(kConfigMaps, "a"), PatchType::kApply, ConfigMap("a", "2"), {.force = true})
          .ok());
}

TEST_F(ApiServerWriteTest, ListsPageByPageAtOneVersion) {
  for (int i = 0; i < 7; ++i) Make(kConfigMaps, ConfigMap(fmt::format("list-{}", i)));
  auto paged =
      MakeApiClient({.kubeconfig_flag = control_plane().kubeconfig()}, clock(), {.page_size = 3});
  int pages = 0;
  std::size_t items = 0;
  const auto version =
      paged->ListPages(Path(kConfigMaps), {{"fieldSelector", "metadata.name!=kube-root-ca.crt"}},
                       [&](std::vector<Json>& page, bool) {
                         ++pages;
                         items += page.size();
                         return absl::OkStatus();
                       });
  ASSERT_TRUE(version.ok()) << version.status();
  EXPECT_EQ(items, 7U);
  EXPECT_GE(pages, 3);
  EXPECT_FALSE(version->empty());
}

TEST_F(ApiServerWriteTest, AListOfTheFutureIsTold) {
  auto impatient = MakeApiClient({.kubeconfig_flag = control_plane().kubeconfig()}, clock(),
                                 {.retry = {.attempts = 1}});
  const absl::Status status =
      impatient->List(Path(kConfigMaps), {{"resourceVersion", "999999999"}}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
  EXPECT_TRUE(ApiFailureOf(status)->HasCause("ResourceVersionTooLarge"));
}

TEST_F(ApiServerWriteTest, DeploymentsAreScaled) {
  Make(kDeployments, Workload("Deployment"));
  ScaleBothWays({kDeployments, name_space(), "web"});
  const auto read = client().Get(Path(kDeployments, "web"));
  ASSERT_TRUE(read.ok());
  const auto workload = ReadWorkload(*read);
  ASSERT_TRUE(workload.ok()) << workload.status();
  EXPECT_EQ(workload->replicas, 3);
  EXPECT_EQ(workload->containers[0].limits.memory, Mebibytes(128));
}

TEST_F(ApiServerWriteTest, StatefulSetsAreScaled) {
  Make(kStatefulSets, Workload("StatefulSet"));
  ScaleBothWays({kStatefulSets, name_space(), "web"});
}

TEST_F(ApiServerWriteTest, CustomResourcesAreScaledAndTheirStatusWritten) {
  const ResourceType crds{"apiextensions.k8s.io", "v1", "customresourcedefinitions"};
  const ResourceType gadgets{"test.trimtab.dev", "v1", "gadgets"};
  const auto made = client().Create(ResourcePath(crds, ""), Parsed(R"({
    "apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
    "metadata":{"name":"gadgets.test.trimtab.dev"},"spec":{"group":"test.trimtab.dev",
    "names":{"kind":"Gadget","plural":"gadgets"},"scope":"Namespaced","versions":[{"name":"v1",
    "served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":{
      "spec":{"type":"object","properties":{"replicas":{"type":"integer"}}},
      "status":{"type":"object","properties":{"replicas":{"type":"integer"},
                                              "note":{"type":"string"}}}}}},
    "subresources":{"status":{},"scale":{"specReplicasPath":".spec.replicas",
                                         "statusReplicasPath":".status.replicas"}}}]}})"));
  ASSERT_TRUE(made.ok()) << made.status();
  const Json gadget = Parsed(R"({"apiVersion":"test.trimtab.dev/v1","kind":"Gadget",
                                 "metadata":{"name":"g"},"spec":{"replicas":0}})");
  ASSERT_TRUE(servers::Eventually([&] { return client().Create(Path(gadgets), gadget).ok(); }));
  const ObjectName name{gadgets, name_space(), "g"};
  ScaleBothWays(name);
  const auto status = PatchStatus(client(), name, {{"note", "hello"}}, std::nullopt);
  ASSERT_TRUE(status.ok()) << status.status();
  EXPECT_EQ(TextAt(*status, {"status", "note"}), "hello");
  const std::string version = TextAt(*status, {"metadata", "resourceVersion"});
  EXPECT_TRUE(PatchStatus(client(), name, {{"note", "again"}}, version).ok());
  EXPECT_EQ(PatchStatus(client(), name, {{"note", "stale"}}, version).status().code(),
            absl::StatusCode::kAborted);
  // Custom resources know no strategic merge: 415.
  EXPECT_EQ(client()
                .Patch(Path(gadgets, "g"), PatchType::kStrategicMerge, Json::object())
                .status()
                .code(),
            absl::StatusCode::kUnimplemented);
}

TEST_F(ApiServerWriteTest, AQuotaStopsPodsAndItsNumbersAreRead) {
  ASSERT_TRUE(TakesPods());
  Make(kResourceQuotas, Parsed(R"({"apiVersion":"v1","kind":"ResourceQuota",
    "metadata":{"name":"q"},"spec":{"hard":{"requests.cpu":"150m","pods":"5"}}})"));
  const auto quota = [&] {
    const auto read = client().Get(Path(kResourceQuotas, "q"));
    return read.ok() ? ReadQuota(*read).value_or(QuotaView{}) : QuotaView{};
  };
  ASSERT_TRUE(servers::Eventually([&] { return quota().hard_pods == 5; }));
  Make(kPods, TestPod("first"));
  const absl::Status second = client().Create(Path(kPods), TestPod("second")).status();
  EXPECT_EQ(second.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(second.message()), HasSubstr("exceeded quota: q"));
  EXPECT_EQ(quota().hard_requests.cpu, Millicores(150));
  EXPECT_EQ(quota().used_requests.cpu, Millicores(100));
}

TEST_F(ApiServerWriteTest, OfTwoCandidatesForALeaseOneWins) {
  const LeaseClaim one{.name_space = name_space(), .name = "leader", .identity = "one"};
  LeaseClaim two = one;
  two.identity = "two";
  const Instant now = clock().Now();
  const auto first = CreateLease(client(), one, now);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(CreateLease(client(), two, now).status().code(), absl::StatusCode::kAlreadyExists);
  const auto seen = GetLease(client(), name_space(), "leader");
  ASSERT_TRUE(seen.ok()) << seen.status();
  EXPECT_EQ(seen->holder, "one");
  EXPECT_EQ(FormatMicroTimestamp(*seen->renewed), FormatMicroTimestamp(now));
  const auto renewed = RenewLease(client(), *first, one, now + std::chrono::seconds(1));
  ASSERT_TRUE(renewed.ok()) << renewed.status();
  EXPECT_EQ(TakeLease(client(), *seen, two, now).status().code(), absl::StatusCode::kAborted)
      << "it was renewed after `two` had seen it";
  const auto taken = TakeLease(client(), *renewed, two, now + std::chrono::seconds(20));
  ASSERT_TRUE(taken.ok()) << taken.status();
  EXPECT_EQ(taken->transitions, 1);
  EXPECT_EQ(RenewLease(client(), *renewed, one, now).status().code(), absl::StatusCode::kAborted);
  const auto released = ReleaseLease(client(), *taken, two, now + std::chrono::seconds(21));
  ASSERT_TRUE(released.ok()) << released.status();
  EXPECT_EQ(released->holder, "");
  EXPECT_EQ(released->duration, std::chrono::seconds(1));
}

TEST_F(ApiServerWriteTest, EventsAreShownBesideTheirObject) {
  const Json map = Make(kConfigMaps, ConfigMap("a"));
  const ClusterEvent event{.api_version = "v1",
                           .kind = "ConfigMap",
                           .name_space = name_space(),
                           .name = "a",
                           .uid = TextAt(map, {"metadata", "uid"}),
                           .is_warning = true,
                           .reason = "ScalingLimited",
                           .action = "Scale",
                           .note = std::string(5000, 'n'),
                           .instance = "trimtab-0"};
  const absl::Status told = CreateEvent(client(), event, clock().Now());
  ASSERT_TRUE(told.ok()) << told;
  const auto shown = control_plane().Kubectl({"events", "--namespace", name_space(), "--for",
                                              "configmap/a", "-o", "jsonpath={.items[*].reason}"});
  ASSERT_TRUE(shown.ok()) << shown.status();
  EXPECT_EQ(*shown, "ScalingLimited");
}

// A queue without seats for a crowd: 429 as text, with Retry-After.
TEST_F(ApiServerWriteTest, AFullQueueIsWaitedFor) {
  const auto issued =
      control_plane().authority().Issue({.common_name = "crowd", .organizations = {"crowded"}});
  ASSERT_TRUE(issued.ok());
  const ResourceType levels{"flowcontrol.apiserver.k8s.io", "v1", "prioritylevelconfigurations"};
  const ResourceType schemas{"flowcontrol.apiserver.k8s.io", "v1", "flowschemas"};
  auto made = client().Create(ResourcePath(levels, ""), Parsed(R"({
    "apiVersion":"flowcontrol.apiserver.k8s.io/v1","kind":"PriorityLevelConfiguration",
    "metadata":{"name":"closed"},"spec":{"type":"Limited","limited":{"nominalConcurrencyShares":0,
    "lendablePercent":0,"borrowingLimitPercent":0,"limitResponse":{"type":"Reject"}}}})"));
  ASSERT_TRUE(made.ok()) << made.status();
  made = client().Create(ResourcePath(schemas, ""), Parsed(R"({
    "apiVersion":"flowcontrol.apiserver.k8s.io/v1","kind":"FlowSchema","metadata":{"name":"crowd"},
    "spec":{"priorityLevelConfiguration":{"name":"closed"},"matchingPrecedence":2,
    "rules":[{"subjects":[{"kind":"User","user":{"name":"crowd"}}],"resourceRules":[{"verbs":["*"],
    "apiGroups":["*"],"resources":["*"],"clusterScope":true,"namespaces":["*"]}]}]}})"));
  ASSERT_TRUE(made.ok()) << made.status();
  ConnectionRules rules{.kubeconfig_flag = control_plane().kubeconfig()};
  auto connection = FindConnection(rules);
  ASSERT_TRUE(connection.ok());
  connection->tls.client_certificate_file.clear();
  connection->tls.client_key_file.clear();
  connection->tls.client_certificate_pem = issued->certificate;
  connection->tls.client_key_pem = issued->private_key;
  auto http = MakeHttpClient(*connection, clock(), false);
  ASSERT_TRUE(http.ok());
  std::mutex mutex;
  std::vector<Duration> pauses;
  ApiClientOptions options{.retry = {.attempts = 3}};
  options.wait = [&](Duration pause, const std::stop_token&) {
    const std::scoped_lock lock(mutex);
    pauses.push_back(pause);
    return true;
  };
  ApiClient crowd(connection->server, *std::move(http), options);
  // The server lets one request in at a time, so one alone would never be turned away.
  EXPECT_TRUE(servers::Eventually([&] {
    std::vector<std::thread> threads;
    for (int i = 0; i < 16; ++i) {
      threads.emplace_back([&] {
        for (int j = 0; j < 10; ++j) (void)crowd.List(Path(kConfigMaps)).status();
      });
    }
    for (std::thread& thread : threads) thread.join();
    return !pauses.empty();
  }));
  ASSERT_FALSE(pauses.empty());
  EXPECT_GE(pauses[0], std::chrono::seconds(1));
}

}  // namespace
}  // namespace trimtab
