// Election, status and events on a real API server.
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/kubernetes/testing/api_server.h"
#include "trimtab/kubernetes/workload_writes.h"
#include "trimtab/operator/event_log.h"
#include "trimtab/operator/leader_election.h"
#include "trimtab/operator/one_shot.h"
#include "trimtab/operator/scaler_watch.h"
#include "trimtab/operator/status_board.h"

namespace trimtab {
namespace {

using testing::Contains;
using testing::HasSubstr;
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): durations

// A clock that can be put forward, as a process finds it that was stopped for a while.
class ShiftedClock : public Clock {
 public:
  Instant Now() const override { return clock_.Now() + shift.load(); }
  bool WaitUntil(Instant instant) override { return clock_.WaitUntil(instant - shift.load()); }

  std::atomic<Duration> shift = Duration(0);

 private:
  mutable SystemClock clock_;
};

class ElectionTest : public ApiServerTest {
 protected:
  struct Candidate {
    std::unique_ptr<ApiClient> leases;
    std::atomic<bool> lost = false;
    ShiftedClock clock;
    std::unique_ptr<LeaderElection> election;
    std::unique_ptr<ApiClient> writes;  // gated
  };

  std::unique_ptr<Candidate> Stand(const std::string& identity) {
    auto candidate = std::make_unique<Candidate>();
    candidate->leases = Client({.retry = {.attempts = 1}});
    const LeaderElectionOptions options{.claim = {.name_space = name_space(),
                                                  .name = "trimtab",
                                                  .identity = identity,
                                                  .duration = 4s},
                                        .renew_deadline = 3s,
                                        .retry_period = 300ms};
    EXPECT_TRUE(options.Validate().ok());
    candidate->election = std::make_unique<LeaderElection>(
        *candidate->leases, candidate->clock, options,
        [of = candidate.get()](const absl::Status&) { of->lost = true; });
    candidate->writes =
        Client({.before_write = [of = candidate.get()] { return of->election->MayWrite(); }});
    return candidate;
  }
  std::unique_ptr<ApiClient> Client(ApiClientOptions options) {
    return MakeApiClient({.kubeconfig_flag = control_plane().kubeconfig()}, clock(),
                         std::move(options));
  }
  static bool Leads(const Candidate& candidate) {
    return candidate.election->state() == Leadership::kLeader;
  }
  static bool BecomesLeader(const Candidate& candidate) {
    return servers::Eventually([&candidate] { return Leads(candidate); }, 20s);
  }
  absl::Status Write(Candidate& candidate, const std::string& name) {
    return candidate.writes->Create(Path(kConfigMaps), ConfigMap(name)).status();
  }
};

TEST_F(ElectionTest, OfTwoOneLeadsAndOnlyItWrites) {
  const auto first = Stand("a");
  ASSERT_TRUE(BecomesLeader(*first));
  const auto second = Stand("b");
  EXPECT_TRUE(Write(*first, "one").ok());
  EXPECT_EQ(Write(*second, "two").code(), absl::StatusCode::kFailedPrecondition);
  // Longer than the lease: a leader that renews keeps it.
  EXPECT_FALSE(servers::Eventually([&] { return Leads(*second); }, 6s));
  EXPECT_TRUE(Leads(*first));
}

TEST_F(ElectionTest, ALeaseThatIsGivenBackIsTakenAtOnce) {
  const auto first = Stand("a");
  ASSERT_TRUE(BecomesLeader(*first));
  const auto second = Stand("b");
  first->election->Resign();
  EXPECT_EQ(Write(*first, "late").code(), absl::StatusCode::kFailedPrecondition);
  const auto lease = GetLease(client(), name_space(), "trimtab");
  ASSERT_TRUE(lease.ok());
  EXPECT_THAT(lease->holder, testing::AnyOf("", "b"));
  EXPECT_TRUE(servers::Eventually([&] { return Leads(*second); }, 2s)) << "within the lease's 4 s";
  EXPECT_EQ(GetLease(client(), name_space(), "trimtab")->transitions, 1);
}

TEST_F(ElectionTest, ALeaderThatWasStoppedLongerThanTheDeadlineWritesNothingAndIsLost) {
  const auto first = Stand("a");
  ASSERT_TRUE(BecomesLeader(*first));
  first->clock.shift = 5s;  // as after SIGSTOP and SIGCONT: the clock went on, nothing else did
  EXPECT_EQ(Write(*first, "stale").code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(servers::Eventually([&] { return first->lost.load(); }, 5s));
  EXPECT_EQ(first->election->state(), Leadership::kLost);
  EXPECT_EQ(Write(*first, "stale").code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(absl::IsNotFound(client().Get(Path(kConfigMaps, "stale")).status()));
}

TEST_F(ElectionTest, ALeaseWithTooLittleLeftStopsWrites) {
  const auto first = Stand("a");
  ASSERT_TRUE(BecomesLeader(*first));
  EXPECT_TRUE(Write(*first, "in-time").ok());
  first->clock.shift = 3500ms;  // half a second is left of 4 s, but a write may take longer
  EXPECT_EQ(Write(*first, "late").code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(ElectionTest, AnotherHolderMeansLost) {
  const auto first = Stand("a");
  ASSERT_TRUE(BecomesLeader(*first));
  ASSERT_TRUE(servers::Eventually([&] {
    const auto lease = GetLease(client(), name_space(), "trimtab");
    return lease.ok() && TakeLease(client(), *lease,
                                   {.name_space = name_space(), .name = "trimtab", .identity = "z"},
                                   clock().Now())
                             .ok();
  }));
  EXPECT_TRUE(servers::Eventually([&] { return first->lost.load(); }, 5s));
  EXPECT_EQ(Write(*first, "late").code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(ElectionTest, ASilentHolderIsSucceededAfterItsTimeByOurOwnClock) {
  // Its times are of a clock an hour ahead: they are not looked at.
  ASSERT_TRUE(
      CreateLease(
          client(),
          {.name_space = name_space(), .name = "trimtab", .identity = "gone", .duration = 4s},
          clock().Now() + 1h)
          .ok());
  const Instant begin = clock().Now();
  const auto first = Stand("a");
  ASSERT_TRUE(BecomesLeader(*first));
  EXPECT_GE(clock().Now() - begin, 4s);
}

class ScalerStatusServerTest : public ApiServerTest {
 protected:
  void SetUp() override {
    ApiServerTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    const auto applied = control_plane().Kubectl(
        {"apply", "-f",
         TRIMTAB_SOURCE_DIR "/deploy/helm/trimtab/crds/appscalers.trimtab.dev.yaml"});
    ASSERT_TRUE(applied.ok()) << applied.status();
    ASSERT_TRUE(servers::Eventually(
        [this] { return client().Get(ResourcePath(kAppScalers, name_space())).ok(); }));
    object_ = Make(kAppScalers, Parsed(R"({"apiVersion":"trimtab.dev/v1alpha1","kind":"AppScaler",
      "metadata":{"name":"shop"},"spec":{"entry":{"serviceName":"web"},
      "objective":{"latency":"300ms"},"workloads":[{"name":"web",
      "targetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"web"}}]}})"));
    const auto scaler = ReadAppScaler(object_);
    ASSERT_TRUE(scaler.ok()) << scaler.status();
    scaler_ = *scaler;
    board_ = std::make_unique<StatusBoard>(
        client(),
        StatusBoardOptions{.name_space = name_space(), .name = "shop", .uid = scaler_.meta.uid},
        scaler_);
  }

  AppScaler Stored() { return *ReadAppScaler(*client().Get(Path(kAppScalers, "shop"))); }

  static void Fill(AppScalerStatus& status) {
    status.observed_generation = 1;
    status.mode = "Apply";
    status.observed = Latency(284);
    status.satisfied = true;
    const MicroserviceAllocation small{.replicas = 1,
                                       .container = {Millicores(200), Mebibytes(100)}};
    status.workloads = {{"web", small, small, {"MaxCPU"}}};
    status.pod_sizes = {{.kind = "Deployment",
                         .name = "web",
                         .container = "app",
                         .requests = {Millicores(500), Mebibytes(200)},
                         .template_requests = {Millicores(100), Mebibytes(100)}}};
    status.commit = {.id = "42",
                     .step = CommitStep::kLower,
                     .started = Instant(std::chrono::seconds(1'800'000'000)),
                     .changes = {{"web", small, small}}};
    status.last_decision = LastDecision{.id = "42",
                                        .at = Instant(std::chrono::seconds(1'800'000'000)),
                                        .reason = "SlackAvailable",
                                        .summary = "web"};
    status.conditions = {{.type = "Ready",
                          .status = "True",
                          .reason = "Reconciled",
                          .observed_generation = 1,
                          .since = Instant(std::chrono::seconds(1'800'000'000))}};
  }

  nlohmann::json object_;
  AppScaler scaler_;
  std::unique_ptr<StatusBoard> board_;
};

TEST_F(ScalerStatusServerTest, TheServerStoresTheWholeStatusAndNothingIsWrittenTwice) {
  ASSERT_TRUE(board_->Update(Fill).ok());
  const AppScaler stored = Stored();
  EXPECT_EQ(ScalerStatusToJson(stored.status), ScalerStatusToJson(board_->status()));
  EXPECT_EQ(stored.meta.generation, 1) << "status is no change of the spec";
  ASSERT_TRUE(board_->Update(Fill).ok());
  EXPECT_EQ(board_->writes(), 1);
  EXPECT_EQ(Stored().meta.resource_version, stored.meta.resource_version);
  ASSERT_TRUE(board_->Update([](AppScalerStatus& status) { status.commit.reset(); }).ok());
  EXPECT_EQ(Stored().status.commit, std::nullopt);
}

TEST_F(ScalerStatusServerTest, AStatusThatSomebodyWipedComesBackWithItsSizes) {
  ASSERT_TRUE(board_->Update(Fill).ok());
  ASSERT_TRUE(client()
                  .Patch(Path(kAppScalers, "shop", "status"), PatchType::kJson,
                         Parsed(R"([{"op":"remove","path":"/status"}])"))
                  .ok());
  EXPECT_TRUE(Stored().status.pod_sizes.empty());
  board_->Seen(Stored().meta.resource_version);
  ASSERT_TRUE(board_->Update([](AppScalerStatus&) {}).ok());
  EXPECT_EQ(Stored().status.pod_sizes, board_->Sizes());
}

TEST_F(ScalerStatusServerTest, AChangeOfTheSpecMeanwhileIsNoConflictForLong) {
  ASSERT_TRUE(
      client()
          .Patch(Path(kAppScalers, "shop"), PatchType::kMerge, {{"spec", {{"mode", "Apply"}}}})
          .ok());
  EXPECT_TRUE(board_->Update(Fill).ok());
  EXPECT_EQ(Stored().mode, ScalerMode::kApply);
  EXPECT_EQ(Stored().status.pod_sizes, board_->Sizes());
}

TEST_F(ScalerStatusServerTest, AResourceOfTheSameNameMadeAnewIsAnother) {
  ASSERT_TRUE(client().Delete(Path(kAppScalers, "shop")).ok());
  EXPECT_TRUE(absl::IsNotFound(board_->Update(Fill)));
  object_["metadata"] = {{"name", "shop"}};
  Make(kAppScalers, object_);
  EXPECT_TRUE(absl::IsNotFound(board_->Update(Fill)));
  EXPECT_TRUE(Stored().status.pod_sizes.empty());
}

TEST_F(ScalerStatusServerTest, KubectlShowsTheColumns) {
  ASSERT_TRUE(board_->Update(Fill).ok());
  const auto table = control_plane().Kubectl({"get", "asc", "-n", name_space()});
  ASSERT_TRUE(table.ok()) << table.status();
  for (const char* text : {"MODE", "OBSERVED", "284ms", "True", "Reconciled"}) {
    EXPECT_THAT(*table, HasSubstr(text));
  }
}

TEST_F(ScalerStatusServerTest, EventsAreThereForKubectlDescribe) {
  EventLog events(client(), clock(), scaler_.meta, {.instance = "trimtab-0"});
  events.Normal("ScaledUp", "Scale", "web 1 -> 2");
  events.Normal("ScaledUp", "Scale", "web 2 -> 3");  // within the minute
  events.Warn("ObjectiveMissed", "Observe", "400 ms measured");
  const auto listed = client().List(Path(kEvents));
  ASSERT_TRUE(listed.ok()) << listed.status();
  EXPECT_EQ(listed->items.size(), 2u);
}

TEST_F(ScalerStatusServerTest, AResourceIsSeenEditedAndGone) {
  ScalerWatch watch(client(), clock(), {name_space()});
  ASSERT_TRUE(servers::Eventually([&] { return watch.Synced().ok(); }));
  EXPECT_TRUE(watch.Find(name_space(), "shop").exists);
  ASSERT_TRUE(client()
                  .Patch(Path(kAppScalers, "shop"), PatchType::kMerge,
                         Parsed(R"({"metadata":{"annotations":{"trimtab.dev/paused":"true"}}})"))
                  .ok());
  EXPECT_TRUE(servers::Eventually([&] {
    const SeenScaler seen = watch.Find(name_space(), "shop");
    return seen.scaler.ok() && seen.scaler->is_paused;
  }));
  ASSERT_TRUE(client().Delete(Path(kAppScalers, "shop")).ok());
  EXPECT_TRUE(servers::Eventually([&] { return !watch.Find(name_space(), "shop").exists; }));
}

TEST_F(ScalerStatusServerTest, OfTwoThatScaleOneWorkloadTheOlderIsServed) {
  nlohmann::json second = object_;
  second["metadata"] = {{"name", "zz-later"}};
  Make(kAppScalers, second);
  ScalerWatch watch(client(), clock(), {name_space()});
  ASSERT_TRUE(servers::Eventually([&] { return watch.Synced().ok(); }));
  EXPECT_TRUE(watch.Find(name_space(), "shop").scaler.ok());
  const SeenScaler later = watch.Find(name_space(), "zz-later");
  EXPECT_EQ(later.scaler.status().message(),
            "spec.workloads[0].targetRef: Deployment 'web' is scaled by AppScaler 'shop', which is "
            "older");
  ASSERT_TRUE(client().Delete(Path(kAppScalers, "shop")).ok());
  EXPECT_TRUE(servers::Eventually([&] { return watch.Find(name_space(), "zz-later").scaler.ok(); }))
      << "once it is alone";
}

TEST_F(ScalerStatusServerTest, ASavedPlanIsAppliedAndIsStaleFromThenOn) {
  nlohmann::json web = {
      {"apiVersion", "apps/v1"}, {"kind", "Deployment"}, {"metadata", {{"name", "web"}}}};
  web["spec"] = {{"replicas", 1},
                 {"selector", {{"matchLabels", {{"app", "web"}}}}},
                 {"template", TestPodTemplate()}};
  Make(kDeployments, web);
  ASSERT_TRUE(servers::Eventually([this] {
    const auto seen = client().Get(Path(kDeployments, "web"));
    return seen.ok() && IntegerAt(*seen, {"status", "observedGeneration"}) == 1;
  }));
  const MicroserviceAllocation before{.replicas = 1,
                                      .container = {Millicores(500), Mebibytes(128)}};
  MicroserviceAllocation after = before;
  after.replicas = 3;
  const ChangeSet set{.name_space = name_space(),
                      .name = "shop",
                      .uid = scaler_.meta.uid,
                      .generation = 1,
                      .at = clock().Now(),
                      .changes = {{"web", before, after}}};
  OperatorOptions options;
  options.connection.kubeconfig_flag = control_plane().kubeconfig();
  const std::atomic<bool> stop = false;
  const auto applied = ApplyChangeSet(options, set, clock(), stop);
  ASSERT_TRUE(applied.ok()) << applied.status();
  EXPECT_EQ(applied->raises.accepted.size(), 1u);
  const ObjectName object{kDeployments, name_space(), "web"};
  EXPECT_EQ(GetScale(client(), object)->replicas, 3);
  EXPECT_TRUE(Stored().status.pod_sizes.empty());
  EXPECT_TRUE(absl::IsAborted(ApplyChangeSet(options, set, clock(), stop).status())) << "stale";
  // A controller that applies keeps everybody else out.
  ASSERT_TRUE(board_->Update([](AppScalerStatus& status) { status.mode = "Apply"; }).ok());
  const auto beside = ApplyChangeSet(options, set, clock(), stop);
  EXPECT_THAT(std::string(beside.status().message()), HasSubstr("a controller applies"));
}

TEST_F(ScalerStatusServerTest, WithoutAModelNothingIsRecommendedAndNothingIsWritten) {
  OperatorOptions options;
  options.connection.kubeconfig_flag = control_plane().kubeconfig();
  options.namespaces = {name_space()};
  options.jaeger_url = "http://127.0.0.1:1";
  const std::atomic<bool> stop = false;
  EXPECT_EQ(Recommend(options, "shop", clock(), stop).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Recommend(options, "none", clock(), stop).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Stored().meta.resource_version, scaler_.meta.resource_version);
}

}  // namespace
}  // namespace trimtab
