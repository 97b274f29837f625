#include "trimtab/server/otlp_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <protozero/pbf_reader.hpp>

#include "absl/strings/escaping.h"
#include "trimtab/server/otlp_answer.h"
#include "trimtab/server/testing/gzip_text.h"
#include "trimtab/server/testing/set_clock.h"
#include "trimtab/tracing/testing/encoded_spans.h"
#include "trimtab/tracing/testing/generated_spans.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kGrpcMethod = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

const std::string& Header(const ServedAnswer& answer, const std::string& name) {
  static const std::string kNone = "(none)";
  for (const auto* fields : {&answer.headers, &answer.trailers}) {
    for (const auto& [known, value] : *fields) {
      if (known == name) return value;
    }
  }
  return kNone;
}

class OtlpServiceTest : public ::testing::Test {
 protected:
  ServedAnswer Post(std::string type, std::string body, std::vector<ServedHeader> more = {}) {
    ServedRequest request = {.method = "POST",
                             .path = "/v1/traces",
                             .headers = std::move(more),
                             .body = std::move(body)};
    request.headers.emplace_back("content-type", std::move(type));
    return service_.Answer(std::move(request)).answer;
  }
  ServedAnswer Call(std::string body, std::vector<ServedHeader> more = {},
                    const char* method = kGrpcMethod) {
    more.emplace_back("content-type", "application/grpc");
    return service_
        .Answer(
            {.method = "POST", .path = method, .headers = std::move(more), .body = std::move(body)})
        .answer;
  }
  std::vector<Span> spans_ = testing::GeneratedSpans::Spans(1);
  std::string protobuf_ = testing::EncodedSpans(spans_).OtlpProtobuf();
  std::string json_ = testing::EncodedSpans(spans_).OtlpJson();
  testing::SetClock clock_;
  SpanInbox inbox_{{.memory_bound = Bytes(12 * 728)}};
  OtlpService service_{inbox_, clock_, {.largest_body = 100'000}};
};

TEST_F(OtlpServiceTest, TakesBothEncodingsAndAnswersInTheSame) {
  const ServedAnswer protobuf = Post("application/x-protobuf", protobuf_);
  EXPECT_EQ(protobuf.status, 200);
  EXPECT_EQ(protobuf.body, "");
  EXPECT_EQ(Header(protobuf, "content-type"), "application/x-protobuf");
  const ServedAnswer json = Post("Application/JSON; charset=utf-8", json_);
  EXPECT_EQ(json.status, 200);
  EXPECT_EQ(json.body, R"({"partialSuccess":{}})");
  EXPECT_EQ(Header(json, "content-type"), "application/json");
  EXPECT_EQ(inbox_.account().received, 2 * spans_.size());
}

TEST_F(OtlpServiceTest, TakesGzipAndEmptyBodies) {
  EXPECT_EQ(
      Post("application/x-protobuf", testing::GzipText(protobuf_), {{"content-encoding", "gzip"}})
          .status,
      200);
  EXPECT_EQ(inbox_.account().received, spans_.size());
  EXPECT_EQ(Post("application/x-protobuf", "").status, 200);
  EXPECT_EQ(Post("application/json", "").status, 200);
  EXPECT_EQ(Post("application/json", "", {{"content-encoding", "gzip"}}).status, 200);
}

TEST_F(OtlpServiceTest, WhatIsNoRequestIsAnsweredWithAStatus) {
  const ServedAnswer json = Post("application/json", "garbage");
  EXPECT_EQ(json.status, 400);
  EXPECT_THAT(json.body, StartsWith(R"({"code":3,"message":")"));
  const ServedAnswer protobuf = Post("application/x-protobuf", "garbage");
  EXPECT_EQ(protobuf.status, 400);
  protozero::pbf_reader status(protobuf.body);
  ASSERT_TRUE(status.next(1));
  EXPECT_EQ(status.get_int32(), 3);
  ASSERT_TRUE(status.next(2));
  EXPECT_THAT(status.get_string(), HasSubstr("7 bytes are no ExportTraceServiceRequest"));
  EXPECT_EQ(Post("application/json", "plain", {{"content-encoding", "gzip"}}).status, 400);
  EXPECT_EQ(inbox_.account().bad_requests, 2);
}

TEST_F(OtlpServiceTest, OtherPathsMethodsAndTypesHaveTheirOwnStatus) {
  EXPECT_EQ(service_.Answer({.method = "POST", .path = "/v1/metrics"}).answer.status, 404);
  const ServedAnswer get = service_.Answer({.method = "GET", .path = "/v1/traces"}).answer;
  EXPECT_EQ(get.status, 405);
  EXPECT_EQ(Header(get, "allow"), "POST");
  EXPECT_EQ(Post("text/plain", "x").status, 415);
  EXPECT_EQ(Post("application/json", "{}", {{"content-encoding", "br"}}).status, 415);
}

TEST_F(OtlpServiceTest, TheBoundHoldsBeforeAndAfterDecompression) {
  EXPECT_EQ(service_
                .Answer({.method = "POST",
                         .path = "/v1/traces",
                         .headers = {{"content-type", "application/json"}},
                         .is_too_large = true})
                .answer.status,
            413);
  EXPECT_EQ(Post("application/json", testing::GzipText(std::string(200'000, ' ')),
                 {{"content-encoding", "gzip"}})
                .status,
            413);
}

TEST_F(OtlpServiceTest, LossIsTold) {
  spans_.resize(3);
  spans_[1].id = 0;
  spans_[2].duration = -std::chrono::microseconds(5);
  const ServedAnswer json = Post("application/json", testing::EncodedSpans(spans_).OtlpJson());
  EXPECT_EQ(json.status, 200);
  EXPECT_EQ(json.body,
            R"({"partialSuccess":{"rejectedSpans":"2","errorMessage":"1: a span whose span id is )"
            R"(not 8 bytes or is zero; 1: a span whose end is missing or before its start"}})");
  const ServedAnswer protobuf =
      Post("application/x-protobuf", testing::EncodedSpans(spans_).OtlpProtobuf());
  protozero::pbf_reader response(protobuf.body);
  ASSERT_TRUE(response.next(1));
  protozero::pbf_reader partial = response.get_message();
  ASSERT_TRUE(partial.next(1));
  EXPECT_EQ(partial.get_int64(), 2);
  ASSERT_TRUE(partial.next(2));
  EXPECT_THAT(partial.get_string(), HasSubstr("; 1: a span whose end"));
}

// 12 chunks of 15 spans: 10 traces fill more than three quarters.
TEST_F(OtlpServiceTest, PressureIsToldWithATimeToComeBack) {
  std::vector<Span> lone;
  for (const Span& span : testing::GeneratedSpans::Spans(10)) {
    if (span.parent == 0) lone.push_back(span);
  }
  ASSERT_EQ(Post("application/x-protobuf", testing::EncodedSpans(lone).OtlpProtobuf()).status, 200);
  const ServedAnswer http = Post("application/json", json_);
  EXPECT_EQ(http.status, 503);
  EXPECT_EQ(Header(http, "retry-after"), "2");
  EXPECT_THAT(http.body, StartsWith(R"({"code":14,)"));

  const ServedAnswer grpc = Call(GrpcFrame(protobuf_));
  EXPECT_EQ(grpc.status, 200);
  EXPECT_EQ(Header(grpc, "grpc-status"), "14");
  std::string details;
  ASSERT_TRUE(absl::Base64Unescape(Header(grpc, "grpc-status-details-bin"), &details));
  protozero::pbf_reader status(details);
  ASSERT_TRUE(status.next(3));
  protozero::pbf_reader any = status.get_message();
  ASSERT_TRUE(any.next(1));
  EXPECT_EQ(any.get_string(), "type.googleapis.com/google.rpc.RetryInfo");
  ASSERT_TRUE(any.next(2));
  protozero::pbf_reader info = any.get_message();
  ASSERT_TRUE(info.next(1));
  protozero::pbf_reader delay = info.get_message();
  ASSERT_TRUE(delay.next(1));
  EXPECT_EQ(delay.get_int64(), 2);

  // Once the traces have settled there is room again.
  clock_.Advance(std::chrono::seconds(11));
  ASSERT_TRUE(inbox_.Read(clock_.Now(), [](const Span&) {}).ok());
  EXPECT_EQ(Post("application/json", json_).status, 200);
  EXPECT_EQ(inbox_.account().deferred_requests, 2);
}

TEST_F(OtlpServiceTest, GrpcTakesAMessage) {
  const ServedAnswer answer = Call(GrpcFrame(protobuf_));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(Header(answer, "grpc-status"), "0");
  EXPECT_EQ(answer.body, std::string(5, '\0'));
  EXPECT_EQ(inbox_.account().received, spans_.size());
}

TEST_F(OtlpServiceTest, GrpcTakesGzip) {
  std::string frame = GrpcFrame(testing::GzipText(protobuf_));
  frame[0] = 1;
  EXPECT_EQ(Header(Call(frame, {{"grpc-encoding", "gzip"}}), "grpc-status"), "0");
  EXPECT_EQ(inbox_.account().received, spans_.size());
  EXPECT_EQ(Header(Call(frame), "grpc-status"), "12");
}

TEST_F(OtlpServiceTest, GrpcSaysWhatIsWrong) {
  EXPECT_EQ(Header(Call(GrpcFrame("garbage")), "grpc-status"), "3");
  EXPECT_THAT(Header(Call(GrpcFrame("garbage")), "grpc-message"),
              HasSubstr("7 bytes are no ExportTraceServiceRequest"));
  EXPECT_EQ(Header(Call("abc"), "grpc-status"), "3");
  EXPECT_EQ(Header(Call(GrpcFrame("") + "more"), "grpc-status"), "3");
  EXPECT_EQ(Header(Call("", {}, "/grpc.health.v1.Health/Check"), "grpc-status"), "12");
  std::string bomb = GrpcFrame(testing::GzipText(std::string(200'000, ' ')));
  bomb[0] = 1;
  EXPECT_EQ(Header(Call(bomb, {{"grpc-encoding", "gzip"}}), "grpc-status"), "8");
}

TEST(GrpcMessageTest, OnlyPrintableAsciiStandsAsItIs) {
  EXPECT_EQ(GrpcMessage("100 % \xc3\xa9\n"), "100 %25 %C3%A9%0A");
}

}  // namespace
}  // namespace trimtab
