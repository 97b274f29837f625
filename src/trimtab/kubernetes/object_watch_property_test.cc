// A server with a history of random changes, whose streams are cut after any byte, end early,
// expire and repeat: the consumer ends with what the server has, and no change came twice or out of
// order.
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "gtest/gtest.h"
#include "trimtab/clock/system_clock.h"
#include "trimtab/kubernetes/object_watch.h"
#include "trimtab/kubernetes/testing/fake_api.h"
#include "trimtab/kubernetes/testing/watched_objects.h"
#include "trimtab/probability/random_stream.h"

namespace trimtab {
namespace {

using Change = ObjectChange<std::string>;
using Objects = std::map<std::string, int>;  // uid to version

struct Step {
  std::string type, uid;
  int version;
};

// Applies a step as a server does.
void Apply(const Step& step, Objects& objects) {
  if (step.type == "DELETED") {
    objects.erase(step.uid);
  } else {
    objects[step.uid] = step.version;
  }
}

std::vector<Step> RandomHistory(int steps, RandomStream& random) {
  std::vector<Step> history;
  Objects objects;
  for (int version = 1; version <= steps; ++version) {
    const std::string uid = fmt::format("u{}", random.Below(20));
    const bool exists = objects.contains(uid);
    const bool is_deleted = exists && random.Uniform() < 0.3;
    history.push_back({is_deleted ? "DELETED" : (exists ? "MODIFIED" : "ADDED"), uid, version});
    Apply(history.back(), objects);
  }
  return history;
}

// Shows its history little by little, at most fifteen versions with each answer.
class CuttingServer {
 public:
  CuttingServer(std::vector<Step> history, RandomStream& random)
      : history_(std::move(history)), random_(random) {}

  void Answer(const LoopbackConnection::Request& request, const LoopbackConnection& connection) {
    const std::scoped_lock lock(mutex_);
    if (IsWatch(request)) {
      Stream(static_cast<std::size_t>(std::stoi(VersionOf(request))), connection);
    } else {
      List(connection);
    }
  }

 private:
  void List(const LoopbackConnection& connection) const {
    Objects objects;
    for (std::size_t i = 0; i < shown_; ++i) Apply(history_[i], objects);
    std::vector<std::string> items;
    for (const auto& [uid, version] : objects) items.push_back(WatchedObject(uid, version));
    connection.Answer(200, ListBody(static_cast<int>(shown_), items));
  }
  void Stream(std::size_t from, const LoopbackConnection& connection) {
    shown_ = std::min(history_.size(), shown_ + random_.Below(15));
    if (random_.Uniform() < 0.15) {
      connection.Answer(200, EventBytes("ERROR", StatusBody(410, "Expired")));
      return;
    }
    std::string bytes;
    for (std::size_t i = from; i < shown_; ++i) {
      bytes += EventBytes(history_[i].type, WatchedObject(history_[i].uid, history_[i].version));
    }
    connection.BeginChunks();
    if (random_.Uniform() < 0.5 && !bytes.empty()) {
      connection.Chunk(bytes.substr(0, random_.Below(bytes.size()) + 1));
      connection.End();
    } else {
      if (!bytes.empty()) connection.Chunk(bytes);
      connection.EndChunks();
    }
  }

  const std::vector<Step> history_;
  std::mutex mutex_;
  RandomStream& random_;   // guarded by mutex_
  std::size_t shown_ = 0;  // guarded by mutex_
};

// What was told, and how often what cannot be.
struct Account {
  void Add(const Change& change) {
    const std::scoped_lock lock(mutex);
    const std::size_t sign = change.object->find('@');
    const std::string uid = change.object->substr(0, sign);
    const int version = std::stoi(change.object->substr(sign + 1));
    const auto known = seen.find(uid);
    const bool exists = known != seen.end();
    if (change.kind == Change::Kind::kDeleted) {
      faults += exists ? 0 : 1;
      seen.erase(uid);
    } else {
      faults += exists == (change.kind == Change::Kind::kModified) ? 0 : 1;
      faults += exists && version <= known->second ? 1 : 0;
      seen[uid] = version;
    }
    changed.notify_all();
  }

  std::mutex mutex;
  std::condition_variable changed;
  Objects seen;
  int faults = 0;
};

TEST(ObjectWatchPropertyTest, NoChangeIsLostOrDoubledOverACuttingServer) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    RandomStream random(seed, "watch");
    const std::vector<Step> history = RandomHistory(400, random);
    Objects expected;
    for (const Step& step : history) Apply(step, expected);
    CuttingServer server(history, random);
    Account account;
    FakeApi api(
        [&](const auto& request, const auto& connection) { server.Answer(request, connection); },
        {.attempts = 1});
    const SystemClock clock;
    {
      const ObjectWatch<std::string> watch(
          api.client(), "/x", {}, clock, {}, ReadWatched,
          [&](const Change& change) { account.Add(change); }, [] {});
      std::unique_lock lock(account.mutex);
      account.changed.wait_for(lock, std::chrono::seconds(20),
                               [&] { return account.seen == expected; });
    }
    EXPECT_EQ(account.seen, expected) << seed;
    EXPECT_EQ(account.faults, 0) << seed;
  }
}

}  // namespace
}  // namespace trimtab
