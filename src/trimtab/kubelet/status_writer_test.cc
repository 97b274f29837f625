#include "trimtab/kubelet/status_writer.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/clock/stoppable_wait.h"
#include "trimtab/kubernetes/testing/fake_api.h"

namespace trimtab {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using Json = nlohmann::json;

const PodIdentity kPod{"shop", "front-1", "u1"};

std::vector<std::string> Calls(const FakeApi& api) {
  std::vector<std::string> calls;
  for (const auto& request : api.requests()) {
    calls.push_back(request.method + " " + request.target.substr(0, request.target.find('?')) +
                    " " + request.body);
  }
  return calls;
}

void Until(const std::function<bool()>& condition) {
  while (!condition()) WaitFor(milliseconds(1), {});
}

// Holds the first request until it is let go.
class Gate {
 public:
  void Wait() {
    std::unique_lock lock(mutex_);
    arrived_ = true;
    wake_.notify_all();
    wake_.wait(lock, [this] { return open_; });
  }
  void AwaitArrival() {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return arrived_; });
  }
  void Open() {
    const std::scoped_lock lock(mutex_);
    open_ = true;
    wake_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  bool arrived_ = false;
  bool open_ = false;
};

TEST(StatusWriterTest, OnlyTheNewestReportIsSent) {
  Gate gate;
  FakeApi api([&](const FakeApi::Request&, const LoopbackConnection& to) {
    gate.Wait();
    to.Answer(200, "{}");
  });
  StatusWriter writer(api.client(), 2);
  writer.Write(kPod, {{"n", 1}});
  gate.AwaitArrival();
  writer.Write(kPod, {{"n", 2}});
  writer.Write(kPod, {{"n", 3}});
  gate.Open();
  Until([&] { return writer.written() == 2; });
  EXPECT_THAT(Calls(api),
              ElementsAre("PATCH /api/v1/namespaces/shop/pods/front-1/status {\"n\":1}",
                          "PATCH /api/v1/namespaces/shop/pods/front-1/status {\"n\":3}"));
}

TEST(StatusWriterTest, APodIsRemovedByItsUid) {
  FakeApi api([](const FakeApi::Request&, const LoopbackConnection& to) { to.Answer(200, "{}"); });
  StatusWriter writer(api.client(), 1);
  writer.Remove(kPod);
  Until([&] { return writer.written() == 1; });
  const auto requests = api.requests();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].method, "DELETE");
  const Json body = Json::parse(requests[0].body);
  EXPECT_EQ(body["gracePeriodSeconds"], 0);
  EXPECT_EQ(body["preconditions"]["uid"], "u1");
}

TEST(StatusWriterTest, WhatFailsIsSentAgain) {
  std::atomic<int> count = 0;
  FakeApi api([&](const FakeApi::Request&, const LoopbackConnection& to) {
    ++count == 1 ? to.Answer(500, StatusBody(500, "InternalError")) : to.Answer(200, "{}");
  });
  StatusWriter writer(api.client(), 1);
  writer.Write(kPod, {{"n", 1}});
  Until([&] { return writer.written() == 1; });
  EXPECT_EQ(count, 2);
  EXPECT_EQ(writer.last_error().code(), absl::StatusCode::kInternal);
}

TEST(StatusWriterTest, WhatFailsForEverDoesNotHoldUpTheEnd) {
  FakeApi api([](const FakeApi::Request&, const LoopbackConnection& to) {
    to.Answer(500, StatusBody(500, "InternalError"));
  });
  StatusWriter writer(api.client(), 1);
  writer.Write(kPod, {{"n", 1}});
  writer.Write({"shop", "front-2", "u2"}, {{"n", 2}});
  Until([&] { return !writer.last_error().ok(); });
}

// A pod that is gone, another of its name, and a report that is wrong.
TEST(StatusWriterTest, WhatCannotSucceedIsLeft) {
  const std::pair<int, const char*> answers[] = {
      {404, "NotFound"}, {409, "Conflict"}, {422, "Invalid"}};
  for (const auto& [code, reason] : answers) {
    FakeApi api([&, code = code, reason = reason](const FakeApi::Request& request,
                                                  const LoopbackConnection& to) {
      if (request.target.find("front-1") != std::string::npos) {
        to.Answer(code, StatusBody(code, reason));
      } else {
        to.Answer(200, "{}");
      }
    });
    StatusWriter writer(api.client(), 1);
    writer.Write(kPod, {{"n", 1}});
    writer.Write({"shop", "front-2", "u2"}, {{"n", 2}});
    Until([&] { return writer.written() == 1; });
    EXPECT_EQ(api.requests().size(), 2U) << code;
  }
}

}  // namespace
}  // namespace trimtab
