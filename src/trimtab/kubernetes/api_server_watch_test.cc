// Watches of a real API server, killed, restarted and expired in the middle.
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/servers/programs.h"
#include "trimtab/kubernetes/object_watch.h"
#include "trimtab/kubernetes/pod_view.h"
#include "trimtab/kubernetes/testing/api_server.h"

namespace trimtab {
namespace {

using Json = nlohmann::json;

struct Entry {
  std::string name, value, version;
};
using Change = ObjectChange<Entry>;

absl::StatusOr<Entry> ReadEntry(const Json& object) {
  return Entry{TextAt(object, {"metadata", "name"}), TextAt(object, {"data", "key"}),
               TextAt(object, {"metadata", "resourceVersion"})};
}

// What a consumer knows, and how often it was told what it knew or could not be.
class Told {
 public:
  void Add(const Change& change) {
    const std::scoped_lock lock(mutex_);
    const std::string& name = change.object->name;
    const bool is_known = values_.contains(name);
    if (change.kind == Change::Kind::kDeleted) {
      faults_ += is_known ? 0 : 1;
      values_.erase(name);
      return;
    }
    faults_ += is_known == (change.kind == Change::Kind::kModified) ? 0 : 1;
    faults_ += versions_.emplace(name, change.object->version).second ? 0 : 1;
    values_[name] = change.object->value;
  }
  std::map<std::string, std::string> values() const {
    const std::scoped_lock lock(mutex_);
    return values_;
  }
  int faults() const {
    const std::scoped_lock lock(mutex_);
    return faults_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string> values_;               // guarded by mutex_
  std::set<std::pair<std::string, std::string>> versions_;  // guarded by mutex_
  int faults_ = 0;                                          // guarded by mutex_
};

std::unique_ptr<ObjectWatch<Entry>> Watch(ApiClient& client, const std::string& path,
                                          const Clock& clock, Told& told,
                                          const WatchOptions& options = {}) {
  return std::make_unique<ObjectWatch<Entry>>(
      client, path, ApiQuery{{"fieldSelector", "metadata.name!=kube-root-ca.crt"}}, clock, options,
      ReadEntry, [&told](const Change& change) { told.Add(change); }, [] {});
}

class ApiServerWatchTest : public ApiServerTest {};

TEST_F(ApiServerWatchTest, FollowsWhatOthersWrite) {
  Make(kConfigMaps, ConfigMap("before"));
  Told told;
  auto watch = Watch(client(), Path(kConfigMaps), clock(), told);
  Make(kConfigMaps, ConfigMap("added"));
  ASSERT_TRUE(client()
                  .Patch(Path(kConfigMaps, "added"), PatchType::kMerge, {{"data", {{"key", "2"}}}})
                  .ok());
  ASSERT_TRUE(client().Delete(Path(kConfigMaps, "before")).ok());
  const std::map<std::string, std::string> expected = {{"added", "2"}};
  EXPECT_TRUE(servers::Eventually([&] { return told.values() == expected; }));
  EXPECT_EQ(told.faults(), 0);
  EXPECT_EQ(watch->state().lists, 1);
}

TEST_F(ApiServerWatchTest, ShortWatchesAreTakenUpWithoutAnotherList) {
  Told told;
  WatchOptions options;
  options.length = std::chrono::seconds(1);
  auto watch = Watch(client(), Path(kConfigMaps), clock(), told, options);
  ASSERT_TRUE(servers::Eventually([&] { return watch->state().watches >= 3; }));
  Make(kConfigMaps, ConfigMap("late"));
  EXPECT_TRUE(servers::Eventually([&] { return told.values().contains("late"); }));
  EXPECT_EQ(watch->state().lists, 1);
  EXPECT_EQ(told.faults(), 0);
}

// With a control plane of its own, since the API server dies in it.
TEST(ApiServerKilledTest, AWatchOutlivesTheServerAndAnExpiredVersion) {
  servers::RequirePrograms(
      {"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl"});
  if (::testing::Test::IsSkipped() || ::testing::Test::HasFatalFailure()) return;
  auto plane = servers::ControlPlane::Start();
  ASSERT_TRUE(plane.ok()) << plane.status();
  const SystemClock clock;
  auto client = MakeApiClient({.kubeconfig_flag = (*plane)->kubeconfig()}, clock);
  const std::string path = ResourcePath(kConfigMaps, "default");
  Told told;
  auto watch = Watch(*client, path, clock, told);
  std::map<std::string, std::string> expected;
  const auto write = [&](const std::string& name) {
    ASSERT_TRUE(client->Create(path, ConfigMap(name)).ok());
    expected[name] = "1";
  };
  for (int i = 0; i < 5; ++i) write(fmt::format("before-{}", i));
  const auto caught_up = [&] { return told.values() == expected; };
  EXPECT_TRUE(servers::Eventually(caught_up));
  for (int round = 0; round < 2; ++round) {
    (*plane)->KillApiServer();
    EXPECT_TRUE(servers::Eventually([&] { return !watch->state().error.ok(); }));
    EXPECT_EQ(told.values(), expected) << "nothing is forgotten while the server is away";
    ASSERT_TRUE((*plane)->RestartApiServer().ok());
    for (int i = 0; i < 5; ++i) write(fmt::format("round-{}-{}", round, i));
    ASSERT_TRUE(client->Delete(path + "/" + fmt::format("before-{}", round)).ok());
    expected.erase(fmt::format("before-{}", round));
    EXPECT_TRUE(servers::Eventually(caught_up));
  }
  EXPECT_EQ(told.faults(), 0);

  // The server that was started anew does not know the first versions: 410.
  bool is_expired = false;
  WatchDecoder decoder(1 << 20);
  const absl::Status ended = client->Stream(
      path, {{"watch", "true"}, {"resourceVersion", "1"}, {"timeoutSeconds", "5"}},
      std::chrono::seconds(20), std::chrono::seconds(20),
      [&](std::string_view chunk) {
        return decoder
            .Feed(chunk,
                  [&](const WatchEvent& event) {
                    is_expired = event.type == "ERROR" && IntegerAt(event.object, {"code"}) == 410;
                    return absl::CancelledError("seen");
                  })
            .ok();
      },
      {});
  EXPECT_TRUE(ended.ok()) << ended;
  EXPECT_TRUE(is_expired);
}

}  // namespace
}  // namespace trimtab
