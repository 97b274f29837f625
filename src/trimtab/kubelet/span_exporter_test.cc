#include "trimtab/kubelet/span_exporter.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/clock/stoppable_wait.h"
#include "trimtab/clock/system_clock.h"
#include "trimtab/http/testing/loopback_server.h"

namespace trimtab {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;

// A collector that answers as a test tells it.
class Collector {
 public:
  using Answers = std::function<void(int request, const LoopbackConnection&)>;

  explicit Collector(Answers answers)
      : server_(LoopbackServer::EveryRequest(
            [this, answers = std::move(answers)](const LoopbackConnection::Request& request,
                                                 const LoopbackConnection& to) {
              int number = 0;
              {
                const std::scoped_lock lock(mutex_);
                bodies_.push_back(request.method + " " + request.target + " " + request.body);
                number = static_cast<int>(bodies_.size());
              }
              answers(number, to);
            })) {}

  std::unique_ptr<SpanExporter> Exporter(Bytes longest_queue = Mebibytes(1)) const {
    auto exporter = SpanExporter::Create({.endpoint = server_.Url(""),
                                          .longest_queue = longest_queue,
                                          .retry = {.first_pause = milliseconds(1)}});
    EXPECT_TRUE(exporter.ok()) << exporter.status();
    return *std::move(exporter);
  }
  std::vector<std::string> bodies() const {
    const std::scoped_lock lock(mutex_);
    return bodies_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> bodies_;  // guarded by mutex_
  LoopbackServer server_;
};

// Until every span is accounted for.
SpanExporter::Account Settled(const SpanExporter& exporter, std::uint64_t spans) {
  for (;;) {
    const auto account = exporter.account();
    if (account.sent + account.dropped + account.rejected >= spans) return account;
    WaitFor(milliseconds(1), {});
  }
}

TEST(SpanExporterTest, SendsInOrder) {
  const Collector collector([](int, const LoopbackConnection& to) { to.Answer(200, ""); });
  const auto exporter = collector.Exporter();
  exporter->Export("a", 2);
  exporter->Export("b", 3);
  const auto account = Settled(*exporter, 5);
  EXPECT_EQ(account.sent, 5U);
  EXPECT_TRUE(account.last_error.ok());
  EXPECT_THAT(collector.bodies(), ElementsAre("POST /v1/traces a", "POST /v1/traces b"));
}

TEST(SpanExporterTest, ComesBackWhenAskedTo) {
  const Collector collector([](int request, const LoopbackConnection& to) {
    if (request == 1) to.Answer(503, "", "Retry-After: 1\r\n");
    if (request == 2) to.Answer(429, "");
    if (request == 3) to.Answer(200, "");
  });
  const auto exporter = collector.Exporter();
  const SystemClock clock;
  const Instant begun = clock.Now();
  exporter->Export("a", 2);
  EXPECT_EQ(Settled(*exporter, 2).sent, 2U);
  EXPECT_GE(clock.Now() - begun, std::chrono::seconds(1));
  EXPECT_EQ(collector.bodies().size(), 3U);
}

TEST(SpanExporterTest, WhatIsRefusedIsLostAndCounted) {
  const Collector collector(
      [](int request, const LoopbackConnection& to) { to.Answer(request == 1 ? 400 : 200, ""); });
  const auto exporter = collector.Exporter();
  exporter->Export("a", 2);
  exporter->Export("b", 3);
  const auto account = Settled(*exporter, 5);
  EXPECT_EQ(account.dropped, 2U);
  EXPECT_EQ(account.sent, 3U);
}

// partial_success{rejected_spans: 1}.
TEST(SpanExporterTest, PartialSuccessIsCounted) {
  const Collector collector([](int, const LoopbackConnection& to) {
    to.Answer(200, std::string("\x0a\x02\x08\x01", 4));
  });
  const auto exporter = collector.Exporter();
  exporter->Export("a", 4);
  const auto account = Settled(*exporter, 4);
  EXPECT_EQ(account.sent, 3U);
  EXPECT_EQ(account.rejected, 1U);
}

TEST(SpanExporterTest, WhatFindsNoRoomIsCounted) {
  const Collector collector([](int, const LoopbackConnection& to) { to.Answer(200, ""); });
  const auto exporter = collector.Exporter(Bytes(10));
  exporter->Export(std::string(11, 'x'), 7);
  EXPECT_EQ(exporter->account().dropped, 7U);
}

TEST(SpanExporterTest, EndsWhileACollectorIsAway) {
  auto exporter =
      SpanExporter::Create({.endpoint = "http://127.0.0.1:" + std::to_string(UnusedPort())});
  ASSERT_TRUE(exporter.ok());
  (*exporter)->Export("a", 1);
  exporter->reset();
}

TEST(SpanExporterTest, AnEndpointThatIsNoUrlIsRefused) {
  EXPECT_EQ(SpanExporter::Create({.endpoint = "nowhere"}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace trimtab
