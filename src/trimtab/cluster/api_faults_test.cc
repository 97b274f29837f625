// A fault at every write of a change: whatever the API server answers, nothing becomes smaller than
// both what it was and what was asked for.
#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/clock/system_clock.h"
#include "trimtab/cluster/cluster_actuator.h"
#include "trimtab/cluster/testing/memory_book.h"
#include "trimtab/kubernetes/json_view.h"
#include "trimtab/kubernetes/testing/fake_api.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

using Json = nlohmann::json;
using Request = FakeApi::Request;

// An answer instead of the server's own; 0: the connection is reset after the write was done.
struct Fault {
  int code = 0;
  int at_write = 1;         // the first that it meets
  bool is_lasting = false;  // and all that follow
};

// Deployment 'web' with three pods, as an API server has them.
class FakeCluster {
 public:
  FakeCluster()
      : api_([this](const Request& request, const LoopbackConnection& connection) {
          Respond(request, connection);
        }) {
    for (int i = 0; i < 3; ++i) {
      Json pod = Parse(R"({"kind":"Pod","spec":{"nodeName":"n","containers":[{"name":"app",
        "resources":{"requests":{"cpu":"100m","memory":"64Mi"},
        "limits":{"cpu":"200m","memory":"128Mi"}}}]},"status":{"phase":"Running",
        "conditions":[{"type":"Ready","status":"True"}],"containerStatuses":[{"name":"app",
        "ready":true,"resources":{"requests":{"cpu":"100m","memory":"64Mi"},
        "limits":{"cpu":"200m","memory":"128Mi"}}}]}})");
      pod["metadata"] = Meta(fmt::format("web-abc-{}", i), "set");
      pods_[TextAt(pod, {"metadata", "name"})] = pod;
    }
  }

  ApiClient& client() { return api_.client(); }
  void Set(const Fault& fault) {
    const std::scoped_lock lock(mutex_);
    fault_ = fault;
  }
  int replicas() const {
    const std::scoped_lock lock(mutex_);
    return replicas_;
  }
  int writes() const {
    const std::scoped_lock lock(mutex_);
    return writes_;
  }
  std::vector<Millicores> CpuLimits() const {
    const std::scoped_lock lock(mutex_);
    std::vector<Millicores> limits;
    for (const auto& [name, pod] : pods_) {
      const std::string cpu = TextAt(pod["spec"]["containers"][0], {"resources", "limits", "cpu"});
      limits.push_back(ParseCpu(cpu).value_or(Millicores(0)));
    }
    return limits;
  }

 private:
  static Json Parse(const std::string& text) {
    auto json = JsonFromText(text);
    EXPECT_TRUE(json.ok()) << json.status();
    return json.value_or(Json());
  }

  static Json Meta(const std::string& name, const std::string& owner = "") {
    Json meta = {{"name", name},
                 {"namespace", "shop"},
                 {"uid", "uid-" + name},
                 {"generation", 1},
                 {"resourceVersion", "1"}};
    if (!owner.empty()) {
      meta["ownerReferences"] = {
          {{"kind", "x"}, {"name", owner}, {"uid", "uid-" + owner}, {"controller", true}}};
    }
    return meta;
  }

  Json Workload(const std::string& kind, const Json& meta) const {
    Json workload = Parse(R"({"spec":{"template":{"spec":{"containers":[{"name":"app",
      "resources":{"requests":{"cpu":"100m","memory":"64Mi"},
      "limits":{"cpu":"200m","memory":"128Mi"}}}]}}},"status":{"observedGeneration":1,
      "replicas":3,"readyReplicas":3,"updatedReplicas":3}})");
    workload["kind"] = kind;
    workload["metadata"] = meta;
    workload["spec"]["replicas"] = replicas_;
    return workload;
  }

  void Respond(const Request& request, const LoopbackConnection& connection) {
    const std::string path = request.target.substr(0, request.target.find('?'));
    if (request.target.find("watch=true") != std::string::npos) {
      if (connection.BeginChunks()) connection.WaitForClose();
      return;
    }
    const std::scoped_lock lock(mutex_);
    if (request.method == "PATCH") return RespondToWrite(request, path, connection);
    if (path.ends_with("/scale")) {
      connection.Answer(200, DumpJson(Scale()));
      return;
    }
    if (path.find("/pods/") != std::string::npos) {
      connection.Answer(200, DumpJson(pods_[path.substr(path.rfind('/') + 1)]));
      return;
    }
    Json items = Json::array();
    if (path.ends_with("/deployments")) items.push_back(Workload("Deployment", Meta("web")));
    if (path.ends_with("/replicasets")) items.push_back(Workload("ReplicaSet", Meta("set", "web")));
    if (path.ends_with("/pods")) {
      for (const auto& [name, pod] : pods_) items.push_back(pod);
    }
    connection.Answer(200, DumpJson({{"items", items}, {"metadata", {{"resourceVersion", "1"}}}}));
  }

  void RespondToWrite(const Request& request, const std::string& path,
                      const LoopbackConnection& connection) {
    ++writes_;
    const bool is_met =
        fault_ && (fault_->is_lasting ? writes_ >= fault_->at_write : writes_ == fault_->at_write);
    if (is_met && fault_->code != 0) {
      connection.Answer(fault_->code, StatusBody(fault_->code, "Reason", "no"),
                        fault_->code == 429 ? "Retry-After: 1\r\n" : "");
      return;
    }
    const std::optional<Json> answer = Write(path, Parse(request.body));
    if (!answer) {
      connection.Answer(422, StatusBody(422, "Invalid"));
      return;
    }
    if (is_met) {
      connection.Reset();
      connection.End();
      return;
    }
    connection.Answer(200, DumpJson(*answer));
  }

  // None: a `test` of the patch does not hold.
  std::optional<Json> Write(const std::string& path, const Json& patch) {
    if (path.ends_with("/scale")) {
      replicas_ = static_cast<int>(IntegerAt(patch, {"spec", "replicas"}).value_or(-1));
      return Scale();
    }
    const std::string of_pod = path.substr(0, path.rfind('/'));
    Json& pod = pods_[of_pod.substr(of_pod.rfind('/') + 1)];
    try {
      pod = pod.patch(patch);
    } catch (const Json::exception&) {
      return std::nullopt;
    }
    pod["metadata"]["generation"] = pod["metadata"]["generation"].get<int>() + 1;
    return pod;
  }

  Json Scale() const {
    return {{"kind", "Scale"}, {"metadata", Meta("web")}, {"spec", {{"replicas", replicas_}}}};
  }

  mutable std::mutex mutex_;
  std::map<std::string, Json> pods_;  // by name; these are guarded by mutex_
  int replicas_ = 3;
  int writes_ = 0;
  std::optional<Fault> fault_;
  FakeApi api_;  // its threads use what stands above
};

constexpr ContainerConfig kSize{Millicores(200), Mebibytes(128)};

// The cluster, and an actuator that knows it.
template <class Book>
struct FaultyApplication {
  FaultyApplication() {
    auto started = ClusterWatch::Start(cluster.client(), clock, {.namespaces = {"shop"}});
    if (!started.ok()) return;
    watch = *std::move(started);
    if (!watch->Await([&] { return watch->IsSynced(); }, std::chrono::seconds(20))) return;
    scaler.meta.name_space = "shop";
    scaler.workloads = {{.name = "web", .target = {"apps/v1", "Deployment", "web"}}};
    actuator = std::make_unique<ClusterActuator>(cluster.client(), *watch, clock, book, scaler,
                                                 ClusterActuatorOptions{.patience = Duration(0)});
  }

  FakeCluster cluster;
  const SystemClock clock;
  AppScaler scaler;
  Book book;
  std::unique_ptr<ClusterWatch> watch;
  std::unique_ptr<ClusterActuator> actuator;  // nullptr: the cluster is not known
};

class ApiFaultsTest : public testing::TestWithParam<int> {
 protected:
  // The change with a fault at each of its writes in turn.
  void Try(const MicroserviceAllocation& to, bool is_lasting) {
    for (int at_write = 1; at_write <= 4; ++at_write) {
      SCOPED_TRACE(fmt::format("fault {} at write {}", GetParam(), at_write));
      FaultyApplication<MemoryPodSizeBook> application;
      ASSERT_NE(application.actuator, nullptr);
      FakeCluster& cluster = application.cluster;
      cluster.Set({.code = GetParam(), .at_write = at_write, .is_lasting = is_lasting});
      const absl::Status applied = application.actuator->Apply({MicroserviceId(0), {3, kSize}, to});
      const bool is_met = cluster.writes() >= at_write;
      EXPECT_TRUE(is_met || applied.ok()) << applied;
      EXPECT_GE(cluster.replicas(), std::min(3, to.replicas));
      for (const Millicores cpu : cluster.CpuLimits()) {
        EXPECT_GE(cpu, std::min(kSize.cpu, to.container.cpu));
      }
      if (!applied.ok()) {
        EXPECT_TRUE(application.book.sizes.empty()) << "no pod is born with what was given up";
        EXPECT_FALSE(std::string(applied.message()).empty());
      } else {
        EXPECT_EQ(cluster.replicas(), to.replicas);
        EXPECT_THAT(cluster.CpuLimits(), testing::Each(to.container.cpu));
      }
    }
  }
};

TEST_P(ApiFaultsTest, ARaiseNeverMakesAnythingSmaller) {
  Try({5, {Millicores(400), Mebibytes(256)}}, false);
  Try({5, {Millicores(400), Mebibytes(256)}}, true);
}

TEST_P(ApiFaultsTest, ALowerNeverGoesFurtherThanAskedFor) {
  Try({2, {Millicores(150), Mebibytes(100)}}, false);
  Try({2, {Millicores(150), Mebibytes(100)}}, true);
}

// Fails but for its first put.
class FailingBook : public MemoryPodSizeBook {
 public:
  absl::Status Put(std::vector<PodSize> all) override {
    const absl::Status put = MemoryPodSizeBook::Put(std::move(all));
    if (puts == 1) error = absl::UnavailableError("no API server");
    return put;
  }
};

TEST(OwedSizesTest, SizesThatCouldNotBePutBackAreBeforeAnyPodIsBroughtToThem) {
  FaultyApplication<FailingBook> application;
  ASSERT_NE(application.actuator, nullptr);
  ClusterActuator& actuator = *application.actuator;
  FakeCluster& cluster = application.cluster;
  FailingBook& book = application.book;
  cluster.Set({.code = 403, .is_lasting = true});
  const MicroserviceAllocation smaller{3, {Millicores(150), Mebibytes(100)}};
  EXPECT_FALSE(actuator.Apply({MicroserviceId(0), {3, kSize}, smaller}).ok());
  ASSERT_FALSE(book.sizes.empty()) << "of pods that were to become smaller";
  cluster.Set({.at_write = 1'000'000});
  EXPECT_EQ(actuator.Tend(), book.error);
  EXPECT_THAT(cluster.CpuLimits(), testing::Each(kSize.cpu));
  book.error = absl::OkStatus();
  EXPECT_TRUE(actuator.Tend().ok());
  EXPECT_TRUE(book.sizes.empty());
  EXPECT_THAT(cluster.CpuLimits(), testing::Each(kSize.cpu));
}

INSTANTIATE_TEST_SUITE_P(Codes, ApiFaultsTest,
                         testing::Values(0, 400, 401, 403, 404, 409, 410, 413, 422, 429, 500, 503,
                                         504));

}  // namespace
}  // namespace trimtab
