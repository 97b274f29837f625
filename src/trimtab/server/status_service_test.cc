// What a process answers about itself, with and without sockets.
#include "trimtab/server/status_service.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trimtab/clock/system_clock.h"
#include "trimtab/http/http_client.h"

namespace trimtab {
namespace {

using std::chrono::seconds;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;

class StatusServiceTest : public ::testing::Test {
 protected:
  ServedAnswer Ask(std::string path, std::string method = "GET") const {
    return service_.Answer({.method = std::move(method), .path = std::move(path)});
  }

  absl::Status live_;
  absl::Status ready_;
  StatusService service_{{.metrics = [] { return std::string("up 1\n"); },
                          .live = {{"loop", [this] { return live_; }}},
                          .ready = {{"watches", [this] { return ready_; }}}}};
};

TEST_F(StatusServiceTest, MetricsAreInTheFormatOfPrometheus) {
  const ServedAnswer answer = Ask("/metrics");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "up 1\n");
  EXPECT_THAT(answer.headers,
              Contains(Pair("content-type", "text/plain; version=0.0.4; charset=utf-8")));
}

TEST_F(StatusServiceTest, AllIsWell) {
  for (const char* path : {"/healthz", "/livez", "/readyz"}) {
    EXPECT_EQ(Ask(path).status, 200) << path;
    EXPECT_EQ(Ask(path).body, "ok\n") << path;
  }
  EXPECT_EQ(Ask("/readyz?verbose").body, "[+]loop ok\n[+]watches ok\nreadyz check passed\n");
  EXPECT_EQ(Ask("/livez?a=b&verbose=1").body, "[+]loop ok\nlivez check passed\n");
  EXPECT_EQ(Ask("/livez?verbosely").body, "ok\n");
}

TEST_F(StatusServiceTest, WhatIsNotReadyLives) {
  ready_ = absl::UnavailableError("no list of pods yet");
  EXPECT_EQ(Ask("/livez").status, 200);
  EXPECT_EQ(Ask("/healthz").status, 200);
  const ServedAnswer answer = Ask("/readyz");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.body, "[-]watches failed: no list of pods yet\nreadyz check failed\n");
  EXPECT_THAT(Ask("/readyz?verbose").body, HasSubstr("[+]loop ok\n[-]watches failed"));
}

TEST_F(StatusServiceTest, WhatDoesNotLiveIsNotReady) {
  live_ = absl::DeadlineExceededError("no round for 46s, at most 45s");
  EXPECT_EQ(Ask("/livez").status, 500);
  EXPECT_EQ(Ask("/healthz").status, 500);
  EXPECT_EQ(Ask("/readyz").status, 503);
}

TEST_F(StatusServiceTest, OtherPathsAndMethodsAreTold) {
  EXPECT_EQ(Ask("/").status, 404);
  EXPECT_EQ(Ask("/metrics/").status, 404);
  EXPECT_EQ(Ask("/metrics", "HEAD").status, 200);
  const ServedAnswer answer = Ask("/readyz", "POST");
  EXPECT_EQ(answer.status, 405);
  EXPECT_THAT(answer.headers, Contains(Pair("allow", "GET, HEAD")));
  const StatusService without({});
  EXPECT_EQ(without.Answer({.method = "GET", .path = "/metrics"}).status, 404);
}

// There is no API that writes: what no token may do nobody can do without one.
TEST_F(StatusServiceTest, NothingCanBeWritten) {
  for (const char* method : {"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"}) {
    for (const char* page : {"/metrics", "/healthz", "/livez", "/readyz"}) {
      EXPECT_EQ(Ask(page, method).status, 405) << method << ' ' << page;
    }
    for (const char* other : {"/", "/api/v1/plan", "/apply", "/debug/pprof", "/-/quit"}) {
      EXPECT_EQ(Ask(other, method).status, 404) << method << ' ' << other;
    }
  }
}

// A clock that is set.
class SetClock : public Clock {
 public:
  Instant Now() const override { return now; }
  bool WaitUntil(Instant) override { return false; }
  Instant now{seconds(100)};
};

TEST(HeartbeatTest, ALoopThatStandsStillIsSeen) {
  SetClock clock;
  Heartbeat heart(clock, seconds(45));
  clock.now += seconds(45);
  EXPECT_TRUE(heart.Check().ok());
  clock.now += seconds(1);
  EXPECT_EQ(heart.Check().message(), "no round for 46s, at most 45s");
  heart.Beat();
  EXPECT_TRUE(heart.Check().ok());
}

TEST(StatusServerTest, ServesOnEveryAddress) {
  SystemClock clock;
  auto server = StartStatusServer(
      {*ListenAddress::Parse("127.0.0.1:0"), *ListenAddress::Parse("[::1]:0")},
      {.metrics = [] { return std::string("up 1\n"); }, .live = {}, .ready = {}}, clock);
  ASSERT_TRUE(server.ok()) << server.status();
  auto client = *HttpClient::Create({});
  const auto get = [&](std::string url) {
    HttpRequest request;
    request.url = std::move(url);
    request.timeout = seconds(5);
    return client->Send(request);
  };
  const auto metrics = get(fmt::format("http://127.0.0.1:{}/metrics", (*server)->ports()[0]));
  ASSERT_TRUE(metrics.ok()) << metrics.status();
  EXPECT_EQ(metrics->body, "up 1\n");
  const auto ready = get(fmt::format("http://[::1]:{}/readyz", (*server)->ports()[1]));
  ASSERT_TRUE(ready.ok()) << ready.status();
  EXPECT_EQ(ready->status, 200);
}

}  // namespace
}  // namespace trimtab
