// A watch against a server that cuts, expires, repeats, lies and falls silent: whatever it does,
// every change is seen once.
#include "trimtab/kubernetes/object_watch.h"

#include <array>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/clock/stoppable_wait.h"
#include "trimtab/clock/system_clock.h"
#include "trimtab/kubernetes/testing/fake_api.h"
#include "trimtab/kubernetes/testing/watched_objects.h"

namespace trimtab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Request = FakeApi::Request;
using Change = ObjectChange<std::string>;

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
        ReadWatched, [this](const Change& change) { record.Add(change); },
        [this] { record.Add("="); });
  }
  // The versions from which the watches began, in order.
  std::vector<std::string> WatchedFrom() const {
    std::vector<std::string> versions;
    for (const Request& request : api->requests()) {
      if (!IsWatch(request)) continue;
      versions.push_back(VersionOf(request));
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
  World world({ListBody(10, {WatchedObject("a", 1), WatchedObject("b", 2)})},
              {Sends({EventBytes("MODIFIED", WatchedObject("a", 11)),
                      EventBytes("DELETED", WatchedObject("b", 12)),
                      EventBytes("ADDED", WatchedObject("c", 13))})});
  EXPECT_THAT(world.record.Wait(6), ElementsAre("+a@1", "+b@2", "=", "~a@11", "-b@2", "+c@13"));
  EXPECT_EQ(world.WaitForWatches(2)[0], "10");
  EXPECT_EQ(world.WatchedFrom()[1], "13");
  EXPECT_TRUE(world.watch->state().is_synced);
  EXPECT_EQ(world.watch->state().lists, 1);
  EXPECT_EQ(world.watch->state().events, 3);
  EXPECT_THAT(world.api->requests()[1].target,
              HasSubstr("fieldSelector=a%3Db&watch=true&allowWatchBookmarks=true&"
                        "resourceVersion=10&timeoutSeconds=100"));
}

TEST(ObjectWatchTest, ACutStreamGoesOnFromTheLastWholeEvent) {
  World world({ListBody(10, {})}, {Cuts(EventBytes("ADDED", WatchedObject("a", 11)) +
                                        EventBytes("ADDED", WatchedObject("b", 12)).substr(0, 30)),
                                   Sends({EventBytes("ADDED", WatchedObject("b", 12))})});
  EXPECT_THAT(world.record.Wait(3), ElementsAre("=", "+a@11", "+b@12"));
  EXPECT_THAT(world.WaitForWatches(3), ElementsAre("10", "11", "12"));
}

TEST(ObjectWatchTest, BookmarksMoveTheVersionAndNothingElse) {
  World world(
      {ListBody(10, {})},
      {Sends({EventBytes("BOOKMARK", R"({"kind":"Pod","metadata":{"resourceVersion":"50"}})")})});
  EXPECT_THAT(world.WaitForWatches(2), ElementsAre("10", "50"));
  EXPECT_EQ(world.watch->state().events, 0);
}

TEST(ObjectWatchTest, AfterA410TheDifferenceIsDelivered) {
  World world(
      {ListBody(10, {WatchedObject("a", 1), WatchedObject("b", 2), WatchedObject("c", 3)}),
       ListBody(90, {WatchedObject("a", 1), WatchedObject("c", 80), WatchedObject("b2", 70)})},
      {Sends({EventBytes("ERROR", StatusBody(410, "Expired"))})});
  EXPECT_THAT(world.record.Wait(8),
              ElementsAre("+a@1", "+b@2", "+c@3", "=", "-b@2", "+b2@70", "~c@80", "="));
  EXPECT_THAT(world.WaitForWatches(2), ElementsAre("10", "90"));
}

TEST(ObjectWatchTest, A410AsAnAnswerListsAgainToo) {
  World world({ListBody(10, {}), ListBody(90, {WatchedObject("a", 80)})},
              {Answers(410, StatusBody(410, "Expired"))});
  EXPECT_THAT(world.record.Wait(3), ElementsAre("=", "+a@80", "="));
}

TEST(ObjectWatchTest, RepeatedEventsAreSeenOnce) {
  World world({ListBody(10, {WatchedObject("a", 5)})},
              {Sends({EventBytes("ADDED", WatchedObject("a", 5)),
                      EventBytes("MODIFIED", WatchedObject("a", 11)),
                      EventBytes("MODIFIED", WatchedObject("a", 11)),
                      EventBytes("DELETED", WatchedObject("a", 12)),
                      EventBytes("DELETED", WatchedObject("a", 12)),
                      EventBytes("ADDED", WatchedObject("z", 13))})});
  EXPECT_THAT(world.record.Wait(5), ElementsAre("+a@5", "=", "~a@11", "-a@11", "+z@13"));
}

TEST(ObjectWatchTest, RefusalsArePausedAsAsked) {
  World world({ListBody(10, {})}, {Answers(429, "busy", "Retry-After: 1\r\n"),
                                   Answers(503, StatusBody(503, "ServiceUnavailable")),
                                   Answers(403, StatusBody(403, "Forbidden")),
                                   Sends({EventBytes("ADDED", WatchedObject("a", 11))})});
  EXPECT_THAT(world.record.Wait(2), ElementsAre("=", "+a@11"));
  EXPECT_THAT(world.WaitForWatches(5), ElementsAre("10", "10", "10", "10", "11"));
  ASSERT_GE(world.api->pauses().size(), 3U);
  EXPECT_GE(world.api->pauses()[0], std::chrono::seconds(1));
}

TEST(ObjectWatchTest, WhatCannotBeUsedMakesItListAgain) {
  for (const std::string& bytes : {std::string("garbage\n"), EventBytes("ADDED", "7"),
                                   EventBytes("NEW", WatchedObject("a", 11)),
                                   EventBytes("ADDED", R"({"metadata":{"uid":"a"}})"),
                                   EventBytes("ADDED", R"({"metadata":{"resourceVersion":"11"}})"),
                                   EventBytes("ADDED", WatchedObject("a", 11, "broken")),
                                   EventBytes("ERROR", StatusBody(500, "InternalError"))}) {
    World world({ListBody(10, {}), ListBody(90, {WatchedObject("a", 80)})}, {Cuts(bytes)});
    EXPECT_THAT(world.record.Wait(3), ElementsAre("=", "+a@80", "=")) << bytes;
  }
}

TEST(ObjectWatchTest, AnObjectThatCannotBeReadIsNamedAndNotPassedOver) {
  World world(std::vector<std::string>(20'000, ListBody(10, {WatchedObject("a", 1, "broken")})),
              {});
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
  World large({ListBody(10, {}), ListBody(90, {WatchedObject("a", 80)})},
              {Cuts(std::string(1000, 'x'))}, options);
  EXPECT_THAT(large.record.Wait(3), ElementsAre("=", "+a@80", "="));
  options.most_objects = 1;
  World many({ListBody(10, {WatchedObject("a", 1), WatchedObject("b", 1)}),
              ListBody(11, {WatchedObject("a", 1)})},
             {}, options);
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
               Sends({EventBytes("ADDED", WatchedObject("a", 11))})},
              options);
  EXPECT_THAT(world.record.Wait(2), ElementsAre("=", "+a@11"));
}

// Nothing happens in the collection: after a failure the end of a short watch is what says that the
// server is there again.
TEST(ObjectWatchTest, AQuietCollectionIsHeardOfSoonAfterAFailure) {
  WatchOptions options;
  options.first_length = std::chrono::seconds(1);
  World world({ListBody(10, {})},
              {Cuts("{"),
               [](const Request&, const LoopbackConnection& connection) {
                 connection.BeginChunks();
                 WaitFor(std::chrono::milliseconds(1100), {});
                 connection.EndChunks();
               }},
              options);
  world.WaitForWatches(3);
  EXPECT_TRUE(world.watch->state().error.ok()) << world.watch->state().error;
  EXPECT_EQ(world.watch->state().lists, 1);
  const auto requests = world.api->requests();
  EXPECT_THAT(requests[2].target, HasSubstr("timeoutSeconds=1"));
  EXPECT_THAT(requests[3].target, HasSubstr("timeoutSeconds=100"));
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
               Sends({EventBytes("ADDED", WatchedObject("a", 11))})},
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

}  // namespace
}  // namespace trimtab
