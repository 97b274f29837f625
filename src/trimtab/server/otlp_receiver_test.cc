// The receiver over real sockets.
#include "trimtab/server/otlp_receiver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "trimtab/clock/system_clock.h"
#include "trimtab/http/http_client.h"
#include "trimtab/server/otlp_answer.h"
#include "trimtab/server/testing/http2_client.h"
#include "trimtab/server/testing/raw_client.h"
#include "trimtab/tracing/testing/encoded_spans.h"
#include "trimtab/tracing/testing/generated_spans.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;
using testing::RawClient;
using ::testing::StartsWith;

std::unique_ptr<OtlpReceiver> Started(const Clock& clock, OtlpReceiverOptions options = {},
                                      const std::string& address = "127.0.0.1:0") {
  auto receiver = OtlpReceiver::Start({*ListenAddress::Parse(address)}, clock, options);
  EXPECT_TRUE(receiver.ok()) << receiver.status();
  return *std::move(receiver);
}

class OtlpReceiverTest : public ::testing::Test {
 protected:
  SystemClock clock_;
};

TEST_F(OtlpReceiverTest, TracesOverManyRequestsAndConnectionsArriveWhole) {
  const auto receiver = Started(clock_);
  const std::vector<Span> spans = testing::GeneratedSpans::Spans(40);
  constexpr std::size_t kClients = 8;
  std::vector<std::thread> clients;
  for (std::size_t client = 0; client < kClients; ++client) {
    clients.emplace_back([&, client] {
      const auto http = HttpClient::Create({});
      ASSERT_TRUE(http.ok()) << http.status();
      for (std::size_t part = 0; part < 5; ++part) {
        std::vector<Span> sent;
        for (std::size_t at = client + kClients * part; at < spans.size(); at += 5 * kClients) {
          sent.push_back(spans[at]);
        }
        const bool is_json = part % 2 == 0;
        const testing::EncodedSpans encoded(sent);
        const auto response = (*http)->Send(
            {.method = "POST",
             .url = "http://127.0.0.1:" + std::to_string(receiver->ports()[0]) + "/v1/traces",
             .headers = {{"Content-Type", is_json ? "application/json" : "application/x-protobuf"}},
             .body = is_json ? encoded.OtlpJson() : encoded.OtlpProtobuf()});
        ASSERT_TRUE(response.ok()) << response.status();
        EXPECT_EQ(response->status, 200);
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(receiver->inbox().open_traces(), 40);
  std::map<TraceId, int> traces;
  receiver->inbox().ReadRest(clock_.Now(), [&](const Span& span) { ++traces[span.trace]; });
  EXPECT_EQ(traces.size(), 40);
  for (const auto& [trace, count] : traces) {
    EXPECT_EQ(count, testing::GeneratedSpans::kSpansPerTrace);
  }
  EXPECT_EQ(receiver->inbox().account().received, spans.size());
}

TEST_F(OtlpReceiverTest, GrpcAndHttpShareAPort) {
  const auto receiver = Started(clock_);
  const std::string request =
      testing::EncodedSpans(testing::GeneratedSpans::Spans(1)).OtlpProtobuf();
  testing::Http2Client grpc;
  const std::int32_t stream =
      grpc.Post("/opentelemetry.proto.collector.trace.v1.TraceService/Export",
                {{"content-type", "application/grpc"}, {"te", "trailers"}}, GrpcFrame(request));
  RawClient raw(receiver->ports()[0]);
  while (!grpc.answers[stream].is_closed) {
    raw.Send(grpc.TakeOutput());
    const std::string bytes = raw.Receive();
    ASSERT_FALSE(bytes.empty());
    ASSERT_TRUE(grpc.Receive(bytes));
  }
  EXPECT_EQ(grpc.answers[stream].headers["grpc-status"], "0");
  EXPECT_EQ(grpc.answers[stream].body, std::string(5, '\0'));

  RawClient http(receiver->ports()[0]);
  http.Send("GET /v1/traces HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(http.Receive(), StartsWith("HTTP/1.1 405"));
  EXPECT_EQ(receiver->inbox().account().received, testing::GeneratedSpans::kSpansPerTrace);
}

TEST_F(OtlpReceiverTest, TheFirstBytesMayComeOneByOne) {
  const auto receiver = Started(clock_);
  RawClient client(receiver->ports()[0]);
  for (const char byte : std::string("PUT / HTTP/1.1\r\nHost: h\r\n\r\n")) {
    client.Send(std::string(1, byte));
  }
  EXPECT_THAT(client.Receive(), StartsWith("HTTP/1.1 404"));
}

TEST_F(OtlpReceiverTest, ARequestThatNeverEndsIsEnded) {
  const auto receiver = Started(
      clock_, {.sockets = {.connections = {.request_timeout = std::chrono::milliseconds(50)}}});
  RawClient client(receiver->ports()[0]);
  client.Send("POST /v1/traces HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_EQ(client.Receive(), "");
}

TEST_F(OtlpReceiverTest, ConnectionsBeyondTheMostWaitForTheirTurn) {
  const auto receiver = Started(clock_, {.sockets = {.most_connections = 2}});
  const std::string get = "GET /v1/traces HTTP/1.1\r\nHost: h\r\n\r\n";
  auto first = std::make_unique<RawClient>(receiver->ports()[0]);
  RawClient second(receiver->ports()[0]);
  first->Send(get);
  EXPECT_THAT(first->Receive(), HasSubstr("405"));
  second.Send(get);
  EXPECT_THAT(second.Receive(), HasSubstr("405"));
  RawClient third(receiver->ports()[0]);
  third.Send(get);
  first.reset();
  EXPECT_THAT(third.Receive(), HasSubstr("405"));
}

TEST_F(OtlpReceiverTest, EndsWithConnectionsOpen) {
  auto receiver = Started(clock_);
  RawClient client(receiver->ports()[0]);
  client.Send("POST /v1/traces HTTP/1.1\r\n");
  receiver.reset();
  EXPECT_EQ(client.Receive(), "");
}

TEST_F(OtlpReceiverTest, AnAddressInUseIsNamed) {
  const auto receiver = Started(clock_);
  const std::string address = "127.0.0.1:" + std::to_string(receiver->ports()[0]);
  const auto second = OtlpReceiver::Start({*ListenAddress::Parse(address)}, clock_, {});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()),
              HasSubstr("cannot listen on " + address + ": Address already in use"));
}

}  // namespace
}  // namespace trimtab
