// Against a real Jaeger, to which OTLP was sent.
#include "tests/servers/jaeger_server.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/servers/eventually.h"
#include "tests/servers/programs.h"
#include "trimtab/http/http_client.h"
#include "trimtab/tracing/jaeger_source.h"
#include "trimtab/tracing/testing/analysis_summary.h"
#include "trimtab/tracing/testing/encoded_spans.h"
#include "trimtab/tracing/testing/generated_spans.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

constexpr int kTraces = 300;

class JaegerServerTest : public ::testing::TestWithParam<JaegerApi> {
 protected:
  void SetUp() override {
    servers::RequirePrograms({"jaeger"});
    if (IsSkipped() || HasFatalFailure()) return;
    // Its queue holds 2,000 spans by default and loses the others without a word.
    auto server = servers::JaegerServer::Start({.flags = {"--collector.queue-size=100000"}});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    auto client = HttpClient::Create({});
    ASSERT_TRUE(client.ok()) << client.status();
    client_ = *std::move(client);
  }

  // A hundred traces a request; returns once Jaeger has the last of them.
  void Send() {
    for (std::size_t at = 0; at < spans_.size(); at += 100 * kSpansPerTrace) {
      const std::size_t size = std::min<std::size_t>(100 * kSpansPerTrace, spans_.size() - at);
      const testing::EncodedSpans encoded(std::span<const Span>(spans_).subspan(at, size));
      const auto response = client_->Send({.method = "POST",
                                           .url = server_->otlp_http_url() + "/v1/traces",
                                           .headers = {{"Content-Type", "application/x-protobuf"}},
                                           .body = encoded.OtlpProtobuf()});
      ASSERT_TRUE(response.ok()) << response.status();
      ASSERT_EQ(response->status, 200);
    }
    ASSERT_TRUE(servers::Eventually([this] {
      std::size_t spans = 0;
      auto source = Source("frontend", kTraces + 1);
      (void)source.Read(end_, [&spans](const Span&) { ++spans; });
      return spans == spans_.size();
    }));
  }

  JaegerSource Source(std::string service, int limit) {
    const JaegerGet get = [this](const std::string& target) {
      return client_->Send({.url = server_->query_url() + target});
    };
    return {JaegerQuery(get, {.service = std::move(service), .api = GetParam(), .limit = limit}),
            {},
            spans_.front().start - std::chrono::minutes(1)};
  }

  static constexpr int kSpansPerTrace = testing::GeneratedSpans::kSpansPerTrace;
  std::vector<Span> spans_ = testing::GeneratedSpans::Spans(kTraces);
  Instant end_ = spans_.back().start + std::chrono::minutes(1);
  std::unique_ptr<servers::JaegerServer> server_;
  std::unique_ptr<HttpClient> client_;
};

TEST_P(JaegerServerTest, GivesTheCallGraphsAndOwnLatenciesOfTheSpansThatWereSent) {
  Send();
  NameTable names;
  TraceAnalysis from_jaeger(names);
  TraceAnalysis from_spans(names);
  const auto add = [&names](TraceAnalysis& analysis, const Span& span) {
    const TracedSpan traced = Interned(span, names);
    analysis.Accept({&traced, 1});
  };
  for (const Span& span : spans_) add(from_spans, span);
  JaegerSource source = Source("frontend", 1'000);
  const absl::Status read = source.Read(end_, [&](const Span& span) { add(from_jaeger, span); });
  ASSERT_TRUE(read.ok()) << read;
  from_jaeger.Finish();
  from_spans.Finish();
  EXPECT_EQ(testing::SummaryOf(from_jaeger), testing::SummaryOf(from_spans));
  EXPECT_EQ(source.account().refused, 0);
  EXPECT_EQ(source.account().unfinished, 0);
}

TEST_P(JaegerServerTest, ALimitBelowWhatThereIsLosesNothing) {
  Send();
  JaegerSource source = Source("productcatalogservice3", 40);
  std::map<TraceId, int> traces;
  const absl::Status read =
      source.Read(end_, [&traces](const Span& span) { ++traces[span.trace]; });
  ASSERT_TRUE(read.ok()) << read;
  EXPECT_EQ(traces.size(), kTraces);
  for (const auto& [trace, spans] : traces) EXPECT_EQ(spans, kSpansPerTrace);
  EXPECT_GE(source.counts().halved, 7);  // 300 traces are at least eight pages below 40
}

TEST_P(JaegerServerTest, NoTrafficIsToldFromNoServiceAndFromNoJaeger) {
  JaegerSource nothing = Source("frontend", 100);
  const auto ignore = [](const Span&) {};
  EXPECT_EQ(nothing.Read(end_, ignore).code(), absl::StatusCode::kNotFound);
  Send();
  JaegerSource unknown = Source("nobody", 100);
  const absl::Status not_found = unknown.Read(end_, ignore);
  EXPECT_EQ(not_found.code(), absl::StatusCode::kNotFound) << not_found;
  EXPECT_THAT(std::string(not_found.message()), HasSubstr("it knows"));
  EXPECT_THAT(std::string(not_found.message()), HasSubstr("frontend"));

  JaegerSource quiet = Source("frontend", 100);
  EXPECT_TRUE(quiet.Read(spans_.front().start - std::chrono::seconds(30), ignore).ok());
  server_->Kill();
  EXPECT_EQ(quiet.Read(end_, ignore).code(), absl::StatusCode::kUnavailable);
}

INSTANTIATE_TEST_SUITE_P(Both, JaegerServerTest, ::testing::Values(JaegerApi::kV1, JaegerApi::kV3));

}  // namespace
}  // namespace trimtab
