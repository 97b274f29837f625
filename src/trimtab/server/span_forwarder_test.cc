// Replicas that follow and the one that leads, over real sockets.
#include "trimtab/server/span_forwarder.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>

#include "tests/servers/eventually.h"
#include "trimtab/clock/system_clock.h"
#include "trimtab/server/otlp_answer.h"
#include "trimtab/server/otlp_receiver.h"
#include "trimtab/server/pending_answer.h"
#include "trimtab/server/testing/gzip_text.h"
#include "trimtab/server/testing/http2_client.h"
#include "trimtab/server/testing/raw_client.h"
#include "trimtab/server/testing/set_clock.h"
#include "trimtab/server/testing/tls_files.h"
#include "trimtab/tracing/testing/encoded_spans.h"
#include "trimtab/tracing/testing/generated_spans.h"

namespace trimtab {
namespace {

using std::chrono::seconds;
using testing::GeneratedSpans;
using ::testing::HasSubstr;

const ListenAddress kAnyPort = {.host = "127.0.0.1", .port = 0};

std::string UrlOf(std::uint16_t port, const std::string& scheme = "http") {
  return fmt::format("{}://127.0.0.1:{}", scheme, port);
}

class SpanForwarderTest : public ::testing::Test {
 protected:
  std::unique_ptr<OtlpReceiver> Replica(OtlpReceiverOptions options = {},
                                        ForwardOptions forwarding = {}) {
    options.forwarding = std::move(forwarding);
    auto receiver = OtlpReceiver::Start({kAnyPort}, clock_, std::move(options));
    EXPECT_TRUE(receiver.ok()) << receiver.status();
    return *std::move(receiver);
  }

  // A leader that answers as it is told.
  void StartLeader(RequestHandler handler) {
    auto server = SocketServer::Start({kAnyPort}, std::move(handler), clock_, {});
    ASSERT_TRUE(server.ok()) << server.status();
    leader_ = *std::move(server);
  }
  std::string leader_url() const { return UrlOf(leader_->ports()[0]); }

  HttpResponse Post(const OtlpReceiver& to, std::string body,
                    std::string type = "application/x-protobuf", std::string encoding = {}) {
    HttpRequest request;
    request.method = "POST";
    request.url = UrlOf(to.ports()[0]) + "/v1/traces";
    request.headers = {{"Content-Type", std::move(type)}};
    if (!encoding.empty()) request.headers.push_back({"Content-Encoding", std::move(encoding)});
    request.body = std::move(body);
    const auto response = client_->Send(request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.value_or(HttpResponse());
  }

  testing::Http2Client::Answer Call(const OtlpReceiver& to, const std::string& message,
                                    bool is_gzip = false) {
    testing::Http2Client grpc;
    std::string frame = GrpcFrame(is_gzip ? testing::GzipText(message) : message);
    if (is_gzip) frame[0] = 1;
    const std::int32_t stream =
        grpc.Post("/opentelemetry.proto.collector.trace.v1.TraceService/Export",
                  {{"content-type", "application/grpc"},
                   {"te", "trailers"},
                   {"grpc-encoding", is_gzip ? "gzip" : "identity"}},
                  frame);
    testing::RawClient raw(to.ports()[0]);
    while (!grpc.answers[stream].is_closed) {
      raw.Send(grpc.TakeOutput());
      const std::string bytes = raw.Receive();
      EXPECT_FALSE(bytes.empty());
      if (bytes.empty() || !grpc.Receive(bytes)) break;
    }
    return grpc.answers[stream];
  }

  // The spans of each trace that are handed out once everything has settled.
  std::map<TraceId, int> Traces(OtlpReceiver& of) {
    clock_.Advance(std::chrono::minutes(1));
    std::map<TraceId, int> traces;
    EXPECT_TRUE(
        of.inbox().Read(clock_.Now(), [&](const Span& span) { ++traces[span.trace]; }).ok());
    return traces;
  }
  // Long enough that traces which come from now on are whole.
  void PassTheBeginning() { clock_.Advance(seconds(16)); }

  testing::SetClock clock_;
  std::unique_ptr<HttpClient> client_ = *HttpClient::Create({});
  std::unique_ptr<SocketServer> leader_;
};

std::string Protobuf(std::span<const Span> spans) {
  return testing::EncodedSpans(spans).OtlpProtobuf();
}

TEST_F(SpanForwarderTest, TracesSplitOverReplicasArriveWholeAtTheOneThatLeads) {
  const auto leader = Replica();
  const auto standby = Replica();
  leader->Lead();
  standby->Follow(UrlOf(leader->ports()[0]) + "/");
  PassTheBeginning();
  const std::vector<Span> spans = GeneratedSpans::Spans(30);
  // Every sixth span by each of six ways, so that each trace takes all of them.
  constexpr std::size_t kWays = 6;
  for (std::size_t way = 0; way < kWays; ++way) {
    std::vector<Span> part;
    for (std::size_t at = way; at < spans.size(); at += kWays) part.push_back(spans[at]);
    const testing::EncodedSpans encoded(part);
    switch (way) {
      case 0:
        EXPECT_EQ(Post(*leader, encoded.OtlpProtobuf()).status, 200);
        break;
      case 1:
        EXPECT_EQ(Post(*standby, encoded.OtlpProtobuf()).status, 200);
        break;
      case 2:
        EXPECT_EQ(Post(*standby, testing::GzipText(encoded.OtlpProtobuf()),
                       "application/x-protobuf", "gzip")
                      .status,
                  200);
        break;
      case 3:
        EXPECT_EQ(Post(*standby, encoded.OtlpJson(), "application/json").body,
                  R"({"partialSuccess":{}})");
        break;
      default: {
        const auto answer = Call(*standby, encoded.OtlpProtobuf(), way == 5);
        EXPECT_EQ(answer.headers.at("grpc-status"), "0");
        EXPECT_EQ(answer.body, std::string(5, '\0'));
      }
    }
  }
  const auto traces = Traces(*leader);
  EXPECT_EQ(traces.size(), 30);
  for (const auto& [trace, count] : traces) EXPECT_EQ(count, GeneratedSpans::kSpansPerTrace);
  EXPECT_EQ(leader->inbox().account().received, spans.size());
  EXPECT_EQ(standby->inbox().account().received, 0);
  EXPECT_EQ(standby->forwarded().taken, 5);
  EXPECT_EQ(standby->forwarded().deferred + standby->forwarded().refused, 0);
}

TEST_F(SpanForwarderTest, TheLeadersLossAndRefusalAreCarriedBack) {
  const auto leader = Replica();
  const auto standby = Replica();
  leader->Lead();
  standby->Follow(UrlOf(leader->ports()[0]));
  std::vector<Span> spans = GeneratedSpans::Spans(1);
  spans[0].trace = {};
  EXPECT_THAT(Post(*standby, testing::EncodedSpans(spans).OtlpJson(), "application/json").body,
              HasSubstr(R"("rejectedSpans":"1")"));
  EXPECT_EQ(Post(*standby, "no protobuf").status, 400);
  EXPECT_EQ(Call(*standby, "no protobuf").headers.at("grpc-status"), "3");
  EXPECT_EQ(standby->forwarded().taken, 1);
  EXPECT_EQ(standby->forwarded().refused, 2);
}

TEST_F(SpanForwarderTest, PressureOfTheLeaderIsCarriedBackWithItsTime) {
  StartLeader([](const ServedRequest& request) {
    EXPECT_EQ(request.path, "/v1/traces");
    EXPECT_EQ(request.Header(std::string(kForwardedHeader)), "1");
    return ServedAnswer{.status = request.body == "much" ? 429 : 503,
                        .headers = {{"retry-after", "7"}}};
  });
  const auto standby = Replica();
  standby->Follow(leader_url());
  const HttpResponse busy = Post(*standby, "");
  EXPECT_EQ(busy.status, 503);
  EXPECT_EQ(RetryAfter(busy), seconds(7));
  EXPECT_EQ(Post(*standby, "much").status, 429);
  const auto answer = Call(*standby, "");
  EXPECT_EQ(answer.headers.at("grpc-status"), "14");
  EXPECT_TRUE(answer.headers.contains("grpc-status-details-bin"));
  EXPECT_EQ(standby->forwarded().deferred, 3);
}

TEST_F(SpanForwarderTest, WithoutALeaderThatAnswersSendersAreToldToComeAgain) {
  const auto standby = Replica();
  const auto deferred = [&](const std::string& why) {
    const HttpResponse answer = Post(*standby, "{}", "application/json");
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(RetryAfter(answer), seconds(2));
    EXPECT_THAT(answer.body, HasSubstr(why));
    EXPECT_EQ(Call(*standby, "").headers.at("grpc-status"), "14");
  };
  deferred("no replica is known to lead");
  std::string nobody;
  {
    const auto gone = Replica();
    nobody = UrlOf(gone->ports()[0]);
  }
  standby->Follow(nobody);
  deferred("the leader does not answer");
  StartLeader([](const ServedRequest&) { return ServedAnswer{.status = 404}; });
  standby->Follow(leader_url());
  deferred("the leader answers 404");
  standby->Follow("");
  deferred("no replica is known to lead");
  EXPECT_EQ(standby->forwarded().deferred, 8);
}

TEST_F(SpanForwarderTest, RequestsDoNotGoToAndFro) {
  const auto one = Replica();
  const auto other = Replica();
  one->Follow(UrlOf(other->ports()[0]));
  other->Follow(UrlOf(one->ports()[0]));
  const HttpResponse answer = Post(*one, "{}", "application/json");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(one->forwarded().deferred, 1);
  EXPECT_EQ(other->forwarded().deferred, 0);
}

TEST_F(SpanForwarderTest, AfterAChangeOfLeaderNoHalfTraceIsHandedOut) {
  const auto first = Replica();
  const auto second = Replica();
  first->Lead();
  second->Follow(UrlOf(first->ports()[0]));
  PassTheBeginning();
  const std::vector<Span> spans = GeneratedSpans::Spans(40);
  const std::span<const Span> all(spans);
  constexpr std::size_t kTrace = GeneratedSpans::kSpansPerTrace;
  // Ten traces and half of an eleventh before the change.
  const std::size_t half = 10 * kTrace + kTrace / 2;
  EXPECT_EQ(Post(*second, Protobuf(all.subspan(0, half))).status, 200);
  first->Follow("");
  // Nobody leads: nothing is taken, and nothing lost.
  EXPECT_EQ(Post(*second, Protobuf(all.subspan(half, kTrace / 2))).status, 503);
  EXPECT_EQ(Post(*first, Protobuf(all.subspan(half, kTrace / 2))).status, 503);
  EXPECT_EQ(first->inbox().account().dropped, half);
  second->Lead();
  first->Follow(UrlOf(second->ports()[0]));
  // The other half comes again, and is not taken for a trace.
  EXPECT_EQ(Post(*first, Protobuf(all.subspan(half, kTrace - kTrace / 2))).status, 200);
  PassTheBeginning();
  EXPECT_EQ(Post(*first, Protobuf(all.subspan(11 * kTrace))).status, 200);
  const auto traces = Traces(*second);
  EXPECT_EQ(traces.size(), 29);
  for (const auto& [trace, count] : traces) EXPECT_EQ(count, kTrace);
  // Every span was handed out, or is counted as lost.
  const SpanAccount before = first->inbox().account();
  const SpanAccount after = second->inbox().account();
  EXPECT_EQ(before.received, before.dropped);
  EXPECT_EQ(after.dropped, kTrace - kTrace / 2);
  EXPECT_EQ(before.received + after.received, spans.size());
  EXPECT_EQ(after.received, after.handed_out + after.dropped);
}

TEST_F(SpanForwarderTest, WhatComesWhileALeaderStepsDownIsTurnedAway) {
  SpanInbox inbox({});
  inbox.End();
  const auto take = [&] {
    return inbox.Take(Protobuf(GeneratedSpans::Spans(1)), SpanInbox::Encoding::kProtobuf,
                      clock_.Now());
  };
  EXPECT_EQ(take().status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(inbox.account().deferred_requests, 1);
  inbox.Begin(clock_.Now());
  EXPECT_TRUE(take().status.ok());
}

// A leader whose answers come when the test says so.
class SlowLeader {
 public:
  RequestHandler Handler() {
    return [this](const ServedRequest&) {
      const std::scoped_lock lock(mutex_);
      return ServedReply(waiting_.emplace_back(std::make_shared<PendingAnswer>()));
    };
  }
  std::size_t waiting() {
    const std::scoped_lock lock(mutex_);
    return waiting_.size();
  }
  void AnswerAll() {
    const std::scoped_lock lock(mutex_);
    for (const auto& of : waiting_) of->Set({.status = 200});
    waiting_.clear();
  }

 private:
  std::mutex mutex_;
  std::vector<std::shared_ptr<PendingAnswer>> waiting_;
};

TEST_F(SpanForwarderTest, WhatWaitsForASlowLeaderIsBoundedAndHoldsUpNobodyElse) {
  SlowLeader slow;
  StartLeader(slow.Handler());
  const auto standby =
      Replica({}, {.timeout = seconds(60), .connections = 1, .memory_bound = Bytes(25)});
  standby->Follow(leader_url());
  const auto post = [&](const std::string& body) {
    auto client = std::make_unique<testing::RawClient>(standby->ports()[0]);
    client->Send(
        fmt::format("POST /v1/traces HTTP/1.1\r\nHost: h\r\n"
                    "Content-Type: application/x-protobuf\r\nContent-Length: {}\r\n\r\n{}",
                    body.size(), body));
    return client;
  };
  const auto under_way = post("ten bytes.");
  ASSERT_TRUE(servers::Eventually([&] { return slow.waiting() == 1; }));
  const auto queued = post("ten bytes.");
  // The third finds no room at once, while the first two wait.
  const auto third = post("ten bytes.");
  EXPECT_THAT(third->Receive(), HasSubstr("25 at most"));
  testing::RawClient other(standby->ports()[0]);
  other.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(other.Receive(), HasSubstr("404"));
  slow.AnswerAll();
  EXPECT_THAT(under_way->Receive(), HasSubstr("200 OK"));
  ASSERT_TRUE(servers::Eventually([&] { return slow.waiting() == 1; }));
  slow.AnswerAll();
  EXPECT_THAT(queued->Receive(), HasSubstr("200 OK"));
  EXPECT_EQ(standby->forwarded().taken, 2);
  EXPECT_EQ(standby->forwarded().deferred, 1);
}

TEST_F(SpanForwarderTest, AForwarderThatEndsDefersWhatWaits) {
  SlowLeader slow;
  StartLeader(slow.Handler());
  auto forwarder = SpanForwarder::Create({.timeout = seconds(60), .connections = 1});
  ASSERT_TRUE(forwarder.ok()) << forwarder.status();
  (*forwarder)->SetLeader(leader_url());
  std::atomic<int> deferred = 0;
  for (int request = 0; request < 3; ++request) {
    (*forwarder)->Forward({"application/json", "", "{}"}, [&](const ForwardOutcome& outcome) {
      deferred += outcome.status == 503 ? 1 : 0;
    });
  }
  ASSERT_TRUE(servers::Eventually([&] { return slow.waiting() == 1; }));
  forwarder->reset();
  EXPECT_EQ(deferred, 3);
}

TEST_F(SpanForwarderTest, ForwardsWithTlsAndACertificateOfItsOwn) {
  const testing::TlsFiles files;
  OtlpReceiverOptions options;
  options.sockets.tls = files.server_that_asks_clients();
  const auto leader = Replica(options);
  leader->Lead();
  PassTheBeginning();
  const auto own = *files.authority().Issue({.common_name = "standby"});
  const auto standby =
      Replica({}, {.http = {.tls = testing::TlsFiles::Client(files.authority(), own)}});
  standby->Follow(UrlOf(leader->ports()[0], "https"));
  EXPECT_EQ(Post(*standby, Protobuf(GeneratedSpans::Spans(1))).status, 200);
  const auto stranger =
      Replica({}, {.http = {.tls = testing::TlsFiles::Client(files.authority())}});
  stranger->Follow(UrlOf(leader->ports()[0], "https"));
  EXPECT_EQ(Post(*stranger, Protobuf(GeneratedSpans::Spans(1))).status, 503);
  EXPECT_EQ(Traces(*leader).size(), 1);
}

}  // namespace
}  // namespace trimtab
