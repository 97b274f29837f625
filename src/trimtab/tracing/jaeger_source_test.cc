#include "trimtab/tracing/jaeger_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "trimtab/tracing/testing/fake_jaeger.h"

namespace trimtab {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr Instant kBegin{seconds(1'700'000'000)};

class JaegerSourceTest : public ::testing::TestWithParam<JaegerApi> {
 protected:
  JaegerSource Source(int limit = 64, JaegerSourceOptions options = {}) {
    return {JaegerQuery(jaeger_.Getter(), {.service = "front", .api = GetParam(), .limit = limit}),
            options, kBegin};
  }
  void AddSpan(std::uint64_t trace, std::uint64_t id, std::uint64_t parent, Duration after,
               const char* service = "front") {
    jaeger_.Add({.trace = {.high = 1, .low = trace},
                 .id = id,
                 .parent = parent,
                 .service = service,
                 .pod = "pod",
                 .operation = "GET",
                 .kind = SpanKind::kServer,
                 .start = kBegin + after,
                 .duration = milliseconds(5),
                 .argument_classes = {}});
  }
  // Traces of two spans, one every `every`.
  void AddTraces(std::uint64_t count, Duration every) {
    for (std::uint64_t trace = 1; trace <= count; ++trace) {
      const Duration after = every * static_cast<std::int64_t>(trace - 1);
      AddSpan(trace, 1, 0, after);
      AddSpan(trace, 2, 1, after + milliseconds(1), "cart");
    }
  }
  absl::Status Read(JaegerSource& source, Duration after) {
    return source.Read(kBegin + after, [this](const Span& span) { ++spans_[span.trace.low]; });
  }

  testing::FakeJaeger jaeger_;
  // Of the only trace, whose id /api/traces hashes.
  int SpansOfOne() const { return spans_.size() == 1 ? spans_.begin()->second : 0; }
  std::map<std::uint64_t, int> spans_;  // handed out, by trace
};

TEST_P(JaegerSourceTest, HalvesFullWindowsUntilNothingIsCutOff) {
  AddTraces(1'000, milliseconds(50));
  JaegerSource source = Source();
  ASSERT_TRUE(Read(source, seconds(60)).ok());
  EXPECT_EQ(spans_.size(), 1'000);
  for (const auto& [trace, spans] : spans_) EXPECT_EQ(spans, 2) << trace;
  // 50 s of 1,000 traces: pages below 64 are those of 50 s / 16 = 3.1 s and shorter; a tree with 16
  // leaves has 15 halved windows.
  EXPECT_EQ(source.counts().halved, 15);
  EXPECT_EQ(source.counts().requests, 31);
  EXPECT_EQ(source.counts().traces, 1'000);
}

TEST_P(JaegerSourceTest, HalvesWindowsWithTooManyBytes) {
  AddTraces(200, milliseconds(100));
  jaeger_.most_bytes = 40'000;
  JaegerSource source = Source(10'000);
  ASSERT_TRUE(Read(source, seconds(60)).ok());
  EXPECT_EQ(spans_.size(), 200);
  EXPECT_GT(source.counts().halved, 0);
}

TEST_P(JaegerSourceTest, MoreTracesAtOnceThanThePageHoldsAreAnError) {
  for (std::uint64_t trace = 1; trace <= 64; ++trace) AddSpan(trace, 1, 0, seconds(1));
  JaegerSource source = Source();
  const absl::Status status = Read(source, seconds(60));
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("64 traces of 'front' or more start within"));
  EXPECT_TRUE(spans_.empty());
}

TEST_P(JaegerSourceTest, WhatCameBeforeAnErrorStaysAndTheNextReadGoesOnBehindIt) {
  AddTraces(600, milliseconds(200));  // 120 s
  for (const auto& answer : std::vector<absl::StatusOr<HttpResponse>>{
           HttpResponse{.status = 500, .body = "{}"}, HttpResponse{.status = 200, .body = "<html>"},
           absl::DeadlineExceededError("slow"), absl::UnavailableError("refused")}) {
    jaeger_.targets.clear();
    spans_.clear();
    JaegerSource source = Source(1'000);
    ASSERT_TRUE(Read(source, seconds(70)).ok());
    EXPECT_EQ(spans_.size(), 300);
    jaeger_.instead = {answer};
    EXPECT_FALSE(Read(source, seconds(130)).ok());
    EXPECT_EQ(spans_.size(), 300);
    ASSERT_TRUE(Read(source, seconds(131)).ok());
    EXPECT_EQ(spans_.size(), 600);
    for (const auto& [trace, spans] : spans_) EXPECT_EQ(spans, 2) << trace;
  }
}

TEST_P(JaegerSourceTest, AServiceThatJaegerDoesNotKnowIsNotAServiceWithoutTraffic) {
  AddSpan(1, 1, 0, seconds(1), "cart");
  JaegerSource source = Source();
  const absl::Status unknown = Read(source, seconds(60));
  EXPECT_EQ(unknown.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(unknown.message(), "Jaeger knows no service 'front'; it knows 1: cart");
  AddSpan(2, 1, 0, seconds(1'000));
  EXPECT_TRUE(Read(source, seconds(120)).ok());
  EXPECT_TRUE(spans_.empty());
}

TEST_P(JaegerSourceTest, ATraceWithoutItsRootIsWaitedFor) {
  AddSpan(1, 2, 1, seconds(1));
  AddSpan(1, 3, 1, seconds(1));
  JaegerSource source = Source();
  ASSERT_TRUE(Read(source, seconds(20)).ok());
  EXPECT_TRUE(spans_.empty());
  AddSpan(1, 1, 0, seconds(1));
  ASSERT_TRUE(Read(source, seconds(25)).ok());
  EXPECT_EQ(SpansOfOne(), 3);
  EXPECT_EQ(source.counts().unfinished, 0);
}

TEST_P(JaegerSourceTest, ATraceThatStaysWithoutItsRootIsHandedOutAndCounted) {
  AddSpan(1, 2, 1, seconds(1));
  AddSpan(1, 3, 1, seconds(1));
  JaegerSource source = Source();
  ASSERT_TRUE(Read(source, seconds(20)).ok());
  ASSERT_TRUE(Read(source, seconds(40)).ok());
  EXPECT_EQ(SpansOfOne(), 2);
  EXPECT_EQ(source.counts().unfinished, 1);
  EXPECT_THAT(source.unfinished_ages(), ::testing::ElementsAre(seconds(39)));  // from 1 s to 40 s
  AddSpan(1, 1, 0, seconds(31));
  ASSERT_TRUE(Read(source, seconds(50)).ok());
  EXPECT_TRUE(source.unfinished_ages().empty());
  EXPECT_EQ(SpansOfOne(), 2);
  EXPECT_EQ(source.counts().repeated, 1);
  EXPECT_EQ(source.counts().late_spans, 1);
}

TEST_P(JaegerSourceTest, ATraceThatJaegerHasLostIsNotWaitedFor) {
  AddSpan(1, 2, 1, seconds(1));
  AddSpan(1, 3, 1, seconds(1));
  AddSpan(2, 1, 0, seconds(12));
  JaegerSource source = Source();
  ASSERT_TRUE(Read(source, seconds(20)).ok());
  jaeger_.Remove({.high = 1, .low = 1});
  ASSERT_TRUE(Read(source, seconds(30)).ok());
  ASSERT_TRUE(Read(source, seconds(40)).ok());
  // The last question is again about the new time alone: from 20 s, 30 s less the settle delay.
  if (GetParam() == JaegerApi::kV1) {
    EXPECT_THAT(jaeger_.targets.back(), HasSubstr("start=1700000020000000&"));
  }
}

TEST_P(JaegerSourceTest, AReadThatTakesTooManyRequestsEnds) {
  AddTraces(1'000, milliseconds(50));
  JaegerSource source = Source(64, {.most_requests = 8});
  const absl::Status status = Read(source, seconds(60));
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("more than 8 requests"));
  // Each further Read() gets on, until all have been handed out once.
  for (int read = 0; read < 20 && spans_.size() < 1'000; ++read) (void)Read(source, seconds(60));
  EXPECT_EQ(spans_.size(), 1'000);
}

INSTANTIATE_TEST_SUITE_P(Both, JaegerSourceTest, ::testing::Values(JaegerApi::kV1, JaegerApi::kV3));

}  // namespace
}  // namespace trimtab
