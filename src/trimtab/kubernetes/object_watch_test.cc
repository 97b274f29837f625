// A watch against a server that cuts, expires, repeats, lies and falls silent: whatever it does,
// every change is seen once.
#include "trimtab/kubernetes/object_watch.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/clock/system_clock.h"
#include "trimtab/kubernetes/testing/fake_api.h"

namespace trimtab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Json = nlohmann::json;
using Request = FakeApi::Request;
using Change = ObjectChange<std::string>;

// What an object is to these tests: "uid@version".
absl::StatusOr<std::string> ReadObject(const Json& object) {
  if (TextAt(object, {"metadata", "name"}) == "broken") {
    return absl::InvalidArgumentError("spec.x: is broken");
  }
  return TextAt(object, {"metadata", "uid"}) + "@" +
         TextAt(object, {"metadata", "resourceVersion"});
}

std::string Object(const std::string& uid, int version, const std::string& name = "n") {
  return R"({"kind":"Pod","metadata":{"uid":")" + uid + R"(","name":")" + name +
         R"(","resourceVersion":")" + std::to_string(version) + R"("}})";
}

std::string Event(const std::string& type, const std::string& object) {
  return R"({"type":")" + type + R"(","object":)" + object + "}\n";
}

std::string ListBody(int version, const std::vector<std::string>& objects) {
  std::string items;
  for (const std::string& object : objects) items += (items.empty() ? "" : ",") + object;
  return R"({"items":[)" + items + R"(],"metadata":{"resourceVersion":")" +
         std::to_string(version) + R"("}})";
}

bool IsWatch(const Request& request) {
  return request.target.find("watch=true") != std::string::npos;
}

// Everything that a consumer was told, as "+a@1", "~a@2", "-a@2" and "=" for a whole list.
class Record {
 public:
  void Add(const Change& change) {
    constexpr std::array<char, 3> kSigns = {'+', '~', '-'};
    Add(kSigns[static_cast<std::size_t>(change.kind)] + *change.object);
  }
  void Add(std::string entry) {
    const std::scoped_lock lock(mutex_);
    entries_.push_back(std::move(entry));
    changed_.notify_all();
  }
  // Once `count` entries are there; what is there after ten seconds.
  std::vector<std::string> Wait(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(10), [&] { return entries_.size() >= count; });
    return entries_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> entries_;
};

// Answers lists and watches one after another from two scripts; when a script has run out, lists
// are refused and watches stay open and silent.
struct Script {
  std::vector<std::string> lists;  // bodies
  std::vector<std::function<void(const Request&, const LoopbackConnection&)>> watches;
  std::mutex mutex;
  std::size_t next_list = 0;
  std::size_t next_watch = 0;
};

LoopbackServer::Responder Play(std::shared_ptr<Script> script) {
  return [script](const Request& request, const LoopbackConnection& connection) {
    std::unique_lock lock(script->mutex);
    if (!IsWatch(request)) {
      if (script->next_list < script->lists.size()) {
        connection.Answer(200, script->lists[script->next_list++]);
      } else {
        connection.Answer(503, "no more lists");
      }
      return;
    }
    if (script->next_watch < script->watches.size()) {
      const auto watch = script->watches[script->next_watch++];
      lock.unlock();
      watch(request, connection);
    } else {
      lock.unlock();
      connection.BeginChunks();
      connection.WaitForClose();
    }
  };
}

using Watch = std::function<void(const Request&, const LoopbackConnection&)>;

// Events, and then a clean end.
Watch Sends(std::vector<std::string> events) {
  return [events = std::move(events)](const Request&, const LoopbackConnection& connection) {
    connection.BeginChunks();
    for (const std::string& event : events) connection.Chunk(event);
    connection.EndChunks();
  };
}

// Bytes, and then a cut in the middle of the stream.
Watch Cuts(std::string bytes) {
  return [bytes = std::move(bytes)](const Request&, const LoopbackConnection& connection) {
    connection.BeginChunks();
    connection.Chunk(bytes);
    connection.End();
  };
}

Watch Answers(int status, std::string body, std::string headers = "") {
  return [=](const Request&, const LoopbackConnection& connection) {
    connection.Answer(status, body, headers);
  };
}

// One watch of one scripted server.
struct World {
  explicit World(std::vector<std::string> lists, std::vector<Watch> watches,
                 const WatchOptions& options = {}) {
    script->lists = std::move(lists);
    script->watches = std::move(watches);
    api = std::make_unique<FakeApi>(Play(script), RetryOptions{.attempts = 1});
    watch = std::make_unique<ObjectWatch<std::string>>(
        api->client(), "/api/v1/pods", ApiQuery{{"fieldSelector", "a=b"}}, clock, options,
        ReadObject, [this](const Change& change) { record.Add(change); },
        [this] { record.Add("="); });
  }
  // The versions from which the watches began, in order.
  std::vector<std::string> WatchedFrom() const {
    std::vector<std::string> versions;
    for (const Request& request : api->requests()) {
      if (!IsWatch(request)) continue;
      const std::size_t at = request.target.find("resourceVersion=") + 16;
      versions.push_back(request.target.substr(at, request.target.find('&', at) - at));
    }
    return versions;
  }
  // Waits until so many watches have been asked for.
  std::vector<std::string> WaitForWatches(std::size_t count) const {
    const Instant deadline = clock.Now() + std::chrono::seconds(10);
    while (WatchedFrom().size() < count && clock.Now() < deadline) {
    }
    return WatchedFrom();
  }

  SystemClock clock;
  Record record;
  std::shared_ptr<Script> script = std::make_shared<Script>();
  std::unique_ptr<FakeApi> api;
  std::unique_ptr<ObjectWatch<std::string>> watch;
};

TEST(ObjectWatchTest, DeliversTheListAndThenEveryEvent) {
  World world({ListBody(10, {Object("a", 1), Object("b", 2)})},
              {Sends({Event("MODIFIED", Object("a", 11)), Event("DELETED", Object("b", 12)),
                      Event("ADDED", Object("c", 13))})});
  EXPECT_THAT(world.record.Wait(6), ElementsAre("+a@1", "+b@2", "=", "~a@11", "-b@2", "+c@13"));
  EXPECT_EQ(world.WaitForWatches(2)[0], "10");
  EXPECT_EQ(world.WatchedFrom()[1], "13");
  EXPECT_TRUE(world.watch->state().is_synced);
  EXPECT_EQ(world.watch->state().lists, 1);
  EXPECT_EQ(world.watch->state().events, 3);
  EXPECT_THAT(world.api->requests()[1].target,
              HasSubstr("fieldSelector=a%3Db&watch=true&allowWatchBookmarks=true&"
                        "resourceVersion=10&timeoutSeconds=300"));
}

TEST(ObjectWatchTest, ACutStreamGoesOnFromTheLastWholeEvent) {
  World world({ListBody(10, {})}, {Cuts(Event("ADDED", Object("a", 11)) +
                                        Event("ADDED", Object("b", 12)).substr(0, 30)),
                                   Sends({Event("ADDED", Object("b", 12))})});
  EXPECT_THAT(world.record.Wait(3), ElementsAre("=", "+a@11", "+b@12"));
  EXPECT_THAT(world.WaitForWatches(3), ElementsAre("10", "11", "12"));
}

TEST(ObjectWatchTest, BookmarksMoveTheVersionAndNothingElse) {
  World world(
      {ListBody(10, {})},
      {Sends({Event("BOOKMARK", R"({"kind":"Pod","metadata":{"resourceVersion":"50"}})")})});
  EXPECT_THAT(world.WaitForWatches(2), ElementsAre("10", "50"));
  EXPECT_EQ(world.watch->state().events, 0);
}

TEST(ObjectWatchTest, AfterA410TheDifferenceIsDelivered) {
  World world({ListBody(10, {Object("a", 1), Object("b", 2), Object("c", 3)}),
               ListBody(90, {Object("a", 1), Object("c", 80), Object("b2", 70)})},
              {Sends({Event("ERROR", StatusBody(410, "Expired"))})});
  EXPECT_THAT(world.record.Wait(8),
              ElementsAre("+a@1", "+b@2", "+c@3", "=", "-b@2", "+b2@70", "~c@80", "="));
  EXPECT_THAT(world.WaitForWatches(2), ElementsAre("10", "90"));
}

TEST(ObjectWatchTest, A410AsAnAnswerListsAgainToo) {
  World world({ListBody(10, {}), ListBody(90, {Object("a", 80)})},
              {Answers(410, StatusBody(410, "Expired"))});
  EXPECT_THAT(world.record.Wait(3), ElementsAre("=", "+a@80", "="));
}

TEST(ObjectWatchTest, RepeatedEventsAreSeenOnce) {
  World world({ListBody(10, {Object("a", 5)})},
              {Sends({Event("ADDED", Object("a", 5)), Event("MODIFIED", Object("a", 11)),
                      Event("MODIFIED", Object("a", 11)), Event("DELETED", Object("a", 12)),
                      Event("DELETED", Object("a", 12)), Event("ADDED", Object("z", 13))})});
  EXPECT_THAT(world.record.Wait(5), ElementsAre("+a@5", "=", "~a@11", "-a@11", "+z@13"));
}

TEST(ObjectWatchTest, RefusalsArePausedAsAsked) {
  World world({ListBody(10, {})}, {Answers(429, "busy", "Retry-After: 1\r\n"),
                                   Answers(503, StatusBody(503, "ServiceUnavailable")),
                                   Answers(403, StatusBody(403, "Forbidden")),
                                   Sends({Event("ADDED", Object("a", 11))})});
  EXPECT_THAT(world.record.Wait(2), ElementsAre("=", "+a@11"));
  EXPECT_THAT(world.WaitForWatches(5), ElementsAre("10", "10", "10", "10", "11"));
  ASSERT_GE(world.api->pauses().size(), 3U);
  EXPECT_GE(world.api->pauses()[0], std::chrono::seconds(1));
}

TEST(ObjectWatchTest, WhatCannotBeUsedMakesItListAgain) {
  for (const std::string& bytes :
       {std::string("garbage\n"), Event("ADDED", "7"), Event("NEW", Object("a", 11)),
        Event("ADDED", R"({"metadata":{"uid":"a"}})"),
        Event("ADDED", R"({"metadata":{"resourceVersion":"11"}})"),
        Event("ADDED", Object("a", 11, "broken")),
        Event("ERROR", StatusBody(500, "InternalError"))}) {
    World world({ListBody(10, {}), ListBody(90, {Object("a", 80)})}, {Cuts(bytes)});
    EXPECT_THAT(world.record.Wait(3), ElementsAre("=", "+a@80", "=")) << bytes;
  }
}

TEST(ObjectWatchTest, AnObjectThatCannotBeReadIsNamedAndNotPassedOver) {
  World world(std::vector<std::string>(20'000, ListBody(10, {Object("a", 1, "broken")})), {});
  const Instant deadline = world.clock.Now() + std::chrono::seconds(10);
  while (world.watch->state().error.ok() && world.clock.Now() < deadline) {
  }
  EXPECT_EQ(world.watch->state().error.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(world.watch->state().error.message()),
              HasSubstr("Pod '/broken': spec.x: is broken"));
  EXPECT_FALSE(world.watch->state().is_synced);
}

TEST(ObjectWatchTest, EventsAndCollectionsAreBounded) {
  WatchOptions options;
  options.largest_event = Bytes(200);
  World large({ListBody(10, {}), ListBody(90, {Object("a", 80)})}, {Cuts(std::string(1000, 'x'))},
              options);
  EXPECT_THAT(large.record.Wait(3), ElementsAre("=", "+a@80", "="));
  options.most_objects = 1;
  World many({ListBody(10, {Object("a", 1), Object("b", 1)}), ListBody(11, {Object("a", 1)})}, {},
             options);
  EXPECT_THAT(many.record.Wait(2), ElementsAre("+a@1", "="));
}

TEST(ObjectWatchTest, ASilentWatchIsReplaced) {
  WatchOptions options;
  options.longest_silence = std::chrono::seconds(1);
  World world({ListBody(10, {})},
              {[](const Request&, const LoopbackConnection& connection) {
                 connection.BeginChunks();
                 connection.WaitForClose();
               },
               Sends({Event("ADDED", Object("a", 11))})},
              options);
  EXPECT_THAT(world.record.Wait(2), ElementsAre("=", "+a@11"));
}

TEST(ObjectWatchTest, OurOwnDeadlineEndsAWatchThatTheServerKeeps) {
  WatchOptions options;
  options.length = std::chrono::milliseconds(50);
  options.patience = std::chrono::milliseconds(50);
  World world({ListBody(10, {})},
              {[](const Request&, const LoopbackConnection& connection) {
                 connection.BeginChunks();
                 connection.WaitForClose();
               },
               Sends({Event("ADDED", Object("a", 11))})},
              options);
  EXPECT_THAT(world.record.Wait(2), ElementsAre("=", "+a@11"));
}

TEST(ObjectWatchTest, EndsAtOnceWhenDestroyed) {
  World world({ListBody(10, {})}, {});
  world.record.Wait(1);
  world.WaitForWatches(1);
  world.watch.reset();
  const std::size_t requests = world.api->requests().size();
  EXPECT_EQ(world.api->requests().size(), requests);
}

// A server with a history: random changes, and streams that are cut after any byte, expire or
// repeat. The store of the consumer equals the server's, and no change came twice or out of order.
TEST(ObjectWatchTest, NoChangeIsLostOrDoubledOverACuttingServer) {
  RandomStream random(7, "watch");
  struct Step {
    std::string type, uid;
    int version;
  };
  std::vector<Step> history;
  std::map<std::string, int> objects;  // uid to version, at the end
  for (int version = 1; version <= 400; ++version) {
    const std::string uid = fmt::format("u{}", random.Below(20));
    const bool exists = objects.contains(uid);
    if (exists && random.Uniform() < 0.3) {
      history.push_back({"DELETED", uid, version});
      objects.erase(uid);
    } else {
      history.push_back({exists ? "MODIFIED" : "ADDED", uid, version});
      objects[uid] = version;
    }
  }
  std::mutex mutex;
  // Every answer shows at most fifteen more versions than the one before.
  std::size_t shown = 0;
  const auto respond = [&](const Request& request, const LoopbackConnection& connection) {
    const std::scoped_lock lock(mutex);
    if (!IsWatch(request)) {
      std::map<std::string, int> now;
      for (std::size_t i = 0; i < shown; ++i) {
        now[history[i].uid] = history[i].version;
        if (history[i].type == "DELETED") now.erase(history[i].uid);
      }
      std::vector<std::string> items;
      for (const auto& [uid, version] : now) items.push_back(Object(uid, version));
      connection.Answer(200, ListBody(static_cast<int>(shown), items));
      return;
    }
    const std::size_t at = request.target.find("resourceVersion=") + 16;
    const auto from = static_cast<std::size_t>(std::stoi(request.target.substr(at)));
    shown = std::min(history.size(), shown + random.Below(15));
    if (random.Uniform() < 0.15) {
      connection.Answer(200, Event("ERROR", StatusBody(410, "Expired")));
      return;
    }
    std::string bytes;
    for (std::size_t i = from; i < shown; ++i) {
      bytes += Event(history[i].type, Object(history[i].uid, history[i].version));
    }
    connection.BeginChunks();
    if (random.Uniform() < 0.5 && !bytes.empty()) {
      connection.Chunk(bytes.substr(0, random.Below(bytes.size()) + 1));
      connection.End();
    } else {
      if (!bytes.empty()) connection.Chunk(bytes);
      connection.EndChunks();
    }
  };
  std::map<std::string, int> seen;  // uid to version, as told
  std::mutex seen_mutex;
  std::condition_variable caught_up;
  int faults = 0;
  FakeApi api(respond, {.attempts = 1});
  SystemClock clock;
  const auto on_change = [&](const Change& change) {
    const std::scoped_lock lock(seen_mutex);
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
    caught_up.notify_all();
  };
  {
    ObjectWatch<std::string> watch(api.client(), "/x", {}, clock, {}, ReadObject, on_change, [] {});
    std::unique_lock lock(seen_mutex);
    caught_up.wait_for(lock, std::chrono::seconds(20), [&] { return seen == objects; });
  }
  EXPECT_EQ(seen, objects);
  EXPECT_EQ(faults, 0);
}

}  // namespace
}  // namespace trimtab
