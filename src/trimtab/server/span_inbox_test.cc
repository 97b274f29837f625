#include "trimtab/server/span_inbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "trimtab/tracing/testing/encoded_spans.h"
#include "trimtab/tracing/testing/generated_spans.h"

namespace trimtab {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Instant kBegin{seconds(1'700'000'000)};

Span Made(std::uint64_t trace, std::uint64_t id, std::uint64_t parent, Duration start = {}) {
  return {.trace = {.high = 1, .low = trace},
          .id = id,
          .parent = parent,
          .service = "front",
          .pod = "front-1",
          .operation = "GET",
          .kind = SpanKind::kServer,
          .start = kBegin + start,
          .duration = milliseconds(20),
          .argument_classes = {}};
}

class SpanInboxTest : public ::testing::Test {
 protected:
  SpanInbox::Receipt Take(const std::vector<Span>& spans, Duration after) {
    return inbox_.Take(testing::EncodedSpans(spans).OtlpProtobuf(), SpanInbox::Encoding::kProtobuf,
                       kBegin + after);
  }
  // Ids of the spans that are handed out, by trace, in their order.
  std::map<std::uint64_t, std::vector<std::uint64_t>> Read(Duration after) {
    std::map<std::uint64_t, std::vector<std::uint64_t>> read;
    EXPECT_TRUE(inbox_
                    .Read(kBegin + after,
                          [&](const Span& span) { read[span.trace.low].push_back(span.id); })
                    .ok());
    return read;
  }
  SpanInbox inbox_{{.settle_delay = seconds(10),
                    .longest_trace = seconds(60),
                    .most_spans = 50,
                    .memory_bound = Bytes(100 * 728)}};
};

TEST_F(SpanInboxTest, ATraceOfManyRequestsComesWholeOnceItHasSettled) {
  Take({Made(7, 1, 0)}, seconds(0));
  Take({Made(8, 1, 0), Made(7, 3, 2)}, seconds(4));
  Take({Made(7, 2, 1)}, seconds(6));
  EXPECT_TRUE(Read(seconds(13)).empty());
  EXPECT_THAT(Read(seconds(14)), ElementsAre(std::pair(8, std::vector<std::uint64_t>{1})));
  EXPECT_THAT(Read(seconds(16)), ElementsAre(std::pair(7, std::vector<std::uint64_t>{3, 2, 1})));
  EXPECT_TRUE(Read(seconds(30)).empty());
  EXPECT_EQ(inbox_.account().traces, 2);
  EXPECT_EQ(inbox_.account().handed_out, 4);
}

TEST_F(SpanInboxTest, WhatHasNotSettledCanBeReadAtTheEnd) {
  Take({Made(7, 1, 0)}, seconds(0));
  int spans = 0;
  inbox_.ReadRest(kBegin + seconds(1), [&spans](const Span&) { ++spans; });
  EXPECT_EQ(spans, 1);
  EXPECT_EQ(inbox_.open_traces(), 0);
}

TEST_F(SpanInboxTest, LateSpansAreCountedAndTold) {
  Take({Made(7, 1, 0)}, seconds(0));
  Read(seconds(10));
  const auto receipt = Take({Made(7, 2, 1), Made(9, 1, 0)}, seconds(11));
  EXPECT_TRUE(receipt.status.ok());
  EXPECT_EQ(receipt.accepted, 1);
  EXPECT_EQ(receipt.lost, 1);
  EXPECT_EQ(receipt.reasons, "1: a span that came after its trace was closed");
  EXPECT_EQ(inbox_.account().late, 1);
}

TEST_F(SpanInboxTest, ATraceIdThatNeverChangesCannotFillTheMemory) {
  std::uint64_t lost = 0;
  for (std::uint64_t i = 0; i < 200; ++i) {
    lost += Take({Made(7, i + 1, i)}, milliseconds(500) * static_cast<int>(i)).lost;
  }
  // 50 are kept of the first 60 s, i = 0 to 120, and 71 dropped; the other 79 are late.
  EXPECT_EQ(lost, 150);
  EXPECT_EQ(inbox_.account().dropped, 71);
  EXPECT_EQ(inbox_.account().late, 79);
  EXPECT_EQ(inbox_.account().received, 200);
}

// 100 chunks: 76 traces of one span are more than three quarters.
TEST_F(SpanInboxTest, PressureComesBeforeLossAndGoesWithTheTraces) {
  std::uint64_t trace = 0;
  for (; trace < 76; ++trace) ASSERT_TRUE(Take({Made(trace + 1, 1, 0)}, seconds(0)).status.ok());
  const auto refused = Take({Made(1'000, 1, 0)}, seconds(1));
  EXPECT_EQ(refused.status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(refused.status.message()),
              HasSubstr("55328 bytes of spans wait, of 72800"));
  EXPECT_EQ(inbox_.account().dropped, 0);
  EXPECT_EQ(inbox_.account().deferred_requests, 1);
  EXPECT_EQ(Read(seconds(10)).size(), 76);
  EXPECT_TRUE(Take({Made(1'000, 1, 0)}, seconds(11)).status.ok());
}

TEST_F(SpanInboxTest, ARequestThatIsLargerThanAllRoomLosesItsEndAndSaysSo) {
  std::vector<Span> spans;
  for (std::uint64_t trace = 1; trace <= 130; ++trace) spans.push_back(Made(trace, 1, 0));
  const auto receipt = Take(spans, seconds(0));
  EXPECT_EQ(receipt.accepted, 100);
  EXPECT_EQ(receipt.lost, 30);
  EXPECT_EQ(receipt.reasons, "30: a span for which there is no room");
  EXPECT_EQ(inbox_.account().dropped, 30);
  EXPECT_EQ(Read(seconds(10)).size(), 100);
}

TEST_F(SpanInboxTest, TracesWithoutTheirRootAreCountedWithTheAgeTheyHaveReached) {
  Take({Made(7, 1, 0), Made(7, 2, 1)}, seconds(0));
  Take({Made(8, 3, 2, seconds(-3)), Made(8, 4, 2)}, seconds(0));
  EXPECT_EQ(Read(seconds(10)).size(), 2);
  EXPECT_EQ(inbox_.account().unfinished, 1);
  // Begun 3 s before, and not ended 10 s after.
  EXPECT_THAT(inbox_.unfinished_ages(), ElementsAre(seconds(13)));
  Read(seconds(11));
  EXPECT_TRUE(inbox_.unfinished_ages().empty());
}

TEST_F(SpanInboxTest, TracesBelowAnEntryThatIsNeverTracedAreWhole) {
  Take({Made(7, 2, 1), Made(7, 3, 2)}, seconds(0));
  Read(seconds(10));
  EXPECT_EQ(inbox_.account().unfinished, 0);
  Take({Made(8, 1, 0)}, seconds(11));
  Take({Made(9, 2, 1)}, seconds(12));
  Read(seconds(30));
  EXPECT_EQ(inbox_.account().unfinished, 1);
}

TEST_F(SpanInboxTest, RefusedSpansAreCountedByReason) {
  Take({Made(7, 0, 0), Made(7, 1, 0)}, seconds(0));
  Take({Made(0, 1, 0), Made(8, 0, 0)}, seconds(0));
  EXPECT_EQ(inbox_.account().refused, 2);
  EXPECT_THAT(inbox_.refused_by_reason(),
              ElementsAre(std::pair(std::string(ToString(OtlpFault::kSpanId)), 2)));
}

TEST_F(SpanInboxTest, ARequestThatIsNoneTakesNothing) {
  const std::string half =
      testing::EncodedSpans(testing::GeneratedSpans::Spans(1)).OtlpProtobuf().substr(0, 3'001);
  const auto receipt = inbox_.Take(half, SpanInbox::Encoding::kProtobuf, kBegin);
  EXPECT_EQ(receipt.status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(inbox_.open_traces(), 0);
  EXPECT_EQ(inbox_.account().bad_requests, 1);
  EXPECT_TRUE(Read(seconds(20)).empty());
}

}  // namespace
}  // namespace trimtab
